"""Where one shot ends and the next begins.

A frame is told from the one before by two distances: of colour histograms, and of where the picture has edges. A cut
changes both; a flash changes the histogram and is over a few frames later; a fast pan keeps the histogram.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import Frame

# Frames on either side that are compared: a flash or a dropped picture is shorter.
LOOK = 4
MIN_SHOT = 3
# Cuts of the films tried change 0.37 (between two dark scenes) to 1.0; the fastest pans and actions 0.24.
CUT = 0.3
_WIDTH, _HEIGHT = 48, 27
_BINS = 8


@dataclass(frozen=True, eq=False)
class Glance:
    """What is kept of a frame for telling shots apart: 4 KB."""

    histogram: NDArray[np.float32]
    edges: NDArray[np.float16]
    tone: NDArray[np.uint8]


def glance(frame: Frame) -> Glance:
    """Return the glance of a frame (H, W, 3) uint8 RGB."""
    small = np.asarray(cv2.resize(frame, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
    histogram = np.concatenate(
        [np.bincount(small[..., c].ravel() >> 5, minlength=_BINS) for c in range(3)]
    ).astype(np.float32) / (3 * _WIDTH * _HEIGHT)
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
    tone = grey.astype(np.float32)
    strength = np.hypot(cv2.Sobel(tone, cv2.CV_32F, 1, 0), cv2.Sobel(tone, cv2.CV_32F, 0, 1))
    edges = np.asarray(cv2.GaussianBlur(strength, (0, 0), 1.0), np.float32)
    edges -= edges.mean()
    edges /= max(float(np.linalg.norm(edges)), 1e-6)
    return Glance(histogram.astype(np.float32), edges.astype(np.float16), grey)


def change(a: Glance, b: Glance) -> float:
    """Return how different two frames look, 0 to 1: the geometric mean of histogram and edge distance.

    Histogram distance is the L1 distance, at most 1; edge distance one minus the correlation of edge strength (0 to 1).
    """
    colours = float(np.abs(a.histogram - b.histogram).sum()) / 2
    flat = not (a.edges.any() and b.edges.any())
    shape = colours if flat else 1 - min(max(float((a.edges.astype(np.float32) * b.edges).sum()), 0.0), 1.0)
    return float(np.sqrt(min(2 * colours, 1.0) * shape))


def is_cut(before: Sequence[Glance], after: Sequence[Glance]) -> bool:
    """Say whether a new shot begins between frames and the ones after them: all of these differ from all of those.

    Args:
        before: The last frames of the one shot, up to LOOK frames of it; a shot has MIN_SHOT at least.
        after: The first frames of what may be another, as many.
    """
    if len(before) < MIN_SHOT or not after:
        return False
    return all(change(a, b) > CUT for a in reversed(before[-LOOK:]) for b in after[:LOOK])


def stillness(a: Glance, b: Glance) -> float:
    """Return the mean difference of two frames' brightness, 0 to 255."""
    return float(np.abs(a.tone.astype(np.int16) - b.tone).mean())
