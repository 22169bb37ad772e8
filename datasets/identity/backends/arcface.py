"""Any ArcFace-style network in one ONNX file: 112x112 RGB, (x - 127.5) / 127.5, one vector out.

Source of the convention: insightface's `arcface_torch`. Licence and threshold are the file's own; for a file that we
do not know, the threshold is a middling one and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.identity.backends.align import SIDE, align
from datasets.identity.backends.onnx import open_network
from datasets.identity.backends.protocol import Prepared
from datasets.identity.errors import ModelError
from datasets.identity.faces import Face, Frame
from datasets.identity.models import model_find
from datasets.identity.space import Embeddings, Space


class ArcFace:
    """One ONNX file through onnxruntime."""

    rate = 3.2

    def __init__(self, models: Path | None = None, model: str = "mobilefacenet") -> None:
        """Find the weights, and raise ModelError if they are missing or of another kind."""
        found = model_find(model, models)
        self._network = open_network(found.path)
        self._input = self._network.get_inputs()[0].name
        shape = self._network.get_inputs()[0].shape
        if list(shape[1:]) != [3, SIDE, SIDE]:
            raise ModelError(
                f"{found.path} takes pictures of {shape[1:]}, not the [3, 112, 112] of an ArcFace network."
            )
        self.space = Space(
            name=model,
            version=found.version,
            licence=found.licence,
            dimension=int(self._network.get_outputs()[0].shape[-1]),
            distance="cosine",
            threshold=1 - 0.29,
            threshold_source="best of 600 pairs of LFW: cosine 0.29 (docs/experiments/identity.md)",
        )

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        return align(frame, face.landmarks)

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        # One at a time: many published files fix the batch to one.
        rows = [self._network.run(None, {self._input: _input(crop)})[0][0] for crop in prepared]
        return self.space.normalised(np.array(rows, dtype=np.float32))


def _input(crop: Prepared) -> np.ndarray:
    return ((crop.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
