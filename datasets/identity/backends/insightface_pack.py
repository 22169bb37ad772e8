"""A pack of insightface's models in a folder of the user's. Most packs are free for non-commercial research only.

The library downloads what it misses, so the folder is looked at first, and every model is opened by its path.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from datasets.identity.backends.align import align
from datasets.identity.backends.onnx import open_network
from datasets.identity.backends.protocol import Prepared
from datasets.identity.errors import ModelError
from datasets.identity.faces import Face, Frame
from datasets.identity.models import models_folder
from datasets.identity.space import Embeddings, Space

LICENCE = "the pack's own; insightface's are for non-commercial research only"
STRIDE = 32


class PackDetector:
    """The pack's detector (SCRFD or RetinaFace)."""

    name = "insightface"
    licence = LICENCE
    rate = 5.0
    side = 640
    levels_tilt = False

    def __init__(self, models: Path | None = None) -> None:
        """Raise ModelError if there is no pack, no detector in it, or no library."""
        path, self._network = _open_pack(_pack_folder(models))["detection"]
        self._network.prepare(-1, det_thresh=0.5)
        self.version = path.stem

    def detect(self, frame: Frame, index: int) -> list[Face]:
        # The network takes sides of whole strides; the picture's own shape costs half of a square's time.
        size = tuple(-(-side // STRIDE) * STRIDE for side in frame.shape[1::-1])
        boxes, landmarks = self._network.detect(np.ascontiguousarray(frame[..., ::-1]), input_size=size)
        if landmarks is None:
            raise ModelError(
                f"The detector {self.version} of the pack gives no landmarks: choose another pack."
            )
        return [
            Face(box[:4].astype(np.float32), points.astype(np.float32), float(box[4]))
            for box, points in zip(boxes, landmarks, strict=True)
        ]


class PackEmbedder:
    """The pack's embedder."""

    rate = 3.2

    def __init__(self, models: Path | None = None) -> None:
        """Raise ModelError if there is no pack, no embedder in it, or no library."""
        path, self._network = _open_pack(_pack_folder(models))["recognition"]
        self._network.prepare(-1)
        self.space = Space(
            name="insightface",
            version=path.stem,
            licence=LICENCE,
            dimension=int(self._network.output_shape[-1]),
            distance="cosine",
            threshold=1 - 0.29,
            threshold_source="a middling value for ArcFace networks: cosine 0.29",
        )

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        return align(frame, face.landmarks)

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        rows = [self._network.get_feat(np.ascontiguousarray(crop[..., ::-1]))[0] for crop in prepared]
        return self.space.normalised(np.array(rows, dtype=np.float32))


def _pack_folder(models: Path | None) -> Path:
    """Return LIKENESS_INSIGHTFACE_PACK, or the first folder `insightface*` with networks among the models."""
    named = os.environ.get("LIKENESS_INSIGHTFACE_PACK")
    root = models_folder(models)
    folders = [Path(named).expanduser()] if named else sorted(root.glob("insightface*"))
    for folder in folders:
        if any(folder.glob("*.onnx")):
            return folder
    wanted = folders[0] if named else root / "insightface"
    raise ModelError(
        f"There is no insightface pack: put a pack's *.onnx files (a detector and an embedder) into {wanted}, or name "
        f"their folder in LIKENESS_INSIGHTFACE_PACK (licence: {LICENCE})."
    )


@lru_cache(maxsize=2)
def _open_pack(folder: Path) -> dict[str, tuple[Path, Any]]:
    """Return the pack's networks by task, each with its file."""
    try:
        zoo = importlib.import_module("insightface.model_zoo")
    except ImportError as error:
        raise ModelError(
            "The backend insightface needs its library: `pip install --no-deps insightface==2.1` and "
            f"`pip install onnx` ({error})."
        ) from error
    found: dict[str, tuple[Path, Any]] = {}
    for path in sorted(folder.glob("*.onnx")):
        open_network(path)  # says which file is damaged, which the library does not
        network = zoo.get_model(str(path), providers=["CPUExecutionProvider"])
        if network is not None:
            found.setdefault(network.taskname, (path, network))
    for task, what in (("detection", "detector"), ("recognition", "embedder")):
        if task not in found:
            raise ModelError(f"The insightface pack in {folder} has no {what} among its *.onnx files.")
    return found
