"""YuNet: a small detector with five landmarks, through OpenCV. MIT. Source: OpenCV Zoo, Wu et al. 2023."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np

from datasets.identity.errors import ModelError
from datasets.identity.faces import Face, Frame
from datasets.identity.models import model_find

# The largest faces of a crowd come first; a clip of more people than this is out of scope.
MAX_FACES = 64
SCORE = 0.6
OVERLAP = 0.3


class YuNet:
    """`cv2.FaceDetectorYN`, one instance a thread because it keeps state between calls."""

    name = "yunet"
    licence = "MIT"
    rate = 9.0
    side = 480
    levels_tilt = True

    def __init__(self, models: Path | None = None) -> None:
        """Find the weights, and raise ModelError if they are missing or not YuNet's."""
        found = model_find("yunet", models)
        self.version = found.version
        self._weights = found.path
        self._local = threading.local()
        self._network()

    def detect(self, frame: Frame, index: int) -> list[Face]:
        network = self._network()
        height, width = frame.shape[:2]
        network.setInputSize((width, height))
        # OpenCV gives None, not an empty array, when there is no face.
        found: np.ndarray | None = network.detect(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))[1]
        return [] if found is None else [_face(row) for row in found[:MAX_FACES]]

    def _network(self) -> cv2.FaceDetectorYN:
        if not hasattr(self._local, "network"):
            try:
                self._local.network = cv2.FaceDetectorYN.create(
                    str(self._weights), "", (320, 320), SCORE, OVERLAP, 1000
                )
            except cv2.error as error:
                raise ModelError(
                    f"{self._weights} cannot be read as the YuNet face detector: fetch it again."
                ) from error
        return self._local.network


def _face(row: np.ndarray) -> Face:
    x, y, width, height = row[:4]
    return Face(
        box=np.array([x, y, x + width, y + height], dtype=np.float32),
        landmarks=np.array(row[4:14], dtype=np.float32).reshape(5, 2),
        score=float(min(max(row[14], 0), 1)),
    )
