"""Compare tuned policies with the bases they came from, on people whom neither training nor the choice of settings saw.

Every policy is sampled without and with guidance, from the same prompts and the same noise; the judge's
encoder, which no reward ever saw, measures. Anchors say what the numbers can be: real clips, coded clips,
clips of other people, the base told nobody.

Gains are ratios of mean similarities, an absolute scale on which a person who is not there counts 0.
Intervals are bootstrapped over bases and, within each, over prompts (95 %, percentile): clips of one prompt
and policies of one base are not independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.generators.protocol import Prompt
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder, load_encoder
from training.generators.toy.generator import ToyGenerator, load_generator
from training.generators.toy.judging import assigned_similarity, similarities, swapped
from training.generators.toy.pool import Pool, load_pool
from training.generators.toy.task import draw_prompts, references_of_prompts
from training.generators.toy.train import SPLITS
from training.generators.toy.world import draw_scenes_of
from training.grpo.config import Sampler, read_config
from training.grpo.guards import diversity, motion, sharpness
from training.grpo.plan import Row
from training.grpo.rollout import roll_out
from training.grpo.train import load_policy

SEEDS = 4  # clips of each prompt
TIE = 0.02  # a smaller difference in similarity decides nothing
SAMPLER = Sampler(steps=10, shift=5.0, guidance_text=1.0)
_DRAWS = 2000


@dataclass(frozen=True)
class Tuned:
    """A run folder, the name that it shares with runs of other seeds, and the base that it started from."""

    name: str
    base: Path
    run: Path


@dataclass(frozen=True)
class Cell:
    """What was measured of one policy at one guidance.

    Attributes:
        each: (prompts, SEEDS) assigned similarity by the judge.
        by_reward: mean of the same by the encoder that was trained on.
    """

    each: NDArray[np.float64]
    swaps: float
    by_reward: float
    motion: float
    sharpness: float
    diversity: float

    @property
    def similarity(self) -> float:
        return float(self.each.mean())

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"each": np.round(self.each, 4).tolist(), "similarity": self.similarity}


@dataclass(frozen=True)
class Comparison:
    """Cells by base and label ("base", "grpo, guidance 2.5"), anchors apart, and the clips of the first base."""

    prompts: tuple[Prompt, ...]
    cells: dict[str, dict[str, Cell]]
    anchors: dict[str, Cell]
    frames: dict[str, Tensor]


def compare(
    folder: Path, tuned: Sequence[Tuned], bases: Sequence[Path], *, split: str = "test", prompts: int = 40,
    guidances: Sequence[float] = (1.0, 2.5),
) -> Comparison:  # fmt: skip
    """Measure bases and runs; `folder` holds the people and the two encoders."""
    pool = load_pool(folder / "pool", SPLITS[split])
    asked = draw_prompts(pool, prompts, seed=3)
    encoders = (
        load_encoder(folder / "judge.pt", JudgeEncoder),
        load_encoder(folder / "reward.pt", RewardEncoder),
    )
    shown = _anchors(bases[0], pool, asked)
    anchors = {name: measure(frames, asked, *encoders) for name, frames in shown.items()}
    cells: dict[str, dict[str, Cell]] = {}
    for base in bases:
        cells[base.stem] = {}
        for policy in (None, *(one for one in tuned if one.base == base)):
            generator = load_generator(base)
            if policy is not None:
                load_policy(generator, read_config(policy.run / "config.toml"), policy.run)
            for scale in guidances:
                label = label_of(policy.name if policy else "base", scale)
                frames = sample(generator, asked, replace(SAMPLER, guidance_references=scale))
                cells[base.stem][label] = measure(frames, asked, *encoders)
                if base == bases[0]:
                    shown[label] = frames
    return Comparison(asked, cells, anchors, shown)


def label_of(name: str, guidance: float) -> str:
    """Return how a policy at a guidance is called."""
    return name if guidance == 1 else f"{name}, guidance {guidance:g}"


def sample(generator: ToyGenerator, prompts: Sequence[Prompt], sampler: Sampler) -> Tensor:
    """Return SEEDS clips of each prompt, side by side: the same initial noise for every policy."""
    rows = tuple(
        Row(-1, place, seed, place, 1_000_003 * seed + place, 0)
        for place in range(len(prompts))
        for seed in range(SEEDS)
    )
    return roll_out(generator, generator.encode(prompts), rows, sampler, batch=20).frames


def measure(frames: Tensor, prompts: Sequence[Prompt], judge: JudgeEncoder, reward: RewardEncoder) -> Cell:
    """Measure clips, SEEDS a prompt."""
    references = references_of_prompts(prompts).repeat_interleave(SEEDS, 0)
    cosines = similarities(judge, frames, references)
    groups = [place for place in range(len(prompts)) for _ in range(SEEDS)]
    return Cell(
        each=assigned_similarity(cosines).reshape(-1, SEEDS).double().numpy(),
        swaps=swapped(cosines).float().mean().item(),
        by_reward=assigned_similarity(similarities(reward, frames, references)).mean().item(),
        motion=motion(frames).mean().item(),
        sharpness=sharpness(frames).mean().item(),
        diversity=diversity(frames, groups),
    )


def _anchors(base: Path, pool: Pool, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
    """Real clips of the people asked for, the same after coding, clips of others, the base told nobody."""
    numbers = [[int(n) for n in prompt.id.split(":")[1].split("-")] for prompt in prompts]
    asked = np.searchsorted(pool.people, np.repeat(numbers, SEEDS, axis=0))
    real = torch.from_numpy(draw_scenes_of(pool, asked, np.random.default_rng(4)).frames)
    nobody = load_generator(base)
    nobody.strength = 0.0
    return {
        "real clips": real,
        "coded clips": nobody.codec.decode(nobody.codec.encode(real)),
        "other people": real.roll(7 * SEEDS, 0),
        "base told nobody": sample(nobody, prompts, SAMPLER),
    }


@dataclass(frozen=True)
class Gain:
    """A policy against a base from the same noise, over all bases.

    Attributes:
        gain: mean similarity of the policy over that of the base, less 1; `low` to `high` is its interval.
        each: the gain on each base. wins, ties, losses: clips.
        diversity: share of the base's.
    """

    gain: float
    low: float
    high: float
    each: tuple[float, ...]
    wins: int
    ties: int
    losses: int
    diversity: float

    @property
    def win_share(self) -> float:
        """Share of decided comparisons that were won; NaN when none was decided."""
        return self.wins / (self.wins + self.losses) if self.wins + self.losses else float("nan")


def gain_of(cells: Mapping[str, Mapping[str, Cell]], label: str, against: str) -> Gain:
    """Compare two labels on every base that has both."""
    held = [(of[label], of[against]) for of in cells.values() if label in of and against in of]
    new, old = (np.stack([pair[k].each for pair in held]) for k in (0, 1))
    difference = new - old
    low, high = _interval(new.mean(2), old.mean(2))
    return Gain(
        gain=float(new.mean() / old.mean() - 1),
        low=low,
        high=high,
        each=tuple(float(a.mean() / b.mean() - 1) for a, b in zip(new, old, strict=True)),
        wins=int((difference > TIE).sum()),
        ties=int((np.abs(difference) <= TIE).sum()),
        losses=int((difference < -TIE).sum()),
        diversity=float(np.mean([a.diversity for a, _ in held]) / np.mean([b.diversity for _, b in held])),
    )


def _interval(new: NDArray, old: NDArray) -> tuple[float, float]:
    """Bootstrap the ratio of means, less 1: (bases, prompts) each, drawn in pairs, bases first."""
    rng = np.random.default_rng(0)
    bases, prompts = new.shape
    found = []
    for _ in range(_DRAWS):
        rows = rng.integers(bases, size=(bases, 1))
        columns = rng.integers(prompts, size=(bases, prompts))
        found.append(new[rows, columns].mean() / old[rows, columns].mean() - 1)
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def cells_table(comparison: Comparison) -> str:
    """Write every cell as Markdown, means over bases, the similarity of each base in brackets."""
    lines = [
        "| | similarity (judge) | on each base | swaps | similarity (reward) | motion | sharpness | diversity |",
        "|---|---|---|---|---|---|---|---|",
    ]
    labels = list(dict.fromkeys(label for of in comparison.cells.values() for label in of))
    rows = {name: [cell] for name, cell in comparison.anchors.items()}
    rows |= {label: [of[label] for of in comparison.cells.values() if label in of] for label in labels}
    for label, cells in rows.items():
        each = ", ".join(f"{cell.similarity:.3f}" for cell in cells) if len(cells) > 1 else ""
        means = [
            float(np.mean([getattr(cell, name) for cell in cells]))
            for name in ("similarity", "swaps", "by_reward", "motion", "sharpness", "diversity")
        ]
        lines.append(
            f"| {label} | {means[0]:.3f} | {each} | {means[1]:.3f} | {means[2]:.3f} | {means[3]:.4f} | "
            f"{means[4]:.3f} | {means[5]:.3f} |"
        )
    return "\n".join(lines)


def gains_table(gains: Mapping[str, Gain]) -> str:
    """Write gains as Markdown."""
    lines = [
        "| | gain | 95 % | on each base | wins, ties, losses | won of decided | diversity kept |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {g.gain:+.1%} | {g.low:+.1%} to {g.high:+.1%} | {', '.join(f'{one:+.1%}' for one in g.each)} | "
        f"{g.wins}, {g.ties}, {g.losses} | {g.win_share:.0%} | {g.diversity:.0%} |"
        for name, g in gains.items()
    ]
    return "\n".join(lines)


def contact_sheet(
    comparison: Comparison, names: Sequence[str], *, rows: int = 8, scale: int = 4
) -> NDArray[np.uint8]:
    """Draw references, then for each name the first, a middle and the last frame of one clip, a row a prompt."""
    drawn = []
    for place, prompt in enumerate(comparison.prompts[:rows]):
        line = [reference for person in prompt.references for reference in person[:2]]
        for name in names:
            clip = comparison.frames[name][place * SEEDS].numpy()
            line += [np.full((len(clip[0]), 3, 3), 255, np.uint8), clip[0], clip[3], clip[-1]]
        drawn.append(np.concatenate(line, axis=1))
    sheet = np.concatenate(drawn, axis=0)
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)
