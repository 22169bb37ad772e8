"""How far a face has gone from itself: distorted against untouched in the same frame, by one embedder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.protocol import Backend, Embedder
from datasets.identity.faces import Face, box_overlaps
from datasets.identity.space import Embeddings, Space
from datasets.identity.tilt import found_turned
from distortions.synthesis.scene import Subject

Frame = NDArray[np.uint8]

_ROOM = 0.6  # of the box, on each side, for the detector
_LEAST_OVERLAP = 0.25
_TILTED = 12.0  # degrees from which a head is turned upright for the detector


def change(space: Space, a: Embeddings, b: Embeddings) -> NDArray[np.float32]:
    """Return how far embeddings b (N, D) are from a (N, D): 0 the same, 1 the threshold for one person, (N,).

    (1 - cosine) / (1 - threshold), and for Euclidean spaces the squared distance over the squared threshold, which is
    the same thing for vectors of equal length: so one scale serves all embedders.
    """
    if space.distance == "cosine":
        return ((1 - (a * b).sum(axis=1)) / space.threshold).astype(np.float32)
    return (((a - b) ** 2).sum(axis=1) / space.threshold**2).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Look:
    """A subject's face as it was found in one frame: its embedding (D,), and whether a detector saw it."""

    embedding: NDArray[np.float32]
    detected: bool


def look_at(
    frame: Frame, subject: Subject, index: int, backend: Backend, embedder: Embedder | None = None
) -> Look:
    """Find a subject's face in a frame and embed it; where no detector sees it, at its tracked landmarks.

    Args:
        frame: (H, W, 3) uint8 RGB, number `index` of the clip or a changed copy of it.
        subject: Whose face.
        index: The frame's number.
        backend: Detector, and embedder unless another is given.
        embedder: Instead of the backend's own.
    """
    face = _found(frame, subject, index, backend)
    used = face or Face(subject.box(index), subject.points[index], 1.0)
    embedder = embedder or backend.embedder
    return Look(embedder.embed([embedder.prepare(frame, used, index)])[0], face is not None)


class Looks:
    """Looks at the untouched frames of one clip. Each is taken once, however many things are made of the clip."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, int], Look] = {}

    def at(
        self, frame: Frame, subject: Subject, index: int, backend: Backend, embedder: Embedder | None = None
    ) -> Look:
        """Return `look_at` of an untouched frame."""
        key = (subject.name, (embedder or backend.embedder).space.key, index)
        if key not in self._taken:
            self._taken[key] = look_at(frame, subject, index, backend, embedder)
        return self._taken[key]


def look_at_all(
    frames: Sequence[Frame],
    subject: Subject,
    indices: Sequence[int],
    backend: Backend,
    embedder: Embedder | None = None,
    *,
    looks: Looks | None = None,
) -> tuple[Embeddings, NDArray[np.bool_]]:
    """Return embeddings (N, D) and whether the face was detected (N,), for frames with these numbers.

    `looks` remembers them, which is right for untouched frames alone.
    """
    take = looks.at if looks else look_at
    found = [
        take(frame, subject, index, backend, embedder) for frame, index in zip(frames, indices, strict=True)
    ]
    dimension = (embedder or backend.embedder).space.dimension
    embeddings = np.array([look.embedding for look in found], np.float32).reshape(-1, dimension)
    return embeddings, np.array([look.detected for look in found], bool)


def _found(frame: Frame, subject: Subject, index: int, backend: Backend) -> Face | None:
    box = subject.box(index)
    if abs(subject.roll[index]) > _TILTED:
        turned = found_turned(frame, subject.points[index], index, 0.0, backend.detector)
        return Face(box, turned[1], turned[0]) if turned else None
    room = _ROOM * (box[2:] - box[:2])
    x0, y0 = np.maximum(np.floor(box[:2] - room).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(box[2:] + room).astype(int), (frame.shape[1], frame.shape[0]))
    if x1 - x0 < 16 or y1 - y0 < 16:
        return None
    part = np.ascontiguousarray(frame[y0:y1, x0:x1])
    # Room for faces near the border, and sides that detectors take.
    shift = np.array([x0, y0], np.float32)
    faces = [
        Face(f.box + np.tile(shift, 2), f.landmarks + shift, f.score)
        for f in backend.detector.detect(part, index)
    ]
    if not faces:
        return None
    overlaps = box_overlaps(np.stack([f.box for f in faces]), box[None])[:, 0]
    best = int(overlaps.argmax())
    return faces[best] if overlaps[best] >= _LEAST_OVERLAP else None
