"""A backend that reads who is where from a film's truth instead of looking. For tests, and for the cast's own film.

A face's embedding is its identity vector, centred on the average person and of length 1, so that drift, blend and
swap of known size arrive at the metrics exactly.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.align import TEMPLATE
from datasets.identity.backends.protocol import Backend, Prepared
from datasets.identity.errors import ModelError
from datasets.identity.faces import Face, Frame
from datasets.identity.space import Embeddings, Space

MIN_VISIBLE = 0.3
CAST_SCHEMA = 1


@dataclass(frozen=True, eq=False)
class FilmTruth:
    """Who is where in a film of T frames and P people.

    Attributes:
        boxes: (T, P, 4) float, pixels of the film; NaN where a person is out of the picture.
        visibility: (T, P) float, the share of the face that nothing covers, 0 to 1.
        identity: (T, P, K) float, each person's identity vector in each frame, zero for the average person.
        landmarks: (T, P, 5, 2) float in the order of `Face`, or nothing: then a frontal face in its box is assumed.
        noise: Standard deviation of noise added to embeddings, against length 1; the same for the same frame.
    """

    boxes: NDArray[np.floating]
    visibility: NDArray[np.floating]
    identity: NDArray[np.floating]
    landmarks: NDArray[np.floating] | None = None
    noise: float = 0.0

    def present(self, index: int) -> list[int]:
        """Return the people whose face can be seen in a frame."""
        known = np.isfinite(self.boxes[index]).all(axis=1)
        return [int(p) for p in np.flatnonzero(known & (self.visibility[index] >= MIN_VISIBLE))]


def film_truth_read(clip: Path, *, noise: float = 0.0) -> FilmTruth:
    """Read the truth that `datasets.cast` writes beside a clip: `film.truth.npz` for `film.mp4` (its schema 1).

    Raises:
        ModelError: there is none, or it is damaged or of another schema.
    """
    path = clip.with_suffix(".truth.npz")
    if not path.is_file():
        raise ModelError(
            f"There is no {path.name} beside {clip.name}: the face backend 'truth' reads what "
            "`python -m datasets.cast` writes there, and works for no other film."
        )
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if int(stored["version"]) != CAST_SCHEMA:
                raise ModelError(f"{path.name} holds truth of schema {stored['version']}, not {CAST_SCHEMA}.")
            return FilmTruth(
                boxes=stored["boxes"],
                visibility=stored["visible"],
                identity=stored["identity"],
                landmarks=stored["landmarks"],
                noise=noise,
            )
    except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
        raise ModelError(f"{path.name} is damaged: film the clip again.") from error


class TruthDetector:
    """Gives the boxes of the truth."""

    name = "truth"
    version = "1"
    licence = "none needed"
    side = 4096
    levels_tilt = False

    def __init__(self, truth: FilmTruth, rate: float = 25.0) -> None:
        self._truth = truth
        self.rate = rate

    def detect(self, frame: Frame, index: int) -> list[Face]:
        faces = []
        for person in self._truth.present(index):
            box = self._truth.boxes[index, person].astype(np.float32)
            if self._truth.landmarks is None:
                landmarks = box[:2] + TEMPLATE / np.float32(112) * (box[2:] - box[:2])
            else:
                landmarks = self._truth.landmarks[index, person].astype(np.float32)
            faces.append(Face(box, landmarks, score=0.95))
        return faces


class TruthEmbedder:
    """Gives the identity vector of the person whose face it is asked about."""

    rate = 6.0

    def __init__(self, truth: FilmTruth) -> None:
        self._truth = truth
        self.space = truth_space(truth.identity.shape[2])

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        people = self._truth.present(index)
        centres = self._truth.boxes[index, people].reshape(-1, 2, 2).mean(axis=1)
        nearest = np.linalg.norm(centres - face.box.reshape(2, 2).mean(axis=0), axis=1).argmin()
        vector = self._truth.identity[index, people[int(nearest)]]
        vector = vector / max(float(np.linalg.norm(vector)), 1e-9)
        rng = np.random.default_rng((index, int(nearest)))
        return np.asarray(vector + rng.normal(0, self._truth.noise, vector.shape) / np.sqrt(len(vector)))

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        return self.space.normalised(np.array(prepared, dtype=np.float32))


def truth_space(dimension: int) -> Space:
    """Return the space of identity vectors of so many numbers."""
    return Space(
        name="truth",
        version="1",
        licence="none needed",
        dimension=dimension,
        distance="cosine",
        threshold=0.5,
        threshold_source="half way between one person and two unrelated ones",
    )


def truth_backend(truth: FilmTruth, rate: float = 25.0) -> Backend:
    """Return detector and embedder of one film's truth, asked `rate` times a second of film."""
    return Backend("truth", TruthDetector(truth, rate), TruthEmbedder(truth))
