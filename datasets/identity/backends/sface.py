"""SFace: an embedder of 128 numbers, through OpenCV. Apache-2.0. Source: OpenCV Zoo, Zhong et al. 2021."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from datasets.identity.backends.align import align
from datasets.identity.backends.protocol import Prepared
from datasets.identity.errors import ModelError
from datasets.identity.faces import Face, Frame
from datasets.identity.models import model_find
from datasets.identity.space import Embeddings, Space


class SFace:
    """`cv2.FaceRecognizerSF`, one instance a thread."""

    rate = 3.2

    def __init__(self, models: Path | None = None) -> None:
        """Find the weights, and raise ModelError if they are missing or not SFace's."""
        found = model_find("sface", models)
        self._weights = found.path
        self._local = threading.local()
        self._network()
        self.space = Space(
            name="sface",
            version=found.version,
            licence="Apache-2.0",
            dimension=128,
            distance="cosine",
            threshold=1 - 0.363,
            threshold_source="OpenCV's documentation of FaceRecognizerSF: cosine 0.363, on LFW",
        )

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        return align(frame, face.landmarks)

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        network = self._network()
        rows = [network.feature(cv2.cvtColor(crop, cv2.COLOR_RGB2BGR)).copy() for crop in prepared]
        return self.space.normalised(np.array(rows, dtype=np.float32))

    def _network(self) -> cv2.FaceRecognizerSF:
        if not hasattr(self._local, "network"):
            try:
                self._local.network = cv2.FaceRecognizerSF.create(str(self._weights), "")
            except cv2.error as error:
                raise ModelError(
                    f"{self._weights} cannot be read as the SFace embedder: fetch it again."
                ) from error
        return self._local.network
