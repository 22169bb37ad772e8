"""What a reward model must beat: numbers that are computed from the same tracks without learning, or hardly any.

Each gives a clip one number, higher for better kept; probabilities come from the same calibration as the model's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.reward.clips import LIKENESS, Clip
from training.reward.corpus import Comparison

Values = NDArray[np.float64]

_OWN, _TEMPLATE, _MARGIN, _NEIGHBOUR = (
    LIKENESS.index(name) for name in ("own", "template", "margin", "neighbour")
)
_RIDGE = 1e-3


def mean_similarity(clip: Clip) -> float:
    """Return the mean over all faces of the similarity with their person's references (mean ArcFace similarity)."""
    values = clip.likeness[clip.present][:, _TEMPLATE]
    return float(values.mean()) if len(values) else 0.0


def face_sim(clip: Clip) -> float:
    """Return the published 'Face Sim': at each moment, for each person, the best of all pairs of reference and face.

    It asks whether somebody like the person is in the picture: exchanged faces cost nothing. Here faces are those of
    people who were found; strangers are in no release.
    """
    best = []
    for moment in np.flatnonzero(clip.present.any(axis=0)):
        faces = clip.embeddings[clip.present[:, moment], moment]
        best += [float((faces @ own.T).max()) for own in clip.references]
    return float(np.mean(best)) if best else 0.0


def assigned_score(clip: Clip) -> float:
    """Return the mean over people of coverage times their mean similarity, 0 for who is missing (`metrics.score`)."""
    kept = []
    for place in range(len(clip.people)):
        values = np.maximum(clip.likeness[place, clip.present[place], _TEMPLATE], 0)
        kept.append(float(clip.seen[place].mean() * values.mean()) if len(values) else 0.0)
    return float(np.mean(kept))


def metrics_of(clip: Clip) -> Values:
    """Return the metrics of a clip that the logistic model reads, (M,): means over people, and the worst person's."""
    people = []
    for place in range(len(clip.people)):
        present = clip.present[place]
        seen = clip.seen[place].mean()
        if not present.any():
            people.append([0.0, 0.0, 0.0, seen, 0.0, 0.0, 0.0])
            continue
        own, margin = clip.likeness[place, present, _TEMPLATE], clip.likeness[place, present, _MARGIN]
        times = np.flatnonzero(present) / clip.steps
        slope = float(np.polyfit(times, own, 1)[0]) if len(own) > 2 else 0.0
        neighbour = clip.likeness[place, present, _NEIGHBOUR]
        people.append(
            [
                own.mean(),
                np.percentile(own, 10),
                margin.mean(),
                seen,
                slope,
                neighbour.mean(),
                neighbour.min(),
            ]
        )
    table = np.array(people, float)
    return np.concatenate([table.mean(axis=0), table.min(axis=0)])


class Logistic:
    """Logistic regression on differences of metrics, fitted by Newton's method; ties are left out of its training."""

    def __init__(self, clips: Sequence[Clip], rows: Sequence[Comparison]) -> None:
        decided = [row for row in rows if row.choice != 1]
        places = sorted({place for row in decided for place in (row.a, row.b)})
        table = {place: metrics_of(clips[place]) for place in places}
        values = np.stack([table[row.a] - table[row.b] for row in decided])
        better = np.array([row.choice == 0 for row in decided], float)
        self.spread = np.maximum(values.std(axis=0), 1e-9)
        self.weights = _newton(values / self.spread, better)

    def __call__(self, clip: Clip) -> float:
        return float(metrics_of(clip) / self.spread @ self.weights)


def baselines(clips: Sequence[Clip], rows: Sequence[Comparison]) -> dict[str, Callable[[Clip], float]]:
    """Return the baselines by name; the logistic one is fitted on `rows`, the training comparisons."""
    found: dict[str, Callable[[Clip], float]] = {
        "mean similarity": mean_similarity,
        "best-pair Face Sim": face_sim,
        "assigned score": assigned_score,
    }
    if len({row.choice for row in rows} & {0, 2}) == 2:
        found["logistic on metrics"] = Logistic(clips, rows)
    return found


def _newton(values: Values, better: Values) -> Values:
    weights = np.zeros(values.shape[1])
    for _ in range(50):
        chance = 0.5 * (1 + np.tanh(0.5 * values @ weights))
        gradient = values.T @ (chance - better) / len(better) + _RIDGE * weights
        curvature = (values * (chance * (1 - chance))[:, None]).T @ values / len(better)
        step = np.linalg.solve(curvature + _RIDGE * np.eye(len(weights)), gradient)
        weights = weights - step
        if np.abs(step).max() < 1e-9:
            break
    return weights
