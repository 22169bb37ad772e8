"""One update of the weights from one rollout: GRPO, DiffusionNFT or fine-tuning on the best samples.

All three take optimiser steps on sums over samples divided by how many there are in all processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import Generator, Guidance
from training.grpo import ranks
from training.grpo.advantage import Advantages
from training.grpo.config import PolicyConfig
from training.grpo.loss import (
    clipped_surrogate,
    flow_matching,
    forward_process,
    kl_to_base,
    log_ratio,
    normalised_log_ratio,
)
from training.grpo.plan import seed_of
from training.grpo.policy import Policy, Weights
from training.grpo.rollout import Rollout, batches, step_of
from training.grpo.sde import Transition, log_probability, sensitivity


class TrainingError(Exception):
    """Why a run cannot go on, as a sentence. The last checkpoint is good."""


@dataclass
class Learner:
    """What an update works on.

    Attributes:
        old: the policy that sampled (NFT's lags behind; GRPO's is the current one).
    """

    generator: Generator
    policy: Policy
    optimiser: torch.optim.Optimizer
    config: PolicyConfig
    old: Weights


@dataclass
class Tally:
    """Sums over micro-batches, for the record."""

    sums: dict[str, float] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + value

    def top(self, name: str, value: float) -> None:
        self.most[name] = max(self.most.get(name, 0.0), value)


def update_policy(
    learner: Learner, rollout: Rollout, advantages: Advantages, rewards: np.ndarray
) -> dict[str, float]:
    """Take the optimiser steps of one update and return its numbers."""
    method = {"grpo": _grpo, "nft": _nft, "sft": _sft}[learner.config.objective.method]
    return method(learner, rollout, advantages, rewards)


def _grpo(
    learner: Learner, rollout: Rollout, advantages: Advantages, rewards: np.ndarray
) -> dict[str, float]:
    config, tally = learner.config, Tally()
    kept = np.flatnonzero(advantages.kept).tolist()
    total = _total(len(kept))
    if not total:
        return {"loss": 0.0, "skipped": 1.0}
    parts = [[kept[i] for i in part] for part in batches(len(kept), config.groups.batch)]
    before = _recomputed(learner, rollout, parts, tally)
    weights = _step_weights(learner, rollout)
    places = range(len(rollout.window))
    rounds = [[place] for place in places] if config.optimiser.step_after == "window" else [list(places)]
    for repeat in range(config.optimiser.passes):
        for places_of_step in rounds:
            for place in places_of_step:
                for number, part in enumerate(parts):
                    first = repeat == 0 and place == 0
                    loss = _grpo_loss(
                        learner, rollout, part, place, before[number, place], advantages, tally, first=first
                    )
                    (weights[place] * loss * len(part) / (total * len(places_of_step))).backward()
            _step(learner, tally)
    return _numbers(tally, total * len(places) * config.optimiser.passes)


def _grpo_loss(
    learner: Learner, rollout: Rollout, part: list[int], place: int, before: _Before, advantages: Advantages,
    tally: Tally, *, first: bool,
) -> Tensor:  # fmt: skip
    config, objective = learner.config, learner.config.objective
    keep = learner.generator.generated(rollout.conditions.taken(part))
    result = rollout.after[part, place]
    reached = step_of(learner.generator, rollout, part, place, config.sampler, config.sampler.sde)
    if objective.ratio == "normalised":
        logs = normalised_log_ratio(result, reached, before.log_probability, before.mean, keep)
    else:
        logs = log_ratio(result, reached, before.log_probability, keep)
    found = clipped_surrogate(logs, _advantages_of(advantages, part, logs), objective.clip)
    away = (found.ratios - 1).abs().max().item()
    tally.top("ratio_away", away)
    if first:
        tally.top("first_ratio_away", away)
        _check_first_ratio(away, objective.clip)
    loss = found.loss / -reached.dt if objective.ratio == "normalised" else found.loss
    tally.add("clipped", found.clipped * len(part))
    if objective.kl:
        kl = kl_to_base(reached, before.base_mean, keep).mean()
        tally.add("kl", kl.item() * len(part))
        loss = loss + objective.kl * kl
    tally.add("loss", loss.item() * len(part))
    return loss


def _check_first_ratio(away: float, clip: float) -> None:
    """Before the first optimiser step the policy is the one that sampled: the ratio is 1, or the paths differ."""
    if away > clip / 5:
        raise TrainingError(
            f"before any step the ratio is off by {away:.1e}, a fifth of the clip {clip:.0e} or more: the two passes "
            "differ (precision, batches, dropout); raise objective.clip above the drift or compute in float32"
        )


@dataclass(frozen=True)
class _Before:
    """A step under the weights that an update starts from, computed by the path that trains."""

    log_probability: Tensor
    mean: Tensor
    base_mean: Tensor


def _recomputed(
    learner: Learner, rollout: Rollout, parts: list[list[int]], tally: Tally
) -> dict[tuple[int, int], _Before]:
    """Compute what the ratio and the KL compare with; record by how much the sampling path differed."""
    found, sampler = {}, learner.config.sampler
    for number, part in enumerate(parts):
        keep = learner.generator.generated(rollout.conditions.taken(part))
        for place in range(len(rollout.window)):
            with torch.no_grad():
                reached = step_of(learner.generator, rollout, part, place, sampler, sampler.sde)
                logs = log_probability(rollout.after[part, place], reached, keep)
            tally.top(
                "replay_drift",
                (torch.exp(logs - rollout.log_probabilities[part, place]) - 1).abs().max().item(),
            )
            found[number, place] = _Before(
                logs, reached.mean, _base_mean(learner, rollout, part, place, reached)
            )
    return found


def _base_mean(
    learner: Learner, rollout: Rollout, part: list[int], place: int, reached: Transition
) -> Tensor:
    if not learner.config.objective.kl:
        return reached.mean
    sampler = learner.config.sampler
    with learner.policy.using(learner.policy.base):
        return step_of(learner.generator, rollout, part, place, sampler, sampler.sde).mean


def _step_weights(learner: Learner, rollout: Rollout) -> list[float]:
    """Return a factor for each step of the window, mean 1."""
    if not learner.config.objective.even_steps:
        return [1.0] * len(rollout.window)
    sampler = learner.config.sampler
    inverse = [1 / sensitivity(sampler.sigmas, step, sampler.sde) for step in rollout.window]
    return [value * len(inverse) / sum(inverse) for value in inverse]


def _nft(learner: Learner, rollout: Rollout, advantages: Advantages, rewards: np.ndarray) -> dict[str, float]:
    objective, tally = learner.config.objective, Tally()
    total = _total(len(rollout.rows) * objective.nft_draws)
    for part, sigma, noise in _noised(learner, rollout, list(range(len(rollout.rows))), objective.nft_draws):
        clean, conditions = rollout.clean[part], rollout.conditions.taken(part)
        keep = learner.generator.generated(conditions)
        at = sigma.reshape(-1, *[1] * (clean.ndim - 1))
        noised = (1 - at) * clean + at * noise

        velocity = partial(learner.generator.velocity, noised, sigma, conditions, Guidance())
        with learner.policy.using(learner.old):
            old = velocity()
        with learner.policy.using(learner.policy.base):
            base = velocity()
        found = forward_process(
            velocity(), old, base, clean=clean, noised=noised, sigma=sigma, keep=keep,
            advantages=_advantages_of(advantages, part, clean), beta=objective.nft_beta,
            bound=objective.nft_bound, base_weight=objective.nft_base_weight,
        )  # fmt: skip
        (found.loss.sum() / total).backward()
        tally.add("loss", found.loss.sum().item())
        tally.add("drift", found.drift.sum().item())
    _step(learner, tally)
    return _numbers(tally, total)


def _sft(learner: Learner, rollout: Rollout, advantages: Advantages, rewards: np.ndarray) -> dict[str, float]:
    """Flow matching on the best `sft_chosen` of each group."""
    objective, tally = learner.config.objective, Tally()
    groups = np.array([row.group for row in rollout.rows])
    chosen = [
        int(i)
        for group in dict.fromkeys(groups)
        for i in sorted(np.flatnonzero(groups == group), key=lambda i: -rewards[i])[: objective.sft_chosen]
    ]
    total = _total(len(chosen) * objective.nft_draws)
    for part, sigma, noise in _noised(learner, rollout, chosen, objective.nft_draws):
        clean, conditions = rollout.clean[part], rollout.conditions.taken(part)
        at = sigma.reshape(-1, *[1] * (clean.ndim - 1))
        velocity = learner.generator.velocity((1 - at) * clean + at * noise, sigma, conditions, Guidance())
        loss = flow_matching(velocity, clean, noise, learner.generator.generated(conditions)).sum()
        (loss / total).backward()
        tally.add("loss", loss.item())
    _step(learner, tally)
    return _numbers(tally, total)


def _noised(
    learner: Learner, rollout: Rollout, chosen: list[int], draws: int
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Yield micro-batches of (places, sigmas, noise); levels among the sampler's, each sample by its own seed."""
    sigmas = np.array(learner.config.sampler.sigmas[:-1])
    for number in range(draws):
        for run in batches(len(chosen), learner.config.groups.batch):
            part = [chosen[i] for i in run]
            rows = [rollout.rows[i] for i in part]
            seeds = [seed_of(learner.config, row.group, row.member, number) for row in rows]
            levels = [sigmas[np.random.default_rng(seed).integers(len(sigmas))] for seed in seeds]
            noise = [
                torch.randn(rollout.clean.shape[1:], generator=torch.Generator().manual_seed(s))
                for s in seeds
            ]
            device = rollout.clean.device
            yield (
                part,
                torch.tensor(levels, dtype=torch.float32, device=device),
                torch.stack(noise).to(device),
            )


def _advantages_of(advantages: Advantages, part: list[int], like: Tensor) -> Tensor:
    return torch.from_numpy(advantages.values[part]).to(like.device, torch.float32)


def _step(learner: Learner, tally: Tally) -> None:
    """Sum gradients over processes, bound them, step. A gradient that is not finite stops the run before the step."""
    held = list(learner.policy.parameters.values())
    ranks.sum_gradients(held)
    norm = torch.nn.utils.clip_grad_norm_(held, learner.config.optimiser.clip_norm).item()
    if not np.isfinite(norm):
        learner.optimiser.zero_grad()
        raise TrainingError(
            "the gradient is not a number: lower optimiser.learning_rate or compute in float32"
        )
    tally.top("gradient", norm)
    learner.optimiser.step()
    learner.optimiser.zero_grad()


def _total(count: int) -> int:
    return int(ranks.summed(torch.tensor(float(count))).item())


def _numbers(tally: Tally, total: int) -> dict[str, float]:
    names = sorted(tally.sums)
    means = ranks.summed(torch.tensor([tally.sums[name] for name in names], dtype=torch.float64)) / total
    return dict(zip(names, means.tolist(), strict=True)) | tally.most
