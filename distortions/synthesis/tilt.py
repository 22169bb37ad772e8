"""Landmarks of tilted heads: some detectors find a head on its side, and put its landmarks as if it were upright.

YuNet's eyes lie within 9 degrees of level on a head tilted by 35: everything that is built on such points, from the
mask to the donor's eyes, comes to lie beside the face. Its score, though, is highest where the head is upright: so the
face is turned a few degrees to both sides, and where that finds it better, found anew there.

Source: own; seen and measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from datasets.identity.backends.protocol import Detector
from distortions.synthesis.canonical import Matrix, Points, inverted
from distortions.synthesis.scene import SMOOTHING_S, Scene, Subject

Frame = NDArray[np.uint8]  # (H, W, 3), RGB
Frames = NDArray[np.uint8]  # (T, H, W, 3)

STEP = 20.0
"""Degrees to each side. Scores are flat on top: less tells nothing."""
LARGEST = 60.0
LEAST = 16.0
"""Smaller tilts that the landmarks do not show are left, for the score's peak is no finer: on upright heads of the cast
it lies up to 13 degrees aside."""
_EVERY_S = 0.3
_FEW = 5  # frames of a clip that are tried first: most heads are upright all the time
_ROOM = 6.0  # side of the turned crop, in distances between the eyes
_MOST_EYES = 32.0  # pixels between the eyes: larger faces are made smaller, which is quicker and no worse
_NEAR = 1.2  # of those: a face farther from the crop's middle is somebody else's


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


def hidden_tilt(frame: Frame, points: Points, index: int, detector: Detector) -> float:
    """Return by how many degrees a head is tilted (clockwise) beyond what its landmarks (5, 2) show, 0 if unknown."""
    scores = {0.0: _score(frame, points, index, 0.0, detector)}
    if scores[0.0] == 0:
        return 0.0
    best = 0.0
    while abs(best) < LARGEST:
        for neighbour in (best - STEP, best + STEP):
            if neighbour not in scores:
                scores[neighbour] = _score(frame, points, index, neighbour, detector)
        highest = max(scores, key=lambda tilt: scores[tilt])
        if highest == best:
            break
        best = highest
    return _peak(best, [scores.get(best + step, 0.0) for step in (-STEP, 0.0, STEP)])


def _peak(best: float, scores: Sequence[float]) -> float:
    """Return where a parabola through the best score and its neighbours is highest, degrees."""
    left, middle, right = scores
    bend = left - 2 * middle + right
    return best + (STEP * 0.5 * (left - right) / bend if bend < -1e-6 else 0.0)


def _score(frame: Frame, points: Points, index: int, tilt: float, detector: Detector) -> float:
    found = found_turned(frame, points, index, tilt, detector)
    return found[0] if found else 0.0


def turned_points(frame: Frame, points: Points, index: int, tilt: float, detector: Detector) -> Points:
    """Return a head's landmarks (5, 2) as found with it turned upright; without a find the old ones, turned."""
    found = found_turned(frame, points, index, tilt, detector)
    if found:
        return found[1]
    middle, angle = points.mean(axis=0), np.radians(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return ((points - middle) @ turn.T + middle).astype(np.float32)


def found_turned(
    frame: Frame, points: Points, index: int, tilt: float, detector: Detector
) -> tuple[float, Points] | None:
    """Return a detector's score and landmarks (5, 2) of a face, turned back by its landmarks' tilt and some more."""
    middle = points.mean(axis=0)
    eyes = max(float(np.linalg.norm(points[1] - points[0])), 8.0)
    matrix, side = turning(points, tilt, eyes)
    crop = cv2.warpAffine(frame, matrix, (side, side), borderMode=cv2.BORDER_REPLICATE)
    back = inverted(matrix)
    near = []
    for face in detector.detect(np.ascontiguousarray(crop, np.uint8), index):
        places = (face.landmarks @ back[:, :2].T + back[:, 2]).astype(np.float32)
        if np.linalg.norm(places.mean(axis=0) - middle) < _NEAR * eyes:
            near.append((float(face.score), places))
    return max(near, key=lambda each: each[0]) if near else None


def turning(points: Points, tilt: float, eyes: float) -> tuple[Matrix, int]:
    """Return the way (2, 3) from the frame to a square about a face, turned upright, and the square's side."""
    scale = min(1.0, _MOST_EYES / eyes)
    middle, side = points.mean(axis=0), max(48, round(_ROOM * eyes * scale))
    line = points[1] - points[0]
    roll = float(np.degrees(np.arctan2(line[1], line[0])))
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), roll + tilt, scale)
    matrix[:, 2] += side / 2 - middle
    return np.asarray(matrix, np.float64), side
