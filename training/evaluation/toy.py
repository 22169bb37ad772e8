"""Policies of the toy, sampled on the same prompts from the same noise, and looked at by the judge's encoder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.evaluation.clip_score import ClipScore
from training.evaluation.measures import (
    assigned_similarity,
    coverage,
    diversity,
    drift_slope,
    face_similarity,
    frechet_distance,
    survival,
    swapped,
)
from training.evaluation.tables import Cell
from training.generators.prompts import Asked
from training.generators.protocol import GeneratorError, Prompt
from training.generators.toy.encoders import JudgeEncoder, load_encoder
from training.generators.toy.generator import ToyGenerator, load_generator
from training.generators.toy.pool import HEIGHT, WIDTH
from training.grpo.config import Sampler, read_config
from training.grpo.guards import copying, motion, sharpness
from training.grpo.plan import Row
from training.grpo.rollout import Reward, roll_out
from training.grpo.train import load_policy

BASE = "base"
PLAIN = Sampler(steps=10, shift=5.0, guidance_text=1.0)
"""How the base is sampled where no run says how."""
_BATCH = 20


@dataclass(frozen=True)
class Policy:
    """A generator to sample: the base, or the base with a run's averaged weights, and the sampler it was tuned with."""

    name: str
    generator: ToyGenerator
    sampler: Sampler
    weights: Path


def policy_load(toy: Path, name: str, run: Path | None) -> Policy:
    """Load the base (`run` None) or a tuned policy.

    GeneratorError, ConfigError or TrainingError say what is missing.
    """
    generator = load_generator(toy / "base.pt")
    if run is None:
        return Policy(name, generator, PLAIN, toy / "base.pt")
    if not (run / "config.toml").is_file():
        raise GeneratorError(f"{run} holds no run of a policy: there is no config.toml in it")
    config = read_config(run / "config.toml")
    load_policy(generator, config, run)
    return Policy(name, generator, config.sampler, run / "last.pt")


def with_guidance(sampler: Sampler, guidance: float | None) -> Sampler:
    """Return the sampler with a guidance on the people, or as it is."""
    return sampler if guidance is None else replace(sampler, guidance_references=guidance)


def sample(generator: ToyGenerator, asked: Sequence[Asked], seeds: Sequence[int], sampler: Sampler) -> Tensor:
    """Return one clip a prompt and seed, (P x S, 6, 32, 48, 3) uint8, seeds of a prompt side by side.

    What a clip starts from depends on the prompt's place and the seed alone: the same for every policy.
    """
    prompts = [each.prompt for each in asked]
    rows = tuple(
        Row(-1, place, number, place, _start(place, seed), 0)
        for place in range(len(prompts))
        for number, seed in enumerate(seeds)
    )
    return roll_out(generator, generator.encode(prompts), rows, sampler, batch=_BATCH).frames


def _start(place: int, seed: int) -> int:
    return int(np.random.SeedSequence([0xEA1, place, seed]).generate_state(1, np.uint64)[0] >> 1)


@dataclass(frozen=True)
class Judge:
    """The judge's encoder on half frames: a face is a half, always there."""

    encoder: JudgeEncoder

    @classmethod
    def load(cls, path: Path) -> Judge:
        return cls(load_encoder(path, JudgeEncoder))

    @torch.no_grad()
    def features(self, frames: Tensor) -> Tensor:
        """Return (N, T, 2, 64) of length 1 for clips (N, T, 32, 48, 3)."""
        count, length = frames.shape[:2]
        halves = frames.reshape(count, length, HEIGHT, 2, WIDTH, 3).transpose(2, 3)
        found: Tensor = self.encoder(halves.flatten(0, 2).contiguous())
        return found.unflatten(0, (count, length, 2))

    @torch.no_grad()
    def known(self, prompts: Sequence[Prompt]) -> list[Tensor]:
        """Return the features (R, 64) of every person of every prompt, in order."""
        return [
            self.encoder(torch.from_numpy(np.stack(pictures)))
            for prompt in prompts
            for pictures in prompt.references
        ]

    def cosines(self, features: Tensor, known: Sequence[Tensor], each: int) -> NDArray[np.float64]:
        """Return (N, T, 2, 2): frame, half, person asked for; `each` clips in a row are of one prompt."""
        means = torch.stack([nn.functional.normalize(one.mean(0), dim=0) for one in known]).unflatten(
            0, (-1, 2)
        )
        found = torch.einsum("ntfd,npd->ntfp", features, means.repeat_interleave(each, 0))
        return found.double().numpy()


def measure(
    frames: Tensor,
    asked: Sequence[Asked],
    *,
    policy: str,
    guidance: float,
    judge: Judge,
    reward: Reward | None,
    clip_score: ClipScore | None = None,
) -> Cell:
    """Measure clips as `sample` returns them."""
    prompts = [each.prompt for each in asked]
    each = len(frames) // len(prompts)
    of_prompt = np.repeat(np.arange(len(prompts)), each)
    features, known = judge.features(frames), judge.known(prompts)
    cosines = judge.cosines(features, known, each)
    repeated = [prompts[place] for place in of_prompt]
    clips = {
        "assigned similarity": assigned_similarity(cosines),
        "swaps": swapped(cosines),
        "coverage": coverage(cosines),
        "drift slope": drift_slope(cosines),
        "survival": survival(cosines),
        "Face Sim": face_similarity(cosines),
        "motion": motion(frames).double().numpy(),
        "sharpness": sharpness(frames).double().numpy(),
        "copying": copying(frames, repeated).double().numpy(),
    }
    if reward is not None:
        clips["reward"] = np.asarray(reward(frames, repeated)["reward"].double())
    if clip_score is not None:
        clips["CLIPScore"] = clip_score(frames, [prompt.text for prompt in repeated])
    real = torch.cat(known).double().numpy()
    faces = features.flatten(0, 2).double().numpy()
    return Cell(
        policy,
        guidance,
        of_prompt,
        clips,
        {"diversity": diversity(frames.numpy(), of_prompt)},
        {"Fréchet distance to references": frechet_distance(faces, real)},
    )


def compare(
    toy: Path,
    runs: Mapping[str, Path],
    asked: Sequence[Asked],
    *,
    seeds: Sequence[int],
    guidances: Sequence[float],
    reward: Reward | None = None,
    clip_score: ClipScore | None = None,
) -> tuple[list[Cell], dict[str, Tensor]]:
    """Measure the base and runs at each guidance; return the cells and, by label, their clips."""
    judge, cells, frames = Judge.load(toy / "judge.pt"), [], {}
    for policy in _policies(toy, runs):
        for guidance in guidances:
            clips = sample(policy.generator, asked, seeds, with_guidance(policy.sampler, guidance))
            cell = measure(
                clips,
                asked,
                policy=policy.name,
                guidance=guidance,
                judge=judge,
                reward=reward,
                clip_score=clip_score,
            )
            cells.append(cell)
            frames[cell.label] = clips
    return cells, frames


def _policies(toy: Path, runs: Mapping[str, Path]) -> Iterator[Policy]:
    yield policy_load(toy, BASE, None)
    for name, run in runs.items():
        yield policy_load(toy, name, run)
