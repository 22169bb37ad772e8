"""From a flow model's ODE to a sampler with noise, and exact log-probabilities of its steps.

Convention: sigma s runs from 1 (noise) to 0 (data), x_s = (1-s) x0 + s e, the network gives v = e - x0. A
step goes from s to s' < s, dt = s' - s < 0. With a diffusion coefficient g(s) the step

    mean  mu = x + [v + g^2 / (2 s) (x + (1-s) v)] dt        std  S = g sqrt(-dt)        x' = mu + S z

keeps the marginals of the ODE for the exact velocity, whatever g (Song et al. 2021, arXiv 2011.13456; for
flow models Flow-GRPO, arXiv 2505.05470). g = 0 is Euler's step of the ODE.

| kind | g(s) | source |
|---|---|---|
| `flow_grpo` | a sqrt(s / (1 - min(s, s_1))) | Flow-GRPO, arXiv 2505.05470; a = 0.7 |
| `constant` | a | DanceGRPO, arXiv 2505.07818; a = 0.3 |
| `linear` | a s_1 s | Identity-GRPO's code with a = 1 |
| `preserving` | x' = (1-s') x0 + sqrt(s'^2 - q^2) e + q z, q = s' sin(a pi / 2) | arXiv 2509.05952; a = 0.8 |

`preserving` (coefficients-preserving sampling) **does not keep the marginals**: it shrinks them.

`flow_grpo` bounds the denominator at s_1, the second sigma, whenever s > s_1 and not only at s = 1:
schedulers that start just below 1 would otherwise give the first step a standard deviation of 4 and more.

The last step (s' = 0) is always the ODE's: noise there stays in the picture, and rewards would see another
distribution than evaluation does.

Log-probabilities are means over the elements that count, as in all published code: clip, KL and ratio
normalisation presuppose it. Latent slots outside `keep` (references that travel with the video) take the
ODE's step and count in nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

Kind = Literal["flow_grpo", "constant", "linear", "preserving"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Noise:
    """How much noise a step with noise adds.

    Attributes:
        kind: the diffusion coefficient, see above.
        level: its factor a, at least 0; 0 is the ODE.
    """

    kind: Kind = "flow_grpo"
    level: float = 0.7

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of noise {self.kind!r}; there are {', '.join(KINDS)}")
        if not self.level >= 0 or (self.kind == "preserving" and self.level > 1):
            raise ValueError(f"the noise level of {self.kind!r} cannot be {self.level}")


@dataclass(frozen=True)
class Transition:
    """The normal distribution of one step's result.

    Attributes:
        mean: (B, ...) as the latents.
        std: the same for every element that counts; 0 where the step is the ODE's.
        dt: s' - s, below 0.
    """

    mean: Tensor
    std: float
    dt: float


def flow_sigmas(steps: int, shift: float = 1.0, first: float = 1.0) -> tuple[float, ...]:
    """Return the steps + 1 sigmas of a sampler, falling from shift(first) to exactly 0.

    Args:
        steps: at least 1.
        shift: s = shift u / (1 + (shift - 1) u) of evenly spaced u; above 1 it puts more steps at high noise.
        first: the largest u, in (0, 1]. diffusers' UniPC scheduler starts at 0.999.
    """
    if steps < 1 or shift <= 0 or not 0 < first <= 1:
        raise ValueError(f"no schedule of {steps} steps, shift {shift}, first {first}")
    evenly = (first * (steps - k) / steps for k in range(steps + 1))
    return tuple(shift * u / (1 + (shift - 1) * u) for u in evenly)


def diffusion(sigmas: tuple[float, ...], step: int, noise: Noise) -> float:
    """Return g at a step. 0 at the last step of every kind; not defined for `preserving`."""
    s, second = sigmas[step], sigmas[1]
    if sigmas[step + 1] == 0:
        return 0.0
    if noise.kind == "flow_grpo":
        return noise.level * math.sqrt(s / (1 - min(s, second)))
    if noise.kind == "constant":
        return noise.level
    if noise.kind == "linear":
        return noise.level * second * s
    raise ValueError("coefficients-preserving sampling has no diffusion coefficient")


def transition(
    latents: Tensor, velocity: Tensor, sigmas: tuple[float, ...], step: int, noise: Noise | None
) -> Transition:
    """Return where a step leads from `latents` (B, ...) with the network's `velocity` of the same shape.

    Args:
        sigmas: of the whole sampler, as `flow_sigmas` gives them.
        step: 0 to len(sigmas) - 2.
        noise: None takes the ODE's step.
    """
    s, to = sigmas[step], sigmas[step + 1]
    dt = to - s
    if noise is None or noise.level == 0 or to == 0:
        return Transition(latents + velocity * dt, 0.0, dt)
    if noise.kind == "preserving":
        data, unit = latents - s * velocity, latents + (1 - s) * velocity
        std = to * math.sin(noise.level * math.pi / 2)
        return Transition((1 - to) * data + math.sqrt(to**2 - std**2) * unit, std, dt)
    g = diffusion(sigmas, step, noise)
    drift = velocity + g**2 / (2 * s) * (latents + (1 - s) * velocity)
    return Transition(latents + drift * dt, g * math.sqrt(-dt), dt)


def draw(reached: Transition, unit_noise: Tensor, ode: Tensor, keep: Tensor) -> Tensor:
    """Return the step's result: mean + std z where `keep` says so, the ODE's result elsewhere.

    Args:
        unit_noise: (B, ...) standard normal z.
        ode: (B, ...) the mean of the same step without noise.
        keep: boolean, broadcasts to the latents.
    """
    return torch.where(keep, reached.mean + reached.std * unit_noise, ode)


def kept_mean(values: Tensor, keep: Tensor) -> Tensor:
    """Return the mean over the kept elements of each row, (B, ...) to (B,). What is left out may be NaN."""
    keep = keep.expand_as(values)
    axes = tuple(range(1, values.ndim))
    return torch.where(keep, values, 0).sum(axes) / keep.sum(axes)


def kept_mean_square(difference: Tensor, keep: Tensor) -> Tensor:
    """Return the mean square over the kept elements, (B,), in float32. No gradient reaches what is left out.

    It is masked before it is squared: the gradient of a masked square would be 0 times what is left out,
    NaN included.
    """
    return kept_mean(torch.where(keep, difference, 0).float() ** 2, keep)


def log_probability(result: Tensor, reached: Transition, keep: Tensor) -> Tensor:
    """Return the mean log-density of a step's result over its kept elements, (B,) float32.

        -(x' - mu)^2 / (2 S^2) - log S - log(2 pi) / 2

    `result` carries no gradient: it was sampled. A step without noise has no density and raises ValueError.
    """
    if reached.std == 0:
        raise ValueError("a step of the ODE has no density: leave it out of the window")
    squares = kept_mean_square(result.detach() - reached.mean, keep)
    return -squares / (2 * reached.std**2) - math.log(reached.std) - _LOG_SQRT_2PI


def sensitivity(sigmas: tuple[float, ...], step: int, noise: Noise) -> float:
    """Return k(s), to which |d log-probability / d v| is proportional: sqrt(-dt) / g + g sqrt(-dt) (1-s) / (2s).

    A loss divided by it moves the velocity by the same amount at every step; without it high noise hardly
    learns under a large shift (Flash-GRPO's rectifier, computed instead of tabulated).
    """
    s, dt = sigmas[step], sigmas[step + 1] - sigmas[step]
    g = diffusion(sigmas, step, noise)
    return math.sqrt(-dt) / g + g * math.sqrt(-dt) * (1 - s) / (2 * s)
