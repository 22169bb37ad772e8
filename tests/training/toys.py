"""A toy generator of random weights and people of one colour each: nothing to draw, nothing to train."""

from pathlib import Path

import numpy as np
import torch

from tests.training.generators.test_toy import untrained
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder
from training.generators.toy.generator import save_generator
from training.generators.toy.pool import COURSES, FRAMES, HEIGHT, REFERENCES, WIDTH
from training.generators.toy.release import FIRST, Setting, write_toy_release

PEOPLE = 16
TINY_POLICY = """\
updates = 2
evaluate_every = 1
[sampler]
steps = 3
shift = 5.0
guidance_text = 1.0
[groups]
groups = 2
members = 4
[window]
size = 1
[objective]
clip = 2e-5
kl = 0.0
ratio = "normalised"
[optimiser]
learning_rate = 1e-3
rank = 0
step_after = "window"
[guards]
motion_least = 0.0
motion_most = 0.0
sharpness_least = 0.0
sharpness_most = 0.0
diversity_least = 0.0
copying_most = 0.0
"""


def make_toy(folder: Path) -> Path:
    """Write a folder as `python -m training.generators.toy` does, with PEOPLE people for a release."""
    (folder / "pool").mkdir(parents=True)
    save_generator(folder / "base.pt", untrained())
    torch.manual_seed(1)
    for name, kind in (("reward", RewardEncoder), ("judge", JudgeEncoder)):
        torch.save(kind().state_dict(), folder / f"{name}.pt")
    colours = np.random.default_rng(0).integers(0, 256, (PEOPLE, 1, 1, 1, 1, 3), dtype=np.uint8)
    solid = np.broadcast_to(colours, (PEOPLE, COURSES, FRAMES, HEIGHT, WIDTH, 3))
    np.savez(
        folder / "pool" / f"people-{FIRST:05d}.npz",
        people=np.arange(FIRST, FIRST + PEOPLE),
        courses=np.concatenate([solid, np.full_like(solid[..., :1], 255)], axis=-1),
        references=np.broadcast_to(colours[:, 0], (PEOPLE, REFERENCES, HEIGHT, WIDTH, 3)),
    )
    return folder


def make_release(toy: Path, target: Path) -> Path:
    write_toy_release(toy, target, Setting(people=PEOPLE, splits="50/25/25"))
    return target
