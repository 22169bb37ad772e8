"""Compare tuned policies with their base on people whom neither training nor the choice of settings saw.

    python -m training.grpo.compare_toy FOLDER RUN... --out OUT

All four cells (base and tuned, without and with guidance), by the judge's encoder, with anchors: real
clips, coded clips, clips of other people, the base told nobody. The same prompts and seeds for everybody;
intervals are standard errors over prompts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.generators.protocol import Prompt
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder
from training.generators.toy.generator import ToyGenerator, load_generator
from training.generators.toy.judging import assigned_similarity, similarities, swapped
from training.generators.toy.pool import Pool, load_pool
from training.generators.toy.task import draw_prompts, references_of_prompts
from training.generators.toy.train import SPLITS, load_encoder
from training.generators.toy.world import draw_scenes_of
from training.grpo.config import Sampler, read_config
from training.grpo.guards import diversity, motion, sharpness
from training.grpo.plan import Row
from training.grpo.rollout import roll_out
from training.grpo.train import load_policy

SEEDS = 4  # clips of each prompt


@dataclass(frozen=True)
class Cell:
    """What was measured of one policy at one guidance."""

    similarity: float
    error: float
    swaps: float
    by_reward: float  # the same similarity by the encoder that was trained on
    motion: float
    sharpness: float
    diversity: float


@dataclass(frozen=True)
class Comparison:
    """Cells by name, and the clips they were measured on (prompts x seeds, 6, 32, 48, 3)."""

    cells: dict[str, Cell]
    frames: dict[str, Tensor]
    prompts: tuple[Prompt, ...]


def compare(
    folder: Path, runs: Mapping[str, Path], *, split: str = "test", prompts: int = 40, guidance: float = 2.5
) -> Comparison:
    """Measure base and runs; `runs` are run folders by name."""
    pool = load_pool(folder / "pool", SPLITS[split])
    asked = draw_prompts(pool, prompts, seed=3)
    encoders = (
        load_encoder(folder / "judge.pt", JudgeEncoder),
        load_encoder(folder / "reward.pt", RewardEncoder),
    )
    sampler = Sampler(steps=10, shift=5.0, guidance_text=1.0)
    frames = _anchors(folder, pool, asked)
    for name, run in {"base": None, **runs}.items():
        generator = load_generator(folder / "base.pt")
        if run is not None:
            load_policy(generator, read_config(run / "config.toml"), run)
        for scale in (1.0, guidance):
            label = f"{name}, guidance {scale:g}" if scale != 1 else name
            frames[label] = sample(generator, asked, replace(sampler, guidance_references=scale))
    nobody = load_generator(folder / "base.pt")
    nobody.strength = 0.0
    frames["base told nobody"] = sample(nobody, asked, sampler)
    return Comparison({name: measure(held, asked, *encoders) for name, held in frames.items()}, frames, asked)


def sample(generator: ToyGenerator, prompts: Sequence[Prompt], sampler: Sampler) -> Tensor:
    """Return SEEDS clips of each prompt, side by side: the same initial noise for every policy."""
    rows = tuple(
        Row(-1, place, seed, place, 1_000_003 * seed + place, 0)
        for place in range(len(prompts))
        for seed in range(SEEDS)
    )
    return roll_out(generator, generator.encode(prompts), rows, sampler, batch=20).frames


def measure(frames: Tensor, prompts: Sequence[Prompt], judge: JudgeEncoder, reward: RewardEncoder) -> Cell:
    """Measure clips, SEEDS a prompt; the error is the standard error over prompts."""
    references = references_of_prompts(prompts).repeat_interleave(SEEDS, 0)
    cosines = similarities(judge, frames, references)
    each = assigned_similarity(cosines).reshape(-1, SEEDS).mean(1)
    groups = [place for place in range(len(prompts)) for _ in range(SEEDS)]
    return Cell(
        similarity=each.mean().item(),
        error=each.std().item() / len(each) ** 0.5,
        swaps=swapped(cosines).float().mean().item(),
        by_reward=assigned_similarity(similarities(reward, frames, references)).mean().item(),
        motion=motion(frames).mean().item(),
        sharpness=sharpness(frames).mean().item(),
        diversity=diversity(frames, groups),
    )


def _anchors(folder: Path, pool: Pool, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
    """Real clips of the people asked for, the same after coding, and clips of others."""
    numbers = [[int(n) for n in prompt.id.split(":")[1].split("-")] for prompt in prompts]
    asked = np.searchsorted(pool.people, np.repeat(numbers, SEEDS, axis=0))
    real = torch.from_numpy(draw_scenes_of(pool, asked, np.random.default_rng(4)).frames)
    codec = load_generator(folder / "base.pt").codec
    return {
        "real clips": real,
        "coded clips": codec.decode(codec.encode(real)),
        "other people": real.roll(7 * SEEDS, 0),
    }


def table(cells: Mapping[str, Cell]) -> str:
    """Write the cells as Markdown."""
    lines = [
        "| | similarity (judge) | swaps | similarity (reward) | motion | sharpness | diversity |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {c.similarity:.3f} ± {c.error:.3f} | {c.swaps:.3f} | {c.by_reward:.3f} | {c.motion:.4f} | "
        f"{c.sharpness:.3f} | {c.diversity:.3f} |"
        for name, c in cells.items()
    ]
    return "\n".join(lines)


def wins(
    frames: Tensor, others: Tensor, prompts: Sequence[Prompt], judge: JudgeEncoder, margin: float = 0.02
) -> tuple[int, int, int]:
    """Count wins, ties (differences up to `margin`) and losses against other clips from the same seeds."""
    references = references_of_prompts(prompts).repeat_interleave(SEEDS, 0)
    a, b = (assigned_similarity(similarities(judge, held, references)) for held in (frames, others))
    return int((a > b + margin).sum()), int(((a - b).abs() <= margin).sum()), int((b > a + margin).sum())


def contact_sheet(
    comparison: Comparison, names: Sequence[str], *, rows: int = 8, scale: int = 4
) -> NDArray[np.uint8]:
    """Draw references, then for each name two frames of the first seed, a row a prompt."""
    drawn = []
    for place, prompt in enumerate(comparison.prompts[:rows]):
        line = [reference for person in prompt.references for reference in person[:2]]
        for name in names:
            clip = comparison.frames[name][place * SEEDS].numpy()
            line += [np.full((len(clip[0]), 3, 3), 255, np.uint8), clip[0], clip[-1]]
        drawn.append(np.concatenate(line, axis=1))
    sheet = np.concatenate(drawn, axis=0)
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)
