"""dlib's HOG detector with its five-point landmarks. Frontal faces of 40 pixels and up; slow, but needs no download.

The 68-point landmark model is left alone: it was trained on data for non-commercial use only.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.dlib_models import dlib_import, dlib_open, dlib_weights
from datasets.identity.faces import Face, Frame

UPSAMPLED = 1
# HOG's detector gives a margin: about 0 at the edge, 1 and more for a clear face.
MARGIN_SCALE = 2.5


class DlibHog:
    """One detector behind a lock: dlib holds the interpreter's lock anyway."""

    name = "dlib_hog"
    licence = "BSL-1.0, landmarks CC0-1.0"
    rate = 2.5
    side = 640
    levels_tilt = False  # it finds no head that is tilted far

    def __init__(self, models: Path | None = None) -> None:
        """Raise ModelError if dlib or its weights are missing."""
        dlib = dlib_import()
        self.version = str(dlib.__version__)
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib_open(
            dlib.shape_predictor, dlib_weights("shape_predictor_5_face_landmarks.dat")
        )
        self._lock = threading.Lock()

    def detect(self, frame: Frame, index: int) -> list[Face]:
        frame = np.ascontiguousarray(frame)
        with self._lock:
            boxes, margins, _ = self._detector.run(frame, UPSAMPLED, 0.0)
            return [
                Face(
                    box=np.array([box.left(), box.top(), box.right(), box.bottom()], dtype=np.float32),
                    landmarks=five_landmarks(self._landmarks(frame, box)),
                    score=float(1 / (1 + np.exp(-MARGIN_SCALE * margin))),
                )
                for box, margin in zip(boxes, margins, strict=True)
            ]


def five_landmarks(shape: Any) -> NDArray[np.float32]:
    """Return eyes, nose and mouth (5, 2) from dlib's eye corners and nose base.

    dlib's five points are both corners of each eye, the picture's right eye first, and the nose's base. Nose tip and
    mouth are put where an average face has them (own measure of ArcFace's template, nose base at 1.18 of the way from
    eyes to nose tip): good enough for aligning, and nothing else uses them.
    """
    points = np.array([(point.x, point.y) for point in shape.parts()], dtype=np.float32)
    right, left, base = points[:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    middle = (left + right) / 2
    down, across = base - middle, right - left
    mouth = middle + 1.72 * down
    return np.stack([left, right, middle + 0.85 * down, mouth - 0.41 * across, mouth + 0.41 * across])
