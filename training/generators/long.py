"""Clips of any length: overlapping windows, each sampled with the end of the one before it held in place.

A window's first `overlap` slots are the last slots of the window before. At every step of the sampler they
are put where that clip's own path was at the same noise level,

    x_s = (1 - s) x0 + s e        x0 the finished slots, e the noise that they came from,

so the new slots are denoised beside a past of their own noise level, and the seam is aligned step by step
rather than blended afterwards. Only the overlap is kept from window to window: memory does not grow with
length. Who is in the clip is told anew in each window (`conditions_of`), which is what keeps drift from
adding up: the references are anchors, the overlap carries motion and light alone.

For generators whose latent slots all stand for the same number of frames. Wan's first slot stands for one
frame and the others for four, so the end of a window is no beginning of another there: GeneratorError.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import Conditions, Generator, GeneratorError
from training.grpo.config import Sampler
from training.grpo.rollout import velocity_at
from training.grpo.sde import transition

# (window, the frames of the window before or None) to what the window is told
ConditionsOf = Callable[[int, Tensor | None], Conditions]


@torch.no_grad()
def long_clips(
    generator: Generator,
    conditions_of: ConditionsOf,
    seeds: Sequence[int],
    sampler: Sampler,
    *,
    windows: int,
    overlap: int = 1,
) -> Iterator[Tensor]:
    """Yield the new frames of each window (N, T, H, W, 3) uint8: all of the first, those past the overlap after.

    Args:
        conditions_of: called once a window; N conditions.
        seeds: one a clip; windows draw their noise from it.
        overlap: slots, from 1 to one less than a window has.
    """
    past: Tensor | None = None
    frames: Tensor | None = None
    for window in range(windows):
        conditions = conditions_of(window, frames)
        shape = generator.latent_shape(conditions)
        noise = _noise(seeds, window, shape).to(conditions.device)
        if window == 0:
            _check(generator, conditions, shape, overlap)
        latents = _window(generator, conditions, noise, sampler, past)
        frames = generator.decode(latents, conditions).cpu()
        per_slot = _frames_a_slot(frames, shape)
        yield frames if past is None else frames[:, overlap * per_slot :]
        past = latents[:, :, -overlap:]


def _window(
    generator: Generator, conditions: Conditions, noise: Tensor, sampler: Sampler, past: Tensor | None
) -> Tensor:
    """Sample one window; `past` (N, C, overlap, H, W) finished slots that it begins with."""
    latents = noise
    for step in range(sampler.steps):
        latents = _aligned(latents, noise, past, sampler.sigmas[step])
        velocity = velocity_at(generator, latents, conditions, sampler, step)
        latents = transition(latents, velocity, sampler.sigmas, step, None).mean
    return _aligned(latents, noise, past, 0.0)


def _aligned(latents: Tensor, noise: Tensor, past: Tensor | None, sigma: float) -> Tensor:
    """Put the overlap where it is at this noise level."""
    if past is None:
        return latents
    held = past.shape[2]
    return torch.cat([(1 - sigma) * past + sigma * noise[:, :, :held], latents[:, :, held:]], dim=2)


def _noise(seeds: Sequence[int], window: int, shape: tuple[int, ...]) -> Tensor:
    each = [int(np.random.SeedSequence([seed, window]).generate_state(1)[0]) for seed in seeds]
    return torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in each])


def _check(generator: Generator, conditions: Conditions, shape: tuple[int, ...], overlap: int) -> None:
    if not bool(generator.generated(conditions).all()):
        raise GeneratorError("long clips of a generator that carries references in its latents are not made")
    if not 1 <= overlap < shape[1]:
        raise GeneratorError(
            f"an overlap of {overlap} slots does not fit windows of {shape[1]}: take 1 to {shape[1] - 1}"
        )


def _frames_a_slot(frames: Tensor, shape: tuple[int, ...]) -> int:
    per_slot, rest = divmod(frames.shape[1], shape[1])
    if rest:
        raise GeneratorError(
            f"{frames.shape[1]} frames of {shape[1]} slots: the first slot stands for fewer frames than the others, "
            "so windows cannot overlap"
        )
    return per_slot
