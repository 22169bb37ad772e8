"""The losses of policy optimisation, each a pure function of tensors. B samples; "mean" is over kept latent elements.

All take the means of one step's normal distribution (`sde.Transition`) or the network's velocities, and
`keep`, which latent elements count.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.grpo.sde import Transition, kept_mean, kept_mean_square, log_probability


@dataclass(frozen=True)
class Surrogate:
    """What one step of policy gradient gives.

    Attributes:
        loss: scalar, with gradient.
        ratios: (B,) without gradient.
        clipped: share of samples whose gradient the clip removed, 0 to 1.
    """

    loss: Tensor
    ratios: Tensor
    clipped: float


def log_ratio(result: Tensor, reached: Transition, old_log_probability: Tensor, keep: Tensor) -> Tensor:
    """Return log pi(x') - log pi_old(x'), (B,); a mean, so the ratio is the geometric mean over kept elements."""
    return log_probability(result, reached, keep) - old_log_probability


def normalised_log_ratio(
    result: Tensor, reached: Transition, old_log_probability: Tensor, old_mean: Tensor, keep: Tensor
) -> Tensor:
    """Return the log-ratio without its bias and scale, (B,).

        (log r + mean((mu - mu_old)^2) / (2 S^2)) S  =  mean(z (mu - mu_old))

    A mean-reduced log-ratio has mean -delta^2 / 2 for a change of delta = rms(mu - mu_old) / S, but only
    delta / sqrt(D) of
    spread: with D in the 10^5 every ratio lies below 1 and a clip acts on one side alone. GRPO-Guard, arXiv
    2510.22319.
    """
    bias = kept_mean_square(reached.mean - old_mean, keep) / (2 * reached.std**2)
    return (log_ratio(result, reached, old_log_probability, keep) + bias) * reached.std


def clipped_surrogate(log_ratios: Tensor, advantages: Tensor, clip: float) -> Surrogate:
    """Return mean of max(-A r, -A clip(r, 1 - clip, 1 + clip)), r = exp(log_ratios): PPO's loss, arXiv 1707.06347."""
    ratios = torch.exp(log_ratios)
    free, bounded = -advantages * ratios, -advantages * ratios.clamp(1 - clip, 1 + clip)
    clipped = ((bounded > free) & (advantages != 0)).float().mean()
    return Surrogate(torch.maximum(free, bounded).mean(), ratios.detach(), float(clipped))


def kl_to_base(reached: Transition, base_mean: Tensor, keep: Tensor) -> Tensor:
    """Return KL(policy's step, base policy's step) per element, (B,): mean((mu - mu_base)^2) / (2 S^2)."""
    return kept_mean_square(reached.mean - base_mean, keep) / (2 * reached.std**2)


def flow_matching(velocity: Tensor, clean: Tensor, noise: Tensor, keep: Tensor) -> Tensor:
    """Return mean((v - (e - x0))^2), (B,): what a generator is pretrained and fine-tuned with. arXiv 2210.02747."""
    return kept_mean_square(velocity - (noise - clean), keep)


@dataclass(frozen=True)
class Forward:
    """What the forward-process loss is made of, each (B,): the loss, its sides, the distance to the base."""

    loss: Tensor
    toward: Tensor
    away: Tensor
    drift: Tensor


def forward_process(
    velocity: Tensor,
    old: Tensor,
    base: Tensor,
    *,
    clean: Tensor,
    noised: Tensor,
    sigma: Tensor,
    advantages: Tensor,
    keep: Tensor,
    beta: float = 1.0,
    bound: float = 5.0,
    base_weight: float = 1e-4,
) -> Forward:
    """Return DiffusionNFT's loss: contrast two velocities about the old one, without SDE or log-probabilities.

        r  = clip(A / (2 bound) + 1/2, 0, 1)
        v+ = beta v + (1 - beta) v_old          v- = (1 + beta) v_old - beta v
        x+- = x_s - s v+-                       w+- = max(mean |x+- - x0|, 1e-5), without gradient
        l+- = mean (x+- - x0)^2 / w+-
        loss = bound (r l+ / beta + (1 - r) l- / beta) + base_weight mean (v - v_base)^2

    At v = v_old its gradient is (2r - 1) times that of supervised fine-tuning on x0 (up to the weight):
    none at A = 0. Zheng et al. 2025, arXiv 2509.16117.

    Args:
        velocity, old, base: (B, ...) of the policy, the one that sampled, the base policy, at `noised`.
        clean: (B, ...) samples x0. noised: (1-s) x0 + s e.
        sigma: (B,) s. advantages: (B,).
    """
    at = sigma.reshape(-1, *[1] * (clean.ndim - 1)).float()
    share = (advantages / (2 * bound) + 0.5).clamp(0, 1)
    velocity, old, base = velocity.float(), old.detach().float(), base.detach().float()

    def side(direction: Tensor) -> Tensor:
        error = noised.float() - at * direction - clean.float()
        weight = kept_mean(error.detach().abs(), keep).clamp(min=1e-5)
        return kept_mean_square(error, keep) / weight

    toward = side(beta * velocity + (1 - beta) * old)
    away = side((1 + beta) * old - beta * velocity)
    drift = kept_mean_square(velocity - base, keep)
    loss = bound * (share * toward + (1 - share) * away) / beta + base_weight * drift
    return Forward(loss, toward.detach(), away.detach(), drift.detach())


def old_policy_decay(updates: int, *, slope: float = 0.001, most: float = 0.5) -> float:
    """Return how much of the old policy stays after an update: min(slope n, most). 0 makes it the new one."""
    return min(slope * updates, most)
