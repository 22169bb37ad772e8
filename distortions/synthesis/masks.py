"""Masks in the canonical face: where texture may change, and where geometry may.

All are float32, 0 to 1, and exactly 0 at the square's border, so that nothing outside it changes.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import canonical_points, eye_pixels

Mask = NDArray[np.float32]  # (side, side)

EXPONENT = 2.3
HALF_AXES = (0.30, 0.37)
CENTRE_Y = 0.56
FEATHER = 0.035
SWAP_FEATHER = 0.05
_WARP_AXES = (0.46, 0.47)
_YAW_STEP = 0.02
# Landmarks whose middle is the part's.
_PARTS = {"eyes": ((0,), (1,)), "nose": ((2,),), "mouth": ((3, 4),)}


def face_oval(side: int, yaw: float, *, feather: float = FEATHER) -> Mask:
    """Return the face without its edge: a superellipse whose far half is narrower on a turned face.

    Args:
        side: Of the square, pixels.
        yaw: `faces.yaw_proxy`: positive when the nose points to the picture's right.
        feather: Sigma of the soft edge, as a share of the side.
    """
    return _oval(side, round(yaw / _YAW_STEP), feather)


@lru_cache(maxsize=256)
def _oval(side: int, yaw_step: int, feather: float) -> Mask:
    yaw = yaw_step * _YAW_STEP
    half, near, far = HALF_AXES[0], 1 + 0.15 * abs(yaw), max(1 - abs(yaw), 0.3)
    # The nose points away from the near cheek: to the right, the right half of the face is the far one.
    left, right = (near, far) if yaw > 0 else (far, near)
    x, y = _grid(side)
    x = x - 0.5
    x = x / (half * np.where(x < 0, left, right))
    inside = (np.abs(x) ** EXPONENT + np.abs((y - CENTRE_Y) / HALF_AXES[1]) ** EXPONENT) < 1
    soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), feather * side)
    return _closed(np.where(soft < 1 / 256, 0, soft))


@lru_cache(maxsize=8)
def warp_window(side: int) -> Mask:
    """Return where geometry may change: 1 inside, falling to 0 over the outer third of a large superellipse."""
    x, y = _grid(side)
    radius = (
        np.abs((x - 0.5) / _WARP_AXES[0]) ** EXPONENT + np.abs((y - 0.5) / _WARP_AXES[1]) ** EXPONENT
    ) ** (1 / EXPONENT)
    return _closed(smoothstep(3 * (1 - radius)))


@lru_cache(maxsize=64)
def around(side: int, part: str, radius: tuple[float, float], feather: float) -> Mask:
    """Return soft ellipses round the eyes, the nose or the mouth's middle; radii in distances between the eyes."""
    points, unit = canonical_points(side), eye_pixels(side)
    mask = np.zeros((side, side), np.float32)
    for place in _PARTS[part]:
        point = points[list(place)].mean(axis=0)
        axes = (round(radius[0] * unit), round(radius[1] * unit))
        cv2.ellipse(mask, (round(float(point[0])), round(float(point[1]))), axes, 0, 0, 360, 1.0, -1)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), feather * unit), np.float32)
    return _closed(np.where(mask < 1 / 256, 0, mask))


def smoothstep(values: NDArray) -> NDArray:
    """Return 0 below 0, 1 above 1, and a smooth way between."""
    t = np.clip(values, 0, 1)
    return t * t * (3 - 2 * t)


def _grid(side: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    steps = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(steps, steps)
    return x, y


def _closed(mask: NDArray) -> Mask:
    mask = np.ascontiguousarray(np.minimum(mask, 1), dtype=np.float32)
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    mask.flags.writeable = False
    return mask
