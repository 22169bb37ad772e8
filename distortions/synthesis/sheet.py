"""A contact sheet: one person through the clip, untouched, distorted, and the difference."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.recipe import Frames
from distortions.synthesis.scene import Subject

_REACH = 2.3  # half of a picture's side, in distances between the eyes
_AMPLIFIED = 2


def contact_sheet(
    before: Frames, after: Frames, subject: Subject, *, columns: int = 8, side: int = 200
) -> NDArray[np.uint8]:
    """Return (3 side, columns side, 3) uint8 RGB: rows untouched, distorted, difference (twice, on grey).

    Columns are frames spread evenly over those in which the person is seen.
    """
    seen = np.flatnonzero(subject.seen > 0)
    if not len(seen):
        return np.full((3 * side, columns * side, 3), 127, np.uint8)
    chosen = seen[np.linspace(0, len(seen) - 1, columns).round().astype(int)]
    above = [_portrait(before[i], subject, i, side) for i in chosen]
    below = [_portrait(after[i], subject, i, side) for i in chosen]
    differences = [
        np.clip(127 + _AMPLIFIED * (b.astype(np.int16) - a), 0, 255).astype(np.uint8)
        for a, b in zip(above, below, strict=True)
    ]
    return np.vstack([np.hstack(row) for row in (above, below, differences)])


def _portrait(frame: NDArray[np.uint8], subject: Subject, index: int, side: int) -> NDArray[np.uint8]:
    middle = subject.points[index].mean(axis=0)
    scale = side / (2 * _REACH * float(subject.eye_distances[index]))
    matrix = np.array([[scale, 0, side / 2 - scale * middle[0]], [0, scale, side / 2 - scale * middle[1]]])
    picture = cv2.warpAffine(frame, matrix, (side, side), flags=cv2.INTER_CUBIC, borderValue=(127, 127, 127))
    return np.asarray(picture, np.uint8)
