"""Landmarks of tilted heads, smoothed over a clip: masks and donors' eyes need them steadier than an embedder does.

How a tilt is found that landmarks do not show: datasets/identity/tilt.py. Measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from datasets.identity.backends.protocol import Detector
from datasets.identity.tilt import LEAST, hidden_tilt, turned_points
from distortions.synthesis.scene import SMOOTHING_S, Scene, Subject

Frames = NDArray[np.uint8]  # (T, H, W, 3)

_EVERY_S = 0.3
_FEW = 5  # frames of a clip that are tried first: most heads are upright all the time


def upright(scene: Scene, frames: Frames, detector: Detector) -> Scene:
    """Return the scene with the landmarks of heads that are tilted more than their landmarks show found anew.

    Args:
        scene: Of the clip.
        frames: The clip, (T, H, W, 3) uint8 RGB.
        detector: Finds the faces again; only where it does, anything changes.
    """
    return replace(scene, subjects=tuple(_righted(s, frames, scene.fps, detector) for s in scene.subjects))


def _righted(subject: Subject, frames: Frames, fps: float, detector: Detector) -> Subject:
    seen = np.flatnonzero(subject.seen > 0)
    few = seen[np.linspace(0, len(seen) - 1, min(_FEW, len(seen))).round().astype(int)]
    if not any(abs(hidden_tilt(frames[i], subject.points[i], int(i), detector)) > LEAST for i in few):
        return subject
    probed = seen[:: max(1, round(_EVERY_S * fps))]
    found = [hidden_tilt(frames[i], subject.points[i], int(i), detector) for i in probed]
    tilts = median_filter(np.array(found), size=3, mode="nearest") if found else np.zeros(1)
    if np.abs(tilts).max() < LEAST:
        return subject
    points = subject.points.copy()
    for index, tilt in zip(seen, np.interp(seen, probed, tilts), strict=True):
        points[index] = turned_points(frames[index], points[index], int(index), float(tilt), detector)
    sigma = SMOOTHING_S * fps
    for run in np.split(seen, np.flatnonzero(np.diff(seen) > 1) + 1):
        points[run] = gaussian_filter1d(points[run], sigma, axis=0, mode="nearest")
    return replace(subject, points=points)
