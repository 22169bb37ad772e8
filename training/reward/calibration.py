"""Differences of scores into probabilities: temperature and theta are fitted on held-out comparisons, never on test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.reward.corpus import Comparison
from training.reward.model import Calibration

_LEAST = 1e-9
_THETAS = np.exp(np.linspace(np.log(1.02), np.log(60.0), 60))
_TEMPERATURES = np.exp(np.linspace(np.log(0.02), np.log(20.0), 80))


def differences(rewards: NDArray[np.floating], rows: Sequence[Comparison]) -> NDArray[np.float64]:
    """Return reward(a) - reward(b), (N,), from the rewards of a corpus's clips by place."""
    return np.array([rewards[row.a] - rewards[row.b] for row in rows], float)


def calibrate(difference: NDArray[np.float64], rows: Sequence[Comparison]) -> Calibration:
    """Return the temperature and theta of least cross-entropy with the rows' labels, by search on a grid.

    Temperatures are in units of the differences' spread, so that any score can be calibrated.
    """
    spread = float(np.std(difference)) or 1.0
    labels = np.array([row.label for row in rows])
    d = difference[:, None] / (spread * _TEMPERATURES[None])  # (N, temperatures)
    best, found = np.inf, Calibration()
    for theta in _THETAS:
        log_theta = np.log(theta)
        a, b = _log_logistic(d - log_theta), _log_logistic(-d - log_theta)
        tie = np.log(theta**2 - 1) + a + b
        loss = -(labels[:, :1] * a + labels[:, 1:2] * tie + labels[:, 2:] * b).mean(axis=0)
        place = int(loss.argmin())
        if loss[place] < best:
            best, found = loss[place], Calibration(float(spread * _TEMPERATURES[place]), float(theta))
    return found


def calibration_curve(
    probabilities: NDArray[np.float64], rows: Sequence[Comparison], bins: int = 10
) -> list[tuple[float, float, int]]:
    """Return (mean probability, share that came true, number) for each bin of P(a better) and P(b better) together."""
    given = np.concatenate([probabilities[:, 0], probabilities[:, 2]])
    true = np.array([row.label[0] for row in rows] + [row.label[2] for row in rows])
    places = np.minimum((given * bins).astype(int), bins - 1)
    return [
        (float(given[places == k].mean()), float(true[places == k].mean()), int((places == k).sum()))
        for k in range(bins)
        if (places == k).any()
    ]


def calibration_error(curve: Sequence[tuple[float, float, int]]) -> float:
    """Return the expected calibration error: the mean gap of a curve, by number."""
    total = sum(number for *_, number in curve)
    return sum(abs(given - true) * number for given, true, number in curve) / max(total, 1)


def _log_logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.logaddexp(0, -x)
