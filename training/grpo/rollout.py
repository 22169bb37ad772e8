"""Sampling: groups of clips for each prompt, with noise in a window of steps and the ODE's steps elsewhere.

Texts and references are encoded once a prompt; trajectories of the window, clips and rewards stay in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from training.generators.protocol import Conditions, Generator, Prompt
from training.grpo.config import Sampler
from training.grpo.plan import Row
from training.grpo.sde import Noise, Transition, draw, log_probability, transition

# frames (N, T, H, W, 3) uint8 and their prompts to numbers (N,), "reward" among them
Reward = Callable[[Tensor, Sequence[Prompt]], dict[str, Tensor]]


@dataclass(frozen=True)
class Rollout:
    """N samples.

    Attributes:
        rows: of the plan. conditions: of N rows. window: the steps that carried noise.
        before, after: (N, W, ...) latents before and after each step of the window.
        log_probabilities: (N, W) as the sampling path computed them.
        clean: (N, ...) final latents. frames: (N, T, H, W, 3) uint8, on the CPU.
    """

    rows: tuple[Row, ...]
    conditions: Conditions
    window: tuple[int, ...]
    before: Tensor
    after: Tensor
    log_probabilities: Tensor
    clean: Tensor
    frames: Tensor


def batches(count: int, size: int) -> list[list[int]]:
    """Cut 0..count-1 into runs of at most `size`. Sampling and training use the same cut."""
    return [list(range(start, min(start + size, count))) for start in range(0, count, size)]


@torch.no_grad()
def roll_out(
    generator: Generator,
    conditions: Conditions,
    rows: tuple[Row, ...],
    sampler: Sampler,
    *,
    window: tuple[int, ...] = (),
    batch: int = 8,
) -> Rollout:
    """Sample one clip a row.

    Args:
        conditions: of the prompts, in their order; each row takes its prompt's.
        window: steps with noise; none gives the ODE's sample.
    """
    parts = [
        _roll_out_batch(
            generator,
            conditions.taken([rows[i].prompt for i in part]),
            [rows[i] for i in part],
            sampler,
            window,
        )
        for part in batches(len(rows), batch)
    ]
    before, after, logs, clean, frames = (torch.cat(held) for held in zip(*parts, strict=True))
    return Rollout(
        rows, conditions.taken([row.prompt for row in rows]), window, before, after, logs, clean, frames
    )


def _roll_out_batch(
    generator: Generator, conditions: Conditions, rows: list[Row], sampler: Sampler, window: tuple[int, ...]
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    sigmas, shape, keep = sampler.sigmas, generator.latent_shape(conditions), generator.generated(conditions)
    device = conditions.device
    latents = _noise([row.initial_seed for row in rows], 1, shape)[:, 0].to(device)
    steps_noise = _noise([row.step_seed for row in rows], len(window), shape).to(device)
    before, after, logs = [], [], []
    for step in range(sampler.steps):
        velocity = velocity_at(generator, latents, conditions, sampler, step)
        ode = transition(latents, velocity, sigmas, step, None).mean
        if step not in window:
            latents = ode
            continue
        reached = transition(latents, velocity, sigmas, step, sampler.sde)
        result = draw(reached, steps_noise[:, window.index(step)], ode, keep)
        before.append(latents)
        after.append(result)
        logs.append(log_probability(result, reached, keep))
        latents = result
    held = [
        torch.stack(kept, 1) if kept else latents.new_zeros(len(rows), 0) for kept in (before, after, logs)
    ]
    return held[0], held[1], held[2], latents, generator.decode(latents, conditions).cpu()


def velocity_at(
    generator: Generator, latents: Tensor, conditions: Conditions, sampler: Sampler, step: int
) -> Tensor:
    """Return the guided velocity at a step: the one way that sampling and training take."""
    sigma = latents.new_full((len(latents),), sampler.sigmas[step])
    return generator.velocity(latents, sigma, conditions, sampler.guidance)


def step_of(
    generator: Generator, rollout: Rollout, part: Sequence[int], place: int, sampler: Sampler, noise: Noise
) -> Transition:
    """Return the distribution of a stored step under the current weights."""
    latents, conditions = rollout.before[list(part), place], rollout.conditions.taken(part)
    step = rollout.window[place]
    return transition(
        latents, velocity_at(generator, latents, conditions, sampler, step), sampler.sigmas, step, noise
    )


def _noise(seeds: Sequence[int], steps: int, shape: tuple[int, ...]) -> Tensor:
    """Return (N, steps, ...) of normal numbers, each row from a generator of its own on the CPU.

    So neither the batch nor the device changes what a row starts from.
    """
    return torch.stack(
        [torch.randn((steps, *shape), generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    )
