"""A face found in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Face:
    """One face in one frame, in pixels of that frame.

    Attributes:
        box: (4,) float32, x0, y0, x1, y1; may reach outside the frame.
        landmarks: (5, 2) float32, x and y of the eye on the picture's left, the eye on its right, the nose's tip,
            the mouth's corner on the picture's left and the one on its right.
        score: How sure the detector is, 0 to 1.
    """

    box: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    score: float

    def scaled(self, factor: float) -> Face:
        """Return the face in a picture that is `factor` times as large."""
        return Face(self.box * np.float32(factor), self.landmarks * np.float32(factor), self.score)

    @property
    def eye_distance(self) -> float:
        """Pixels between the eyes' middles."""
        return float(np.hypot(*(self.landmarks[1] - self.landmarks[0])))


def box_sizes(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the geometric mean of width and height of boxes (..., 4), pixels, at least a tenth of one."""
    sides = np.maximum(boxes[..., 2:] - boxes[..., :2], 0.1)
    return np.sqrt(sides[..., 0] * sides[..., 1])


def box_overlaps(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return intersection over union of boxes (N, 4) and (M, 4) as (N, M), 0 to 1."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=2)
    area_a = np.prod(a[:, 2:] - a[:, :2], axis=1)[:, None]
    area_b = np.prod(b[:, 2:] - b[:, :2], axis=1)[None]
    return common / np.maximum(area_a + area_b - common, 1e-6)


def yaw_proxy(landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how far faces are turned sideways, from landmarks (..., 5, 2).

    The nose's offset from the middle of eyes and mouth along the line of the eyes, in distances between the eyes:
    0 frontal, about 0.3 at a three-quarter view; beyond 0.7 the five points themselves are unreliable.
    Positive when the nose points to the picture's right.
    """
    eyes = landmarks[..., 1, :] - landmarks[..., 0, :]
    distance = np.maximum(np.linalg.norm(eyes, axis=-1), 1e-3)
    middle = landmarks[..., [0, 1, 3, 4], :].mean(axis=-2)
    offset = landmarks[..., 2, :] - middle
    return (offset * eyes).sum(axis=-1) / distance**2
