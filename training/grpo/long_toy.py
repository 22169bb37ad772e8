"""Identity against time in long clips of the toy generator: windows with references as anchors, or without.

    python -m training.grpo.long_toy TOY --out OUT [--run RUN] [--seconds 60] [--clips 12] [--guidance 2.5]

TOY is a folder of python -m training.generators.toy; a second is 6 frames. Three ways to go on from a window:

    anchored     each window is told the references
    continued    each window is told the faces that the end of the window before showed
    untold       references in the first window, afterwards the overlap alone

Measured by the judge's encoder on people of the test split, second by second; peak memory at the end of each.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.generators.long import long_clips
from training.generators.protocol import Conditions, Prompt
from training.generators.toy.encoders import JudgeEncoder, load_encoder
from training.generators.toy.generator import ToyGenerator, load_generator
from training.generators.toy.judging import assigned_similarity, similarities
from training.generators.toy.pool import FRAMES, WIDTH, load_pool
from training.generators.toy.task import draw_prompts, references_of_prompts
from training.generators.toy.train import SPLITS, base_path
from training.grpo.config import Sampler, read_config
from training.grpo.train import load_policy

WAYS = ("anchored", "continued", "untold")
_NEW = 4  # frames that a window adds past an overlap of one slot


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("toy", type=Path)
    parser.add_argument("--run", type=Path, help="a tuned policy instead of the base")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=2.5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    generator = load_generator(base_path(given.toy))
    if given.run:
        load_policy(generator, read_config(given.run / "config.toml"), given.run)
    judge = load_encoder(given.toy / "judge.pt", JudgeEncoder)
    prompts = draw_prompts(load_pool(given.toy / "pool", SPLITS["test"]), given.clips, seed=5)
    sampler = Sampler(steps=10, shift=5.0, guidance_text=1.0, guidance_references=given.guidance)
    given.out.mkdir(parents=True, exist_ok=True)
    found: dict[str, object] = {}
    strips = []
    for way in WAYS:
        began = time.process_time()
        seconds, strip = measure(generator, judge, prompts, sampler, way, given.seconds)
        strips.append(strip)
        found[way] = {"similarity": seconds.mean(1).tolist(), "each": seconds.round(4).tolist()}
        marks = [s for s in (1, 5, 10, 20, 30, 45, 60) if s <= given.seconds]
        print(f"| {way} | " + " | ".join(f"{seconds[s - 1].mean():.3f}" for s in marks), end=" | ")
        print(f"{time.process_time() - began:.0f} s | {_peak():.0f} MB |", flush=True)
    (given.out / "long.json").write_text(json.dumps(found) + "\n")
    sheet = np.concatenate(strips, axis=0)
    Image.fromarray(sheet.repeat(3, axis=0).repeat(3, axis=1)).save(given.out / "long.png")


def measure(
    generator: ToyGenerator,
    judge: JudgeEncoder,
    prompts: Sequence[Prompt],
    sampler: Sampler,
    way: str,
    seconds: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return assigned similarity (seconds, clips), and a strip of the first three clips, a frame each five seconds."""
    windows = 1 + -(-(seconds * FRAMES - FRAMES) // _NEW)
    references, rest = references_of_prompts(prompts), None
    similar: list[np.ndarray] = []
    shown: list[np.ndarray] = []
    for frames in long_clips(
        generator, told(generator, prompts, way), range(len(prompts)), sampler, windows=windows
    ):
        rest = frames if rest is None else torch.cat([rest, frames], dim=1)
        while rest.shape[1] >= FRAMES and len(similar) < seconds:
            second, rest = rest[:, :FRAMES], rest[:, FRAMES:]
            similar.append(assigned_similarity(similarities(judge, second, references)).numpy())
            if len(similar) == 1 or len(similar) % 5 == 0:
                shown.append(np.concatenate(list(second[:3, 0].numpy()), axis=0))
    return np.stack(similar), np.concatenate(shown, axis=1)


def told(
    generator: ToyGenerator, prompts: Sequence[Prompt], way: str
) -> Callable[[int, Tensor | None], Conditions]:
    """Return what each window is told in one of `WAYS`."""
    first = generator.encode(prompts)

    def conditions_of(window: int, frames: Tensor | None) -> Conditions:
        generator.strength = 0.0 if way == "untold" and window else 0.8
        if way != "continued" or frames is None:
            return first
        ends = frames[:, -3:].numpy()
        halves = (ends[:, :, :, :WIDTH], ends[:, :, :, WIDTH:])
        shown = [tuple(tuple(half[place]) for half in halves) for place in range(len(prompts))]
        return generator.encode(
            [Prompt(prompt.id, "", people) for prompt, people in zip(prompts, shown, strict=True)]
        )

    return conditions_of


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
