"""Which parts of a face can be seen: what is not skin and reaches in from outside lies in front.

Colour alone, so things of skin's colour (a hand, a brown wall), steam and beards deceive it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from distortions.synthesis.canonical import canonical_points, cut_out, eye_pixels, to_canonical
from distortions.synthesis.masks import face_oval
from distortions.synthesis.scene import Subject

SIDE = 64
Visibility = NDArray[np.float32]  # (T, SIDE, SIDE), 0 hidden to 1 seen

_FAR = 1.0  # scaled colour distance from which a pixel is no skin
_SCALE = np.array([65.0, 22.0, 22.0], np.float32)  # L varies with shading, a and b hardly
_LEAST = 0.02  # of the face: less is taken for noise
_SMOOTHING = 1.2  # frames, sigma


def face_visibility(
    frames: NDArray[np.uint8], subject: Subject, indices: Sequence[int] | None = None
) -> Visibility:
    """Return what can be seen of a face in each of its frames, 1 everywhere where the face is not there.

    Args:
        frames: (T, H, W, 3) uint8 RGB.
        subject: Whose.
        indices: Only these frames, without smoothing over time; all of them by default.
    """
    chosen = range(len(frames)) if indices is None else indices
    seen = np.ones((len(chosen), SIDE, SIDE), np.float32)

    def look(place: int) -> None:
        index = chosen[place]
        if subject.seen[index] > 0:
            matrix = to_canonical(subject.points[index], SIDE)
            seen[place] = visible_part(cut_out(frames[index], matrix, SIDE), float(subject.yaw[index]))

    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        list(pool.map(look, range(len(chosen))))
    if indices is None and len(chosen):
        seen = gaussian_filter1d(seen, _SMOOTHING, axis=0, mode="nearest")
    return seen


def visible_part(crop: NDArray[np.float32], yaw: float) -> NDArray[np.float32]:
    """Return (SIDE, SIDE) float32, 0 to 1, for a canonical crop (SIDE, SIDE, 3) of 0 to 255."""
    lab = cv2.cvtColor(cv2.GaussianBlur(crop, (0, 0), 0.8) / np.float32(255), cv2.COLOR_RGB2LAB)
    skin = np.median(lab[_cheeks()], axis=0)
    strange = (((lab - skin) / _SCALE) ** 2).sum(axis=2) > _FAR**2
    oval = face_oval(SIDE, yaw) > 0.5
    strange &= ~_features()
    count, labels = cv2.connectedComponents((strange | ~oval).astype(np.uint8), connectivity=4)
    if count < 2:
        return np.ones((SIDE, SIDE), np.float32)
    outside = labels == labels[0, 0]
    hidden = (outside & oval).astype(np.uint8)
    hidden = cv2.morphologyEx(hidden, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    if hidden.sum() < _LEAST * oval.sum():
        return np.ones((SIDE, SIDE), np.float32)
    hidden = cv2.dilate(hidden, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(hidden.astype(np.float32), (0, 0), 1.2)
    return np.asarray(1 - soft, np.float32)


def _cheeks() -> NDArray[np.bool_]:
    points, unit = canonical_points(SIDE), eye_pixels(SIDE)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for eye in points[:2]:
        cv2.circle(mask, (round(float(eye[0])), round(float(eye[1] + 0.62 * unit))), round(0.2 * unit), 1, -1)
    return mask > 0


def _features() -> NDArray[np.bool_]:
    """Return where eyes, brows and mouth are: not skin, and yet the face's own."""
    points, unit = canonical_points(SIDE), eye_pixels(SIDE)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    for eye in points[:2]:
        centre = (round(float(eye[0])), round(float(eye[1] - 0.12 * unit)))
        cv2.ellipse(mask, centre, (round(0.42 * unit), round(0.40 * unit)), 0, 0, 360, 1, -1)
    return mask > 0
