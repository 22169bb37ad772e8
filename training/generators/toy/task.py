"""The toy generator's prompts, reward and judge, ready for the loop.

Reward people are the training people; validation people choose settings and tell when to stop; test people
are reported. The reward's encoder and the judge's were trained apart, on other people (`encoders`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import Prompt
from training.generators.toy.encoders import JudgeEncoder, RewardEncoder, load_encoder
from training.generators.toy.generator import ToyGenerator, load_generator
from training.generators.toy.judging import assigned_similarity, placed_reward, similarities, swapped
from training.generators.toy.pool import REFERENCES, Pool, load_pool
from training.generators.toy.train import SPLITS, base_path


@dataclass(frozen=True)
class ToyReward:
    """The placed reward by the reward's encoder."""

    encoder: RewardEncoder

    def __call__(self, frames: Tensor, prompts: Sequence[Prompt]) -> dict[str, Tensor]:
        cosines = similarities(self.encoder, frames, references_of_prompts(prompts))
        return {"reward": placed_reward(cosines), "similarity": assigned_similarity(cosines)}


@dataclass(frozen=True)
class ToyJudge:
    """Similarity under the better assignment, and swaps, by the judge's encoder."""

    encoder: JudgeEncoder

    def __call__(self, frames: Tensor, prompts: Sequence[Prompt]) -> dict[str, float]:
        cosines = similarities(self.encoder, frames, references_of_prompts(prompts))
        return {
            "similarity": assigned_similarity(cosines).mean().item(),
            "swaps": swapped(cosines).float().mean().item(),
        }


def references_of_prompts(prompts: Sequence[Prompt]) -> Tensor:
    """Return (N, 2, R, 32, 24, 3) uint8."""
    return torch.from_numpy(
        np.stack([np.stack([np.stack(one) for one in prompt.references]) for prompt in prompts])
    )


def draw_prompts(pool: Pool, count: int, seed: int, references: int = 3) -> tuple[Prompt, ...]:
    """Draw prompts of two different people, each with some of their references."""
    rng = np.random.default_rng([seed, 0x9A])
    prompts = []
    for number in range(count):
        pair = rng.choice(len(pool), 2, replace=False)
        chosen = rng.permutation(REFERENCES)[:references]
        pictures = tuple(tuple(pool.references[place, chosen]) for place in pair)
        names = "-".join(str(pool.people[place]) for place in pair)
        prompts.append(Prompt(f"{number}:{names}", "", pictures))
    return tuple(prompts)


@dataclass(frozen=True)
class ToyParts:
    """What a run on the toy generator is made of, from the folder of `python -m training.generators.toy`."""

    generator: ToyGenerator
    reward: ToyReward
    judge: ToyJudge
    train: tuple[Prompt, ...]
    validation: tuple[Prompt, ...]


def load_toy(folder: Path, *, seed: int = 0, prompts: int = 400, held_out: int = 40) -> ToyParts:
    """Read the base of a seed, encoders and prompts of training and validation people."""
    return ToyParts(
        load_generator(base_path(folder, seed)),
        ToyReward(load_encoder(folder / "reward.pt", RewardEncoder)),
        ToyJudge(load_encoder(folder / "judge.pt", JudgeEncoder)),
        draw_prompts(load_pool(folder / "pool", SPLITS["train"]), prompts, seed=1),
        draw_prompts(load_pool(folder / "pool", SPLITS["validation"]), held_out, seed=2),
    )
