"""Intervals of means and of differences of two policies on the same prompts and seeds.

Clips of one prompt share its people, so prompts are drawn, with all their clips (a cluster bootstrap), the same ones
for both sides of a difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True)
class Measured:
    """A mean with its 95 % interval; `n` prompts stand behind it. The ends are None where a single prompt does."""

    value: float
    low: float | None
    high: float | None
    n: int


def mean_of(values: Floats, prompts: NDArray[np.int64], *, seed: int = 0) -> Measured:
    """Return the mean over prompts of their clips' means, (N,) values of clips; NaN are left out."""
    means = _by_prompt(values, prompts)
    if not len(means):
        return Measured(float("nan"), None, None, 0)
    if len(means) == 1:
        return Measured(float(means[0]), None, None, 1)
    drawn = np.random.default_rng([seed, 0xB5]).integers(len(means), size=(RESAMPLES, len(means)))
    low, high = np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])
    return Measured(float(means.mean()), float(low), float(high), len(means))


def difference_of(first: Floats, second: Floats, prompts: NDArray[np.int64], *, seed: int = 0) -> Measured:
    """Return the mean of first - second, clip by clip: the same prompts and seeds on both sides."""
    return mean_of(first - second, prompts, seed=seed)


def _by_prompt(values: Floats, prompts: NDArray[np.int64]) -> Floats:
    found = [values[prompts == each] for each in np.unique(prompts)]
    return np.array([held[~np.isnan(held)].mean() for held in found if (~np.isnan(held)).any()])
