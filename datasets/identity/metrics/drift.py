"""Whether a face moves away from its reference over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.identity.metrics.samples import PersonSamples

Z_95 = 1.959964
MIN_SAMPLES = 4


@dataclass(frozen=True)
class Slope:
    """Change of similarity a second, with its 95 % interval; NaN with fewer than four samples."""

    per_second: float
    low: float
    high: float

    @property
    def is_drift(self) -> bool:
        """The whole interval lies below zero."""
        return bool(self.high < 0)


def drift_slope(samples: PersonSamples) -> Slope:
    """Return the Theil-Sen slope of similarity over time, over good samples.

    Formula: the median of (s_j - s_i) / (t_j - t_i) over all pairs; interval from Kendall's statistic.
    Range: any; negative when the face leaves its reference. Source: Sen 1968 (J. Am. Stat. Assoc. 63, 1379).
    Samples of one face follow one another, so the interval is narrower than for independent ones.
    """
    return theil_sen(samples.times[samples.good], samples.own[samples.good])


def theil_sen(times: NDArray[np.floating], values: NDArray[np.floating]) -> Slope:
    """Return the Theil-Sen slope of values (N,) over times (N,) with its 95 % interval."""
    n = len(times)
    if n < MIN_SAMPLES:
        return Slope(float("nan"), float("nan"), float("nan"))
    i, j = np.triu_indices(n, 1)
    steps = times[j] - times[i]
    kept = steps > 0
    slopes = np.sort((values[j] - values[i])[kept] / steps[kept])
    half = Z_95 * float(np.sqrt(n * (n - 1) * (2 * n + 5) / 18))
    count = len(slopes)
    low = max(round((count - half) / 2) - 1, 0)
    high = min(round((count + half) / 2), count - 1)
    return Slope(float(np.median(slopes)), float(slopes[low]), float(slopes[high]))


@dataclass(frozen=True)
class Survival:
    """How long a person stays themselves.

    Attributes:
        seconds: From the first sample until similarity falls below the threshold and stays there for two samples.
        survived: It never does: `seconds` then reaches to the last sample.
        threshold: The one used.
    """

    seconds: float
    survived: bool
    threshold: float


def survival(samples: PersonSamples, threshold: float) -> Survival:
    """Return the survival time. Samples of low quality are passed over: a turn of the head is no death.

    Formula: t_k - t_0 for the first good k with s_k and s_(k+1) below the threshold. Range: 0 to the clip's length;
    NaN without samples. Source: own definition, after survival analysis; the threshold is calibrated on references
    (`calibrated_threshold`).
    """
    times, values = samples.times[samples.good], samples.own[samples.good]
    if not len(times):
        return Survival(float("nan"), False, threshold)
    below = values < threshold
    fallen = below & np.append(below[1:], below[-1])
    if not fallen.any():
        return Survival(float(times[-1] - times[0]), True, threshold)
    return Survival(float(times[int(fallen.argmax())] - times[0]), False, threshold)


def flicker(samples: PersonSamples) -> float:
    """Return how much similarity jumps from sample to sample.

    Formula: mean of |s_t - (s_(t-1) + s_(t+1)) / 2| over good samples: 0 for a steady face and for a steady drift.
    Range: 0 to 1; NaN with fewer than three samples. Source: own; the second difference is the usual measure of
    temporal flicker of brightness.
    """
    values = samples.own[samples.good]
    if len(values) < 3:
        return float("nan")
    return float(np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2).mean())
