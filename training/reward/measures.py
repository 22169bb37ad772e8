"""What an evaluation counts. Every function takes the rewards of a corpus's clips and rows, and returns a number.

Intervals are percentiles of a bootstrap over groups of people, not over rows: comparisons of the same people are no
independent evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.reward.corpus import Comparison, Corpus
from training.reward.model import Calibration, Scores

Floats = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True)
class Measured:
    """A number with its 95 % interval; low and high are None where no interval makes sense.

    Attributes:
        name: What.
        value: Of it.
        low, high: Interval.
        n: Rows it was counted on.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    n: int


def rights(difference: Floats, rows: Sequence[Comparison]) -> Floats:
    """Return for each row 1 where the better side scores higher, 0.5 for equal scores, NaN for ties."""
    sign = np.array([1.0 - row.choice for row in rows])
    found = np.where(difference * sign > 0, 1.0, np.where(difference == 0, 0.5, 0.0))
    return np.where(sign == 0, np.nan, found)


def rights_with_ties(difference: Floats, rows: Sequence[Comparison], calibration: Calibration) -> Floats:
    """Return for each row 1 where the likeliest of a, tie and b is the label."""
    guess = calibration.probabilities(difference).argmax(axis=1)
    return (guess == np.array([row.choice for row in rows])).astype(float)


def log_losses(difference: Floats, rows: Sequence[Comparison], calibration: Calibration) -> Floats:
    """Return each row's cross-entropy with its soft label, nats."""
    given = np.maximum(calibration.probabilities(difference), 1e-9)
    return -(np.array([row.label for row in rows]) * np.log(given)).sum(axis=1)


def mean_measured(name: str, values: Floats, groups: Sequence[str], seed: int = 0) -> Measured:
    """Return the mean of values (N,), NaN left out, with a bootstrap over groups (N,)."""
    known = np.isfinite(values)
    if not known.any():
        return Measured(name, float("nan"), None, None, 0)
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for value, group in zip(values[known], np.asarray(groups, object)[known], strict=True):
        sums[group] += float(value)
        counts[group] += 1
    total = np.array(list(sums.values()))
    number = np.array([counts[group] for group in sums])
    drawn = np.random.default_rng(seed).integers(len(total), size=(RESAMPLES, len(total)))
    means = total[drawn].sum(axis=1) / number[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    return Measured(name, float(values[known].mean()), low, high, int(known.sum()))


def groups_of(corpus: Corpus, rows: Sequence[Comparison]) -> list[str]:
    """Return for each row who is in it, as a name."""
    return ["+".join(corpus.clips[row.a].people) for row in rows]


def breakdowns(corpus: Corpus, rows: Sequence[Comparison], automatic: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of rows by origin, recipe, severity, schedule and number of people.

    Recipe, severity and schedule are of rows with a known answer, where exactly one clip is distorted.
    """
    found: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        found[f"origin {row.origin}"].append(place)
        found[f"people {len(corpus.clips[row.a].people)}"].append(place)
        edited = [known for known in (corpus.known[row.a], corpus.known[row.b]) if known.recipe]
        if row.origin in automatic and len(edited) == 1 and not edited[0].control:
            found[f"recipe {edited[0].recipe}"].append(place)
            found[f"severity {edited[0].severity}"].append(place)
            found[f"schedule {edited[0].schedule}"].append(place)
    return dict(sorted(found.items()))


@dataclass(frozen=True, eq=False)
class Falls:
    """How far the reward of distorted clips lies below that of what they were made from.

    Attributes:
        fall: (N,) reward of the source less that of the copy.
        control: (N,) bool.
        severity: (N,) int.
        recipe, group: N names.
    """

    fall: Floats
    control: NDArray[np.bool_]
    severity: NDArray[np.int64]
    recipe: tuple[str, ...]
    group: tuple[str, ...]


def falls_of(corpus: Corpus, rows: Sequence[Comparison], rewards: Floats) -> Falls:
    """Return the falls of all distorted clips in these rows whose source is among them."""
    places = {corpus.clips[place].key: place for row in rows for place in (row.a, row.b)}
    found = [
        (rewards[places[known.source]] - rewards[place], known.control, known.severity, known.recipe, clip)
        for clip, place in places.items()
        if (known := corpus.known[place]).recipe and known.source in places
    ]
    return Falls(
        np.array([each[0] for each in found], float),
        np.array([each[1] for each in found], bool),
        np.array([each[2] for each in found], int),
        tuple(each[3] for each in found),
        tuple("+".join(corpus.clips[places[each[4]]].people) for each in found),
    )


def effect_size(falls: Floats) -> float:
    """Return the mean fall in its own standard deviations (Cohen's d for pairs); 0 where there is no spread."""
    return float(falls.mean() / falls.std(ddof=1)) if len(falls) > 1 and falls.std() > 0 else 0.0


def severity_order(falls: Falls) -> Floats:
    """Return, for each two negatives of one recipe and unlike severity, 1 where the stronger one falls further."""
    negative = ~falls.control
    fall, severity = falls.fall[negative], falls.severity[negative]
    recipe = np.array(falls.recipe, object)[negative]
    compared = (recipe[:, None] == recipe[None]) & (severity[:, None] < severity[None])
    return (fall[:, None] < fall[None])[compared].astype(float)


def onset_errors(corpus: Corpus, places: Sequence[int], scores: Scores) -> Floats:
    """Return |found - true| onset in frames for each person of each clip whose fault begins after the first moment.

    Args:
        corpus: The corpus.
        places: Of the clips that `scores` are of.
        scores: With their curves.
    """
    errors = []
    for at, place in enumerate(places):
        for person, onset in _late_onsets(corpus, place):
            if person in scores.curves[at]:
                errors.append(abs(onset_of(scores.curves[at][person], scores.frames[at]) - onset))
    return np.array(errors)


def guess_errors(corpus: Corpus, places: Sequence[int]) -> Floats:
    """Return the errors of who always says the median of the true onsets: what a curve has to beat."""
    onsets = np.array([onset for place in places for _, onset in _late_onsets(corpus, place)], float)
    return np.abs(onsets - np.median(onsets)) if len(onsets) else onsets


def _late_onsets(corpus: Corpus, place: int) -> list[tuple[str, int]]:
    """Return who changes in a clip and when, but for faults that are there from the first moment on."""
    clip = corpus.clips[place]
    return [each for each in corpus.known[place].onset.items() if clip.moment_of(each[1]) > 0]


def onset_of(curve: Floats, frames: Floats) -> float:
    """Return the frame at which a curve (T,) first falls a third of its way from its best before to its least.

    A line through a third and two thirds of the way, followed back to where the truth counts a fault as visible, was
    tried and is no better: docs/experiments/reward.md.
    """
    least = int(curve.argmin())
    best = float(curve[: least + 1].max())
    below = np.flatnonzero(curve[: least + 1] <= best - (best - curve[least]) / 3)
    half = float(frames[1] - frames[0]) / 2 if len(frames) > 1 else 0.0
    return float(frames[below[0]]) - half


def order_gap(corpus: Corpus, places: Sequence[int], score: Callable[[Sequence], Floats]) -> float:
    """Return the largest change of a reward when people are listed in the opposite order."""
    clips = [corpus.clips[place] for place in places if len(corpus.clips[place].people) > 1]
    if not clips:
        return 0.0
    turned = [clip.reordered(range(len(clip.people))[::-1]) for clip in clips]
    return float(np.abs(score(clips) - score(turned)).max())


def ceiling(corpus: Corpus, rows: Sequence[Comparison]) -> Floats:
    """Return the agreement of each row's judgments among themselves, NaN where there is one at the most."""
    return np.array([corpus.agreement.get(row.key, np.nan) for row in rows], float)


def as_rows(measured: Sequence[Measured], more: Mapping[str, object]) -> list[dict[str, object]]:
    """Return measurements as plain rows of results.json."""
    return [{**vars(each), **more} for each in measured]
