"""Measures of generated clips. Each has a fault that one should know before quoting it; it stands in its docstring.

Identity is measured on cosines that a judge gives: (N, T, F, P), clip, frame, face found, person asked for; NaN where
a face is not found in a frame. A person who is found nowhere counts as 0, not as nothing: what leaves people out must
not gain by it. Numpy and scipy alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.optimize import linear_sum_assignment

Floats = NDArray[np.float64]

KEPT = 0.5
"""Cosine from which a face counts as the person's. The toy judge's are about 0.9 for the same and 0 for others."""


def curves(cosines: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Give every person one face of the clip, and return their cosine over time.

    Returns:
        (N, P, T) cosines under the assignment of faces to people that has the highest sum of means over the clip, 0
        where a person has no face; (N, P) which face, -1 for none.
    """
    count, length, _, people = cosines.shape
    found = np.zeros((count, people, length))
    chosen = np.full((count, people), -1, dtype=np.int64)
    means = np.nan_to_num(cosines).mean(axis=1)  # a frame without the face counts 0
    for place in range(count):
        for face, person in zip(*linear_sum_assignment(means[place], maximize=True), strict=True):
            chosen[place, person] = face
            found[place, person] = np.nan_to_num(cosines[place, :, face, person])
    return found, chosen


def assigned_similarity(cosines: Floats) -> Floats:
    """Return (N,) from 0 to 1: mean cosine over frames and people under the best assignment, below 0 counted as 0.

    Known fault: it forgives an exchange of two people, as the assignment follows them; see `swapped`.
    """
    return np.clip(curves(cosines)[0].mean(axis=2), 0, None).mean(axis=1)


def swapped(cosines: Floats) -> Floats:
    """Return (N,) of 0 and 1: whether the best assignment is another than the prompt's order.

    Known fault: it needs places that mean something; where two people resemble one another it is a coin's toss.
    """
    chosen = curves(cosines)[1]
    return (chosen != np.arange(chosen.shape[1])).any(axis=1).astype(float)


def coverage(cosines: Floats, kept: float = KEPT) -> Floats:
    """Return (N,) from 0 to 1: share of people and frames in which the person's face is there, by the cosine `kept`.

    Known fault: a threshold; a policy just above it everywhere covers all, however little it resembles.
    """
    return (curves(cosines)[0] >= kept).mean(axis=(1, 2))


def drift_slope(cosines: Floats) -> Floats:
    """Return (N,): change of the cosine from a clip's start to its end, least squares over frames, mean of people.

    Known fault: short clips hardly drift, and who is wrong from the first frame on has a slope of 0.
    """
    found = curves(cosines)[0]
    length = found.shape[2]
    if length < 2:
        return np.zeros(len(found))
    time = np.linspace(-0.5, 0.5, length)
    return ((found * time).sum(axis=2) / (time**2).sum()).mean(axis=1)


def survival(cosines: Floats, kept: float = KEPT, patience: int = 2) -> Floats:
    """Return (N,) from 0 to 1: share of the clip until a face is below `kept` for `patience` frames, mean of people.

    Known fault: a face that comes back does not count again.
    """
    found = curves(cosines)[0] < kept
    patience = min(patience, found.shape[2])
    windows = np.asarray(np.lib.stride_tricks.sliding_window_view(found, patience, axis=2).all(axis=-1))
    lost = np.where(windows.any(axis=2), windows.argmax(axis=2), found.shape[2])
    return (lost / found.shape[2]).mean(axis=1)


def face_similarity(cosines: Floats) -> Floats:
    """Return (N,): 'Face Sim' of published tables: each person's best face in each frame, mean over both.

    Known fault: one face may stand for two people, and frames without any face are left out of the mean, so a clip
    that shows nobody most of the time loses nothing. Kept for comparison with tables that have it.
    """
    best = np.where(np.isnan(cosines), -np.inf, cosines).max(axis=2)  # (N, T, P)
    seen = np.isfinite(best)
    total = np.where(seen, best, 0).sum(axis=(1, 2))
    return total / np.maximum(seen.sum(axis=(1, 2)), 1)


def frechet_distance(first: Floats, second: Floats) -> float:
    """Return the Fréchet distance of two normal distributions fitted to features (N, D) and (M, D).

        |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))        Heusel et al. 2017, arXiv 1706.08500

    Known fault: with few samples it is far too large, so it compares equal numbers only; and it says how alike two
    sets are as a whole, not whether any clip shows whom it should.
    """
    if min(len(first), len(second)) < 2:
        return float("nan")
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    # A little on the diagonal: fewer samples than dimensions leave the root undefined.
    small = 1e-6 * np.eye(len(one))
    root = np.real(sqrtm((one + small) @ (two + small)))
    shift = first.mean(0) - second.mean(0)
    return float(max(0.0, shift @ shift + np.trace(one) + np.trace(two) - 2 * np.trace(root)))


def diversity(frames: NDArray[np.uint8], groups: NDArray[np.int64]) -> Floats:
    """Return (G,): mean distance of two clips of one prompt, root mean square on a scale of 0 to 1; NaN for one clip.

    Known fault: noise is diverse, too; read it beside sharpness.
    """
    found = []
    for group in np.unique(groups):
        own = frames[groups == group].reshape((groups == group).sum(), -1).astype(np.float32) / 255
        pairs = [float(np.sqrt(((own[i] - own[j]) ** 2).mean())) for i in range(len(own)) for j in range(i)]
        found.append(float(np.mean(pairs)) if pairs else float("nan"))
    return np.array(found)
