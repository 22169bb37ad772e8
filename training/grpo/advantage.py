"""Group-relative advantages: how much better a sample is than the others drawn for the same prompt.

    A_i = (R_i - mean of its group) / (std + eps), bounded to +-5

Population standard deviation, of the group or of the whole batch (Shao et al. 2024, arXiv 2402.03300;
Flow-GRPO). Groups are told apart by an explicit id, never by the prompt's text: two prompts with the same
words and other references are two groups. A group whose rewards hardly differ has nothing to teach, and
dividing by its spread would train on rounding: it is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
BOUND = 5.0
_EPSILON = 1e-4


class RewardError(ValueError):
    """Rewards that cannot be trained on, as a sentence."""


@dataclass(frozen=True)
class Advantages:
    """Advantages of N samples in G groups.

    Attributes:
        values: (N,) in [-5, 5]; 0 in flat groups.
        kept: (N,) bool, False in flat groups.
        spreads: (G,) standard deviation of each group's rewards, in the order of the sorted group ids.
        flat: how many groups were dropped.
    """

    values: Floats
    kept: NDArray[np.bool_]
    spreads: Floats
    flat: int


def group_advantages(
    rewards: ArrayLike,
    groups: ArrayLike,
    *,
    scale: Literal["group", "batch"] = "group",
    flat_below: float = 1e-6,
) -> Advantages:
    """Compare each reward with its group.

    Args:
        rewards: (N,) finite; RewardError names the first that is not.
        groups: (N,) ids of any integers.
        scale: divide by the standard deviation of the group or of all kept rewards about their groups' means.
        flat_below: a group with a smaller standard deviation is dropped. Set it to the reward's own
            test-retest noise.
    """
    values, ids = np.asarray(rewards, np.float64), np.asarray(groups)
    if values.shape != ids.shape or values.ndim != 1:
        raise RewardError(
            f"{values.shape} rewards and {ids.shape} group ids: one of each for every sample is needed"
        )
    if not np.isfinite(values).all():
        raise RewardError(f"the reward of sample {int(np.argmin(np.isfinite(values)))} is not a number")
    _, index = np.unique(ids, return_inverse=True)
    sizes = np.bincount(index)
    centred = values - (np.bincount(index, values) / sizes)[index]
    spreads = np.sqrt(np.bincount(index, centred**2) / sizes)
    kept = (spreads >= flat_below)[index]
    if scale == "batch":
        width = np.full(len(values), np.sqrt(np.mean(centred[kept] ** 2)) if kept.any() else 1.0)
    else:
        width = spreads[index]
    advantages = np.clip(centred / (width + _EPSILON), -BOUND, BOUND)
    return Advantages(np.where(kept, advantages, 0.0), kept, spreads, int((spreads < flat_below).sum()))


def averaged_advantages(
    rewards: Mapping[str, ArrayLike],
    weights: Mapping[str, float],
    groups: ArrayLike,
    *,
    flat_below: float = 1e-6,
) -> Advantages:
    """Average the advantages of several rewards, each scaled by itself first.

    A weighted sum of raw rewards follows the one with the largest spread; MixGRPO and DanceGRPO average
    advantages. A sample is kept when any of its rewards tells its group apart.
    """
    if set(rewards) != set(weights) or not weights:
        raise RewardError(
            f"rewards {sorted(rewards)} and weights {sorted(weights)} must name the same things"
        )
    parts = {name: group_advantages(rewards[name], groups, flat_below=flat_below) for name in sorted(rewards)}
    total = sum(weights.values())
    values = sum(
        (weights[name] / total * part.values for name, part in parts.items()), np.zeros(np.shape(groups))
    )
    kept = np.any([part.kept for part in parts.values()], axis=0)
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    flat = len(np.unique(index)) - len(np.unique(index[kept]))
    return Advantages(values, kept, np.max([part.spreads for part in parts.values()], axis=0), flat)
