"""From what severity on people see that a face was changed: a psychometric function.

p(x) = g + (1 - g - l) F((x - t) / w) is the share of answers that name the better side at severity x, with F logistic,
g the guess rate and l the lapse rate. The threshold t is the severity at which p lies half-way between guessing and
never failing; w is how gently p rises there, in severities.

The guess rate is measured where it can be: on ties by construction whoever does not call a tie names a side by chance,
half of the time the one that would have been right. The lapse rate is fixed at 2 %, or one slip at a high severity
would decide over the slope (Wichmann & Hill 2001, The psychometric function I, Perception & Psychophysics 63). t and w
are the maximum of the likelihood on a grid; the interval of t holds all values whose profile likelihood is within
1.92 of it (Wilks), and has no end where the data set none. Answers are taken as independent, which those of one
annotator are not quite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from annotator.agreement.long_form import Floats

LAPSE = 0.02
GUESS = 1 / 3
"""Of left, tie and right, where no ties by construction were asked."""
GUESS_FROM = 10
"""So many answers to ties by construction tell the guess rate."""
ANSWERS_AT_LEAST = 12
_WITHIN = 1.92  # half the 95 % quantile of chi-squared with one degree of freedom
_THRESHOLDS = np.arange(-4.0, 12.0001, 0.02)
_WIDTHS = np.geomspace(0.08, 6.0, 60)


@dataclass(frozen=True, slots=True)
class Psychometric:
    """A fitted function. `low` and `high` are the ends of the threshold's interval, None where the data set none."""

    guess: float
    threshold: float
    width: float
    low: float | None
    high: float | None
    answers: int

    def at(self, severity: float) -> float:
        """Return the share of answers that name the better side, 0 to 1."""
        return float(_curve(np.array(severity), self.guess, np.array(self.threshold), np.array(self.width)))


def guess_rate(*, ties: int, answers: int) -> float:
    """Return the guess rate from `answers` to ties by construction, of which `ties` called them so."""
    if not 0 <= ties <= answers:
        raise ValueError(f"ties must lie within 0 and answers, got {ties} of {answers}")
    return (answers - ties) / answers / 2 if answers >= GUESS_FROM else GUESS


def psychometric_fit(counts: Mapping[int, tuple[int, int]], *, guess: float) -> Psychometric | None:
    """Fit the function to answers.

    Args:
        counts: By severity, 1 to 5, how many answers name the better side, and of how many.
        guess: The guess rate, 0 to 1/2.

    Returns:
        None with answers at fewer than two severities, or with fewer than ANSWERS_AT_LEAST: no line is worth drawing.

    Raises:
        ValueError: A count is not within 0 and its total, or the guess rate is no guess rate.
    """
    if not 0 <= guess <= 0.5:
        raise ValueError(f"a guess rate lies between 0 and 1/2, got {guess}")
    if any(not 0 <= right <= total for right, total in counts.values()):
        raise ValueError(f"each count must lie within 0 and its total, got {dict(counts)}")
    told = {severity: each for severity, each in sorted(counts.items()) if each[1]}
    answers = sum(total for _, total in told.values())
    if len(told) < 2 or answers < ANSWERS_AT_LEAST:
        return None
    likelihood = np.zeros((len(_THRESHOLDS), len(_WIDTHS)))
    for severity, (right, total) in told.items():
        p = _curve(np.array(float(severity)), guess, _THRESHOLDS[:, None], _WIDTHS[None, :])
        p = np.clip(p, 1e-9, 1 - 1e-9)
        likelihood += right * np.log(p) + (total - right) * np.log1p(-p)
    row, column = np.unravel_index(np.argmax(likelihood), likelihood.shape)
    profile = likelihood.max(axis=1)
    inside = np.flatnonzero(profile >= profile.max() - _WITHIN)
    first, last = int(inside[0]), int(inside[-1])
    return Psychometric(
        guess=guess,
        threshold=float(_THRESHOLDS[row]),
        width=float(_WIDTHS[column]),
        low=None if first == 0 else float(_THRESHOLDS[first]),
        high=None if last == len(_THRESHOLDS) - 1 else float(_THRESHOLDS[last]),
        answers=answers,
    )


def _curve(severity: Floats, guess: float, threshold: Floats, width: Floats) -> Floats:
    steep = np.clip((severity - threshold) / width, -60, 60)
    return guess + (1 - guess - LAPSE) / (1 + np.exp(-steep))
