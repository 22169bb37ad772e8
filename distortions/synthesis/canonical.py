"""The canonical face: a small square in which every face has its eyes, nose and mouth at the same places.

Fields, masks and textures live there; frames are never replaced by a canonical crop (that would blur them), but either
resampled once through a composed map, or changed by a difference that is warped back.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.align import TEMPLATE, similarity_transform

Matrix = NDArray[np.float64]  # (2, 3), pixels of the frame to pixels of the square
Image = NDArray[np.float32]  # (side, side) or (side, side, C)
Points = NDArray[np.float32]  # (5, 2)

SIDE = 192
SMALL_SIDE = 128
# Smaller faces than this, in pixels between the eyes, have no more detail than the small square holds.
_SMALL_EYES = 32.0
EYES = 0.28
"""Distance between the eyes, as a share of the side. Hairline to chin fits; hair and ears are outside."""
_MIDDLE = np.array([0.50, 0.53])
_TEMPLATE_MIDDLE = np.array([56.0, 66.0])


def side_for(eye_distance: float) -> int:
    """Return the side of the square for a face with so many pixels between the eyes."""
    return SMALL_SIDE if eye_distance < _SMALL_EYES else SIDE


def eye_pixels(side: int) -> float:
    """Return the distance between the eyes in a square, pixels."""
    return EYES * side


@lru_cache(maxsize=8)
def canonical_points(side: int) -> Points:
    """Return where the five landmarks lie in a square, (5, 2) float32 (read only): ArcFace's template, scaled."""
    scale = eye_pixels(side) / float(np.hypot(*(TEMPLATE[1] - TEMPLATE[0])))
    points = ((TEMPLATE - _TEMPLATE_MIDDLE) * scale + _MIDDLE * side).astype(np.float32)
    points.flags.writeable = False
    return points


def to_canonical(points: Points, side: int) -> Matrix:
    """Return the similarity (2, 3) from a frame with these five landmarks to the square."""
    return similarity_transform(points, canonical_points(side))


def inverted(matrix: Matrix) -> Matrix:
    """Return the way back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def cut_out(frame: NDArray[np.uint8], matrix: Matrix, side: int) -> Image:
    """Return the face of a frame (H, W, 3) uint8 as (side, side, 3) float32, 0 to 255; edges are continued."""
    crop = cv2.warpAffine(
        frame, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.float32)


def window_of(matrix: Matrix, side: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the part (x0, y0, x1, y1) of a frame of `size` (width, height) that holds the square; may be empty."""
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]], float)
    places = corners @ inverted(matrix).T
    low, high = np.floor(places.min(axis=0)).astype(int) - 1, np.ceil(places.max(axis=0)).astype(int) + 2
    x0, y0 = np.clip(low, 0, size)
    x1, y1 = np.clip(high, 0, size)
    return int(x0), int(y0), int(x1), int(y1)


def into_frame(image: Image, matrix: Matrix, window: tuple[int, int, int, int]) -> Image:
    """Return a canonical image as it lies in a window of the frame, float32, 0 outside the square."""
    x0, y0, x1, y1 = window
    back = inverted(matrix)
    back[:, 2] -= (x0, y0)
    warped = cv2.warpAffine(
        image, back, (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(warped, np.float32)


def add_difference(out: NDArray[np.uint8], change: Image, matrix: Matrix) -> None:
    """Add a canonical difference (side, side, 3) to a frame, in place. Where it is 0 the frame keeps its bytes."""
    x0, y0, x1, y1 = window = window_of(matrix, change.shape[0], (out.shape[1], out.shape[0]))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    part = out[y0:y1, x0:x1]
    added = part + into_frame(change, matrix, window)
    np.rint(np.clip(added, 0, 255, out=added), out=added)
    part[:] = added
