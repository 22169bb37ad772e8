"""How sure a share of points is: one generator against another, a tie counting half."""

import numpy as np
from numpy.typing import ArrayLike

from annotator.agreement.proportions import percentile_interval

RESAMPLES = 1000


def points_interval(
    points: ArrayLike,
    clusters: ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the ends of an interval of the mean of `points` `(n,)`, each 1, 0.5 or 0.

    Votes on one pair of clips stand in one cluster `(n,)`: whole clusters are drawn with replacement, since the same
    two clips are judged each time. Both ends are nan for fewer than two clusters.

    Source: the percentile bootstrap over clusters (Efron & Tibshirani 1993, chapter 13).
    """
    values, (_, places) = np.asarray(points, float), np.unique(np.asarray(clusters), return_inverse=True)
    count = int(places.max(initial=-1)) + 1
    if count < 2:
        return float("nan"), float("nan")
    sums, sizes = np.bincount(places, weights=values), np.bincount(places)
    drawn = np.random.default_rng(seed).integers(count, size=(resamples, count))
    low, high = percentile_interval(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), confidence)
    return float(low), float(high)
