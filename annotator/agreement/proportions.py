"""An interval for a share, and for a resampled statistic."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from annotator.agreement.long_form import Floats


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`: `value` in [0, 1] with its interval; all three nan when `total` is 0."""

    value: float
    low: float
    high: float
    count: int
    total: int


def wilson_share(count: int, total: int, *, confidence: float = 0.95) -> Share:
    """Give the share `count / total` with Wilson's score interval.

    centre = (p + z²/2n) / (1 + z²/n), half width = z·sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n). Unlike the
    textbook p ± z·sqrt(p(1-p)/n) it stays inside [0, 1], and holds its level for small n and extreme p.

    Raises:
        ValueError: `count` is not within 0 and `total`, or `confidence` not between 0 and 1.

    Source: Wilson (1927), Probable inference, the law of succession, and statistical inference, JASA 22;
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion, Statistical Science 16.
    """
    if not 0 <= count <= total:
        raise ValueError(f"count must lie within 0 and total, got {count} of {total}")
    if total == 0:
        return Share(float("nan"), float("nan"), float("nan"), 0, 0)
    z = normal_quantile(confidence)
    p = count / total
    spread = z * ((p * (1 - p) + z * z / (4 * total)) / total) ** 0.5
    scale = 1 + z * z / total
    centre = p + z * z / (2 * total)
    # The ends meet 0 and 1 exactly in theory; rounding must not leave them a hair outside.
    low = 0.0 if count == 0 else (centre - spread) / scale
    high = 1.0 if count == total else (centre + spread) / scale
    return Share(p, low, high, count, total)


def normal_quantile(confidence: float) -> float:
    """How many standard deviations on either side of the mean hold `confidence` of a normal distribution."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def percentile_interval(resampled: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Ends that leave equal tails of `resampled` `(resamples, …)` outside `confidence`; shapes `(…)`.

    A resample is nan where the statistic is undefined. Those are left out; where more than half are, both
    ends are nan.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    tail = (1 - confidence) / 2
    undefined = np.isnan(resampled).mean(axis=0) > 0.5
    # nanquantile warns about a column of nothing but nan: give it numbers there, and blank the result.
    low, high = np.nanquantile(np.where(undefined, 0.0, resampled), [tail, 1 - tail], axis=0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)
