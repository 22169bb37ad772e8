"""Smooth changes of a face's proportions, applied to a frame by one resampling.

A field gives, in the canonical square, from where each place takes its picture: place + displacement. The frame's own
map is composed from it, p' = p + R⁻¹ D(M p), so that the frame is resampled once and nothing outside the square moves.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import Matrix, into_frame, inverted, window_of

Field = NDArray[np.float32]  # (side, side, 2), x and y in pixels of the square

LEAST_DETERMINANT = 0.45
"""Of the map's Jacobian. Below it faces look squeezed, at 0 they fold."""


def largest_amplitude(field: Field, *, least: float = LEAST_DETERMINANT) -> float:
    """Return by how much a field can be multiplied until its map's smallest Jacobian determinant is `least`."""
    xx, xy = np.gradient(field[..., 0], axis=1), np.gradient(field[..., 0], axis=0)
    yx, yy = np.gradient(field[..., 1], axis=1), np.gradient(field[..., 1], axis=0)
    trace, product = xx + yy, xx * yy - xy * yx
    low, high = 0.0, float(field.shape[0])
    for _ in range(30):
        middle = (low + high) / 2
        # The first crossing from 0 on: determinants are checked all along the way by halving from below.
        if (1 + middle * trace + middle * middle * product).min() >= least and (
            1 + 0.5 * middle * trace + 0.25 * middle * middle * product
        ).min() >= least:
            low = middle
        else:
            high = middle
    return low


def warp_frame(frame: NDArray[np.uint8], out: NDArray[np.uint8], field: Field, matrix: Matrix) -> None:
    """Write a frame, resampled through a field, into `out`; where the field is 0, `out` is left alone."""
    height, width = frame.shape[:2]
    x0, y0, x1, y1 = window = window_of(matrix, field.shape[0], (width, height))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    turn = np.ascontiguousarray(inverted(matrix)[:, :2], np.float32)
    moved = cv2.transform(into_frame(field, matrix, window), turn)
    across, down = cv2.split(moved)
    changed = np.maximum(np.abs(across), np.abs(down)) > 1 / 64
    if not changed.any():
        return
    across += np.arange(x0, x1, dtype=np.float32)
    down += np.arange(y0, y1, dtype=np.float32)[:, None]
    warped = cv2.remap(frame, across, down, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    np.copyto(out[y0:y1, x0:x1], warped, where=changed[..., None])
