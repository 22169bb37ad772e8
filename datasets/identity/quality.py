"""How much a picture of a face is worth for telling who it is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.identity.backends.align import SIDE, align
from datasets.identity.faces import Face, Frame, yaw_proxy

GOOD = 0.35
"""Samples of at least this quality count in the metrics."""

_PATCH = 64


@dataclass(frozen=True)
class Quality:
    """Of one face.

    Attributes:
        size: Pixels between the eyes.
        sharpness: Standard deviation of the Laplacian of the face brought to 64x64 grey pixels.
        yaw: How far it is turned (`faces.yaw_proxy`).
        score: The detector's.
    """

    size: float
    sharpness: float
    yaw: float
    score: float

    @property
    def overall(self) -> float:
        """The weakest of the four, each brought to 0 (worthless) to 1 (nothing to wish for); own choice.

        Size 5 to 20 pixels between the eyes, sharpness 3 to 12, yaw 0.75 to 0.3, score 0.4 to 0.8.
        """
        return min(
            _ramp(self.size, 5, 20),
            _ramp(self.sharpness, 3, 12),
            _ramp(-abs(self.yaw), -0.75, -0.3),
            _ramp(self.score, 0.4, 0.8),
        )


def measure_quality(frame: Frame, face: Face) -> Quality:
    """Return the quality of a face in its frame (H, W, 3) uint8 RGB."""
    height, width = frame.shape[:2]
    x0, y0 = np.maximum(face.box[:2].round().astype(int), 0)
    x1, y1 = np.minimum(face.box[2:].round().astype(int), (width, height))
    sharpness = 0.0
    if x1 - x0 >= 4 and y1 - y0 >= 4:
        grey = cv2.cvtColor(np.ascontiguousarray(frame[y0:y1, x0:x1]), cv2.COLOR_RGB2GRAY)
        shrinks = min(grey.shape) > _PATCH
        patch = cv2.resize(
            grey, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )
        sharpness = float(cv2.Laplacian(patch, cv2.CV_32F).std())
    return Quality(
        size=face.eye_distance, sharpness=sharpness, yaw=float(yaw_proxy(face.landmarks)), score=face.score
    )


def focus(frame: Frame, face: Face) -> float:
    """Return how sharp a face is beside itself: its finest detail over the next finer, about 0.3 to 0.9.

    Standard deviations, inside the face, of the aligned 112x112 grey picture between Gaussians of sigma 1 and 2
    pixels and between 2 and 4 (own choice). A ratio, so contrast and skin do not move it, and sigma 1 keeps noise
    out. The aligned face is about 80 pixels wide: blur finer than 2 % of a face's width is not seen.
    """
    grey = cv2.cvtColor(align(frame, face.landmarks), cv2.COLOR_RGB2GRAY).astype(np.float32)
    y, x = (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE
    inside = ((x - 0.5) / 0.36) ** 2 + ((y - 0.62) / 0.42) ** 2 <= 1
    blurred = [cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0)]
    fine, coarse = (float((blurred[k] - blurred[k + 1])[inside].std()) for k in (0, 1))
    return fine / max(coarse, 1e-6)


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)
