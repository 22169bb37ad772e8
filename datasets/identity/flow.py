"""Following boxes from one frame to the next between detections: median flow.

Source: Kalal, Mikolajczyk, Matas, "Forward-backward error: automatic detection of tracking failures", ICPR 2010.
All boxes of a frame are followed in one call of pyramidal Lucas-Kanade.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

GREY_WIDTH = 320
_GRID = 5
_WINDOW = (13, 13)
_MAX_ERROR = 1.5
_MIN_POINTS = 6


def follow(
    before: NDArray[np.uint8], after: NDArray[np.uint8], boxes: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where boxes moved, and how sure that is.

    Args:
        before, after: (H, W) uint8 grey frames.
        boxes: (N, 4) in pixels of these frames.

    Returns:
        Moves (N, 3): shift in x and y of the box's middle, and scale; and the share (N,) of points that came back
        to their start when followed backwards, 0 to 1. A box without enough such points stays where it is.
    """
    count = len(boxes)
    moves = np.tile(np.array([0, 0, 1], np.float32), (count, 1))
    trust = np.zeros(count, np.float32)
    if not count:
        return moves, trust
    steps = (np.arange(_GRID, dtype=np.float32) + 0.5) / _GRID * 0.8 + 0.1
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    start = (boxes[:, None, :2] + grid * (boxes[:, None, 2:] - boxes[:, None, :2])).reshape(-1, 1, 2)
    start = np.ascontiguousarray(start, dtype=np.float32)
    end, forward = _lucas_kanade(before, after, start)
    back, backward = _lucas_kanade(after, before, end)
    error = np.linalg.norm(start - back, axis=2).reshape(count, -1)
    good = (error < _MAX_ERROR) & (forward & backward).astype(bool).reshape(count, -1)
    start, end = start.reshape(count, -1, 2), end.reshape(count, -1, 2)
    for i in range(count):
        trust[i] = good[i].mean()
        if good[i].sum() >= _MIN_POINTS:
            moves[i] = _move(start[i][good[i]], end[i][good[i]], boxes[i].reshape(2, 2).mean(axis=0))
    return moves, trust


def _lucas_kanade(
    before: NDArray[np.uint8], after: NDArray[np.uint8], points: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    guess = np.zeros_like(points)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, guess, winSize=_WINDOW, maxLevel=2)
    return np.asarray(moved, np.float32), np.asarray(found, np.uint8)


def _move(
    start: NDArray[np.float32], end: NDArray[np.float32], centre: NDArray[np.float32]
) -> NDArray[np.float32]:
    spread_start = np.linalg.norm(start - np.median(start, axis=0), axis=1)
    spread_end = np.linalg.norm(end - np.median(end, axis=0), axis=1)
    far = spread_start > 1
    scale = float(np.median(spread_end[far] / spread_start[far])) if far.any() else 1.0
    scale = min(max(scale, 0.9), 1.1)
    shift = np.median(end - (centre + (start - centre) * scale), axis=0)
    return np.array([shift[0], shift[1], scale], dtype=np.float32)


def moved_box(box: NDArray[np.float32], move: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a box (4,) after a move."""
    return moved_points(box.reshape(2, 2), box, move).reshape(4)


def moved_points(
    points: NDArray[np.float32], box: NDArray[np.float32], move: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return points (N, 2) of a box after the box's move."""
    centre = box.reshape(2, 2).mean(axis=0)
    return (centre + (points - centre) * move[2] + move[:2]).astype(np.float32)
