"""The table of policies: anchors, swaps, wins."""

import numpy as np
import torch

from tests.training.generators.test_toy import untrained
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder
from training.generators.toy.pool import COURSES, FRAMES, HEIGHT, REFERENCES, WIDTH, Pool
from training.generators.toy.task import draw_prompts
from training.generators.toy.world import draw_scenes_of
from training.grpo.config import Sampler
from training.grpo.toy_comparison import SEEDS, Comparison, contact_sheet, measure, sample, table, wins


def strangers(count: int = 4) -> Pool:
    """People of one colour each: enough to tell apart, nothing to draw."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (count, 1, 1, 1, 1, 3), dtype=np.uint8)
    solid = np.broadcast_to(colours, (count, COURSES, FRAMES, HEIGHT, WIDTH, 3))
    courses = np.concatenate([solid, np.full_like(solid[..., :1], 255)], axis=-1)
    references = np.broadcast_to(colours[:, 0], (count, REFERENCES, HEIGHT, WIDTH, 3)).copy()
    return Pool(np.arange(count), courses, references)


def test_the_people_asked_for_score_above_others():
    torch.manual_seed(0)
    judge, reward = JudgeEncoder().eval(), RewardEncoder().eval()
    pool = strangers()
    prompts = draw_prompts(pool, 6, seed=0)
    numbers = np.array([[int(n) for n in prompt.id.split(":")[1].split("-")] for prompt in prompts])
    asked = np.repeat(numbers, SEEDS, axis=0)
    right = torch.from_numpy(draw_scenes_of(pool, asked, np.random.default_rng(0)).frames)
    crossed = torch.from_numpy(draw_scenes_of(pool, asked[:, ::-1], np.random.default_rng(0)).frames)
    held = {"right": right, "crossed": crossed, "nobody": torch.randint(0, 256, right.shape).to(torch.uint8)}
    cells = {name: measure(frames, prompts, judge, reward) for name, frames in held.items()}
    assert cells["right"].similarity > cells["nobody"].similarity
    assert cells["right"].swaps == 0
    assert cells["crossed"].swaps == 1
    won, tied, lost = wins(right, held["nobody"], prompts, judge)
    assert won > lost
    assert won + tied + lost == 6 * SEEDS
    assert wins(right, right, prompts, judge) == (0, 6 * SEEDS, 0)
    assert table(cells).count("\n") == 4
    sheet = contact_sheet(Comparison(cells, held, prompts), list(held), rows=2, scale=1)
    assert sheet.shape == (2 * HEIGHT, 4 * WIDTH + 3 * (3 + 4 * WIDTH), 3)


def test_every_policy_starts_from_the_same_noise():
    prompts = draw_prompts(strangers(), 2, seed=0)
    sampler = Sampler(steps=2, shift=5.0, guidance_text=1.0)
    first, again, other = (sample(untrained(seed=seed), prompts, sampler) for seed in (0, 0, 1))
    assert first.shape == (2 * SEEDS, FRAMES, HEIGHT, 2 * WIDTH, 3)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
