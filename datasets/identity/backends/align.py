"""The five-point alignment that ArcFace-style networks were trained on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import Face, Frame

SIDE = 112
# Positions of the five landmarks in a 112x112 crop: ArcFace (arXiv 1801.07698), as used by insightface and SFace.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)


def similarity_transform(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the (2, 3) rotation, scale and shift that maps points (N, 2) best onto others, by least squares."""
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - source_mean).T
    u, v = (target - target_mean).T
    power = max(float((x * x + y * y).sum()), 1e-9)
    a, b = float((x * u + y * v).sum()) / power, float((x * v - y * u).sum()) / power
    turn = np.array([[a, -b], [b, a]])
    return np.hstack([turn, (target_mean - turn @ source_mean)[:, None]])


def align(frame: Frame, landmarks: NDArray[np.float32], side: int = SIDE) -> Frame:
    """Return the face as (side, side, 3), landmarks at the template's places; black outside the frame."""
    target = (TEMPLATE + 0.5) * (side / SIDE) - 0.5
    transform = similarity_transform(landmarks, target.astype(np.float32))
    return np.asarray(cv2.warpAffine(frame, transform, (side, side), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def grey_thumb(frame: Frame, face: Face, side: int) -> NDArray[np.uint8]:
    """Return the aligned face as a small grey picture (side, side)."""
    grey = cv2.cvtColor(align(frame, face.landmarks, 2 * side), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA), dtype=np.uint8)
