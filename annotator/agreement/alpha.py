"""Krippendorff's alpha: agreement of any number of annotators beyond what chance would give.

alpha = 1 - D_o / D_e, where D_o is the mean squared distance between two values of one item and D_e the mean
squared distance between two values drawn from all items. 1 is perfect agreement, 0 what answering at random
with the same shares of values gives, and below 0 lies systematic disagreement.

Values missing at random do no harm: an item with m values counts as m values, an item with fewer than two is
left out.

Sources: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, University of Pennsylvania; the
interval: Zapf, Castell, Morawietz & Karch (2016), Measuring inter-rater reliability for nominal data - which
coefficients and confidence intervals are appropriate?, BMC Medical Research Methodology 16:93.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.agreement.long_form import Floats, Ints, check_parallel, count_table, last_answers
from annotator.agreement.proportions import percentile_interval

Level = Literal["nominal", "ordinal", "interval"]

# Resamples worked on at once hold about this many numbers, so that memory stays near 50 MB.
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True)
class Alpha:
    """Alpha with its interval and what went into it.

    `value`, `low`, `high` are nan where undefined; `reason` then says why (empty otherwise). `observed` and
    `expected` are D_o and D_e. `items` counts items with at least two values, `values` the values in them.
    """

    value: float
    low: float
    high: float
    observed: float
    expected: float
    items: int
    values: int
    reason: str = ""


def krippendorff_alpha(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    level: Level = "nominal",
    resamples: int = 0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Alpha:
    """Compute alpha from parallel arrays, one entry an answer.

    The squared distance of two values is, by `level`: nominal, 0 if equal and else 1; interval, (c - k)²;
    ordinal, the squared number of answers ranked between them, each end counted half.

    Args:
        items: `(n,)` ids of items.
        annotators: `(n,)` ids of annotators. Of several answers of one annotator to one item the last counts.
        values: `(n,)` values; numbers for ordinal (where only their order matters) and interval.
        level: what a difference of two values means.
        resamples: bootstrap resamples for the interval, 0 for none; a single item has none either. Whole items
            are drawn with replacement, annotators are held: the interval says how alpha would vary with other
            items and these annotators.
        confidence: level of the percentile interval.
        seed: of the resampling; the same seed gives the same interval.

    Raises:
        ValueError: arrays of different lengths, or values that are not numbers where numbers are needed.
    """
    item_array, value_array = np.asarray(items), np.asarray(values)
    check_parallel(items=item_array, values=value_array)
    kept = last_answers(items, annotators)
    categories, value = np.unique(value_array[kept], return_inverse=True)
    item_ids, item = np.unique(item_array[kept], return_inverse=True)
    counts = count_table(item, value, (len(item_ids), len(categories)))
    counts = counts[counts.sum(axis=1) >= 2]
    scores = _scores(categories, level)
    if len(counts) == 0:
        return _undefined(counts, "no item has two answers")

    # Items with the same counts are exchangeable, and there are far fewer kinds of items than items.
    kinds, sizes = np.unique(counts, axis=0, return_counts=True)
    observed, expected = _disagreement(kinds, sizes[None].astype(np.float64), scores)
    if expected[0] == 0:
        return _undefined(counts, "every answer is the same")
    low, high = _interval(kinds, sizes, scores, resamples, confidence, seed)
    return Alpha(
        value=float(1 - observed[0] / expected[0]),
        low=low,
        high=high,
        observed=float(observed[0]),
        expected=float(expected[0]),
        items=len(counts),
        values=int(counts.sum()),
    )


def _undefined(counts: Floats, reason: str) -> Alpha:
    nan = float("nan")
    return Alpha(nan, nan, nan, nan, nan, items=len(counts), values=int(counts.sum()), reason=reason)


def _scores(categories: NDArray[Any], level: Level) -> Floats | None:
    """Places of the categories on a line: None for nominal, empty for ordinal, whose depend on counts."""
    if level == "nominal":
        return None
    if not np.issubdtype(categories.dtype, np.number):
        raise ValueError(f"{level} values must be numbers, got {categories.dtype}")
    if level == "ordinal":
        return np.empty(0)
    if level == "interval":
        return categories.astype(np.float64)
    raise ValueError(f"level must be nominal, ordinal or interval, got {level!r}")


def _disagreement(counts: Floats, weights: Floats, scores: Floats | None) -> tuple[Floats, Floats]:
    """D_o and D_e, `(r,)` each, of items with value counts `(u, k)` taken `weights` `(r, u)` times.

    The coincidence matrix is a sum over items, so that all weightings of them take one matrix product. It
    needs u·k² numbers: meant for kinds of items and a handful of categories.
    """
    size = counts.shape[1]
    per_item = counts.sum(axis=1)
    # An item with m values holds m(m-1) ordered pairs, weighted 1/(m-1) so that it counts as m values.
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs -= counts[:, :, None] * np.eye(size)
    pairs /= (per_item - 1)[:, None, None]
    coincidences = (weights @ pairs.reshape(len(counts), -1)).reshape(-1, size, size)
    totals = weights @ counts
    total = totals.sum(axis=1)

    distance = _squared_distances(totals, scores)
    chance = totals[:, :, None] * totals[:, None, :]
    observed = (coincidences * distance).sum(axis=(1, 2)) / total
    expected = (chance * distance).sum(axis=(1, 2)) / (total * (total - 1))
    return observed, expected


def _squared_distances(totals: Floats, scores: Floats | None) -> Floats:
    """Squared distances `(r, k, k)` or `(1, k, k)` between values whose frequencies are `totals` `(r, k)`."""
    if scores is None:
        return 1.0 - np.eye(totals.shape[1])[None]
    if len(scores) == 0:
        # Answers between two ranks, each end half, are the difference of the ranks' mid positions.
        places = np.cumsum(totals, axis=1) - totals / 2
    else:
        places = scores[None]
    return (places[:, :, None] - places[:, None, :]) ** 2


def _interval(
    kinds: Floats, sizes: Ints, scores: Floats | None, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    items = int(sizes.sum())
    if resamples == 0 or items < 2:
        return float("nan"), float("nan")
    # Drawing how often each kind of item comes is the same bootstrap as drawing items.
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // max(len(kinds), kinds.shape[1] ** 2))
    drawn = []
    for start in range(0, resamples, step):
        times = rng.multinomial(items, sizes / items, size=min(step, resamples - start))
        observed, expected = _disagreement(kinds, times.astype(np.float64), scores)
        defined = expected > 0
        drawn.append(np.where(defined, 1 - observed / np.where(defined, expected, 1), np.nan))
    low, high = percentile_interval(np.concatenate(drawn), confidence)
    return float(low), float(high)
