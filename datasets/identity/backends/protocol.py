"""What a detector and an embedder are. Each file beside this one is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from datasets.identity.faces import Face, Frame
from datasets.identity.space import Embeddings, Space

Prepared = NDArray[Any]


class Detector(Protocol):
    """Finds faces. May be called from several threads.

    `rate` is how many frames a second of film it can be asked for; between them faces are tracked. `side` is the
    length that a frame's longer side is scaled down to before detection. `levels_tilt` says that it finds tilted heads
    and puts their landmarks as if they were upright, see tilt.py.
    """

    name: str
    version: str
    licence: str
    rate: float
    side: int
    levels_tilt: bool

    def detect(self, frame: Frame, index: int) -> list[Face]:
        """Return the faces in (H, W, 3) uint8 RGB; `index` is the frame's number in its clip."""
        ...


class Embedder(Protocol):
    """Turns faces into embeddings. May be called from several threads.

    `rate` is how many faces of a person it can be asked for in a second of film.
    """

    space: Space
    rate: float

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        """Return the small part of the frame that `embed` needs, so that the frame can be let go."""
        ...

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        """Return (N, D) float32, normalised as the space says."""
        ...


@dataclass(frozen=True)
class Backend:
    """A detector and an embedder that work together."""

    name: str
    detector: Detector
    embedder: Embedder

    @property
    def space(self) -> Space:
        return self.embedder.space

    @property
    def key(self) -> str:
        """Names everything that decides what an analysis finds."""
        tilt = "-upright" if self.detector.levels_tilt else ""
        return f"{self.detector.name}@{self.detector.version}{tilt}+{self.space.key}"

    def embed_faces(self, frame: Frame, faces: Sequence[Face], index: int = 0) -> Embeddings:
        """Return the embeddings (N, D) of faces of one frame."""
        if not faces:
            return np.zeros((0, self.space.dimension), np.float32)
        return self.embedder.embed([self.embedder.prepare(frame, face, index) for face in faces])
