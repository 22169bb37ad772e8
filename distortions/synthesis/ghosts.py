"""Ghosts: double brows, blotches, a nose beside the nose. What in a changed face no smooth movement of the person's
own face explains, against how much there is to see in that face.

A changed shape is a movement; a donor's softened features are mostly, once features lie on one another. Features that
do not lie on one another, hair and beards of a donor's picture, and reflections are new detail beside the old.
Flicker and seams do not see them: they move with the face, and they are softly blended.

Source: own; the limit is set by eye (docs/experiments/distortions.md).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import Image, cut_out
from distortions.synthesis.flow import explained
from distortions.synthesis.masks import Mask, face_oval
from distortions.synthesis.scene import Subject

_FINE, _COARSE = 0.01, 0.06  # sigmas of what counts as a feature, shares of the side


def ghost(frame: NDArray[np.uint8], out: NDArray[np.uint8], subject: Subject, index: int) -> float:
    """Return the unexplained detail of a changed face as a share of the untouched face's: 0 none, 1 as much again."""
    side, matrix = subject.side, subject.matrix(index)
    before, after = cut_out(frame, matrix, side), cut_out(out, matrix, side)
    weight = face_oval(side, float(subject.yaw[index]))
    own, moved, changed = (_features(each) for each in (before, explained(before, after), after))
    return _level(changed - moved, weight) / max(_level(own, weight), 1e-3)


def _features(crop: Image) -> NDArray[np.float32]:
    side = crop.shape[0]
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    return np.asarray(
        cv2.GaussianBlur(grey, (0, 0), _FINE * side) - cv2.GaussianBlur(grey, (0, 0), _COARSE * side),
        np.float32,
    )


def _level(values: NDArray[np.float32], weight: Mask) -> float:
    return float(np.sqrt((values**2 * weight).sum() / weight.sum()))
