"""A clip as the reward model sees it: each person's track on a grid of moments, beside their references.

A clip is cut into equal moments, whatever its length and frame rate, so that neither matters. Numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

LIKENESS = (
    "own",  # highest similarity with any of the person's references
    "template",  # similarity with the references' mean
    "other",  # highest similarity with another person's mean; 0 where there is nobody else
    "margin",  # template less other
    "neighbour",  # similarity with the moment before
    "typical",  # similarity with the person's mean over this clip
    "quality",
    "seen",
)
"""What is measured at each moment, in the order of `Clip.likeness`."""


@dataclass(frozen=True, eq=False)
class Track:
    """One person's face through one clip, as a release has it.

    Attributes:
        frames: (N,) int32, frames in which the face is seen, rising.
        quality: (N,) float32, 0 to 1.
        sample_frames: (S,) int32, frames with an embedding, rising.
        embeddings: (S, D) float32.
    """

    frames: NDArray[np.int32]
    quality: Vectors
    sample_frames: NDArray[np.int32]
    embeddings: Vectors


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip of P people at T moments; embeddings have D numbers and length 1.

    Attributes:
        key: sha256 of the file.
        frames: How many the clip has.
        people: Who should be in it, P.
        references: For each of them (R, D) float32, R at least 1.
        embeddings: (P, T, D) float32, 0 where there is none.
        present: (P, T) bool, whether there is one.
        seen: (P, T) float32, share of the moment's frames in which the face is seen.
        likeness: (P, T, len(LIKENESS)) float32, 0 where there is no embedding but for `seen`.
    """

    key: str
    frames: int
    people: tuple[str, ...]
    references: tuple[Vectors, ...]
    embeddings: Vectors
    present: NDArray[np.bool_]
    seen: Vectors
    quality: Vectors
    likeness: Vectors

    @property
    def steps(self) -> int:
        return self.present.shape[1]

    def moment_of(self, frame: int) -> int:
        """Return the moment that a frame lies in."""
        return min(int(frame * self.steps / max(self.frames, 1)), self.steps - 1)

    def frame_of(self, moment: float) -> float:
        """Return the middle frame of a moment."""
        return (moment + 0.5) * self.frames / self.steps - 0.5

    def reordered(self, order: Sequence[int]) -> Clip:
        """Return the same clip with its people in another order."""
        places = list(order)
        return replace(
            self,
            people=tuple(self.people[i] for i in places),
            references=tuple(self.references[i] for i in places),
            embeddings=self.embeddings[places],
            present=self.present[places],
            seen=self.seen[places],
            quality=self.quality[places],
            likeness=self.likeness[places],
        )

    def changed(self, *, references: int | None = None, every: int = 1) -> Clip:
        """Return the clip with so many references of each person, and with every so-and-so-many-th moment alone."""
        own = tuple(each[:references] for each in self.references)
        present = self.present.copy()
        present[:, np.arange(self.steps) % every > 0] = False
        embeddings = self.embeddings * present[..., None]
        padded, there = padded_references([own])
        arrays = (embeddings[None], present[None], self.quality[None], self.seen[None])
        likeness = likeness_of(padded, there, *arrays)[0]
        return replace(self, references=own, present=present, embeddings=embeddings, likeness=likeness)


def clip_of(
    key: str,
    frames: int,
    people: Sequence[str],
    references: Sequence[Vectors],
    tracks: Sequence[Track | None],
    *,
    steps: int,
) -> Clip:
    """Put tracks on a grid.

    Args:
        key: sha256 of the clip's file.
        frames: How many it has.
        people: Who should be in it.
        references: For each of them (R, D), R at least 1.
        tracks: For each of them their track, or nothing where they were not found.
        steps: Moments, T.
    """
    units = tuple(_unit(each) for each in references)
    dimension = units[0].shape[1]
    shape = (len(people), steps)
    embeddings = np.zeros((*shape, dimension), np.float32)
    present, seen, quality = np.zeros(shape, bool), np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for place, track in enumerate(tracks):
        if track is not None and frames > 0:
            embeddings[place], present[place], seen[place], quality[place] = _on_grid(track, frames, steps)
    padded, there = padded_references([units])
    likeness = likeness_of(padded, there, embeddings[None], present[None], quality[None], seen[None])[0]
    return Clip(key, frames, tuple(people), units, embeddings, present, seen, quality, likeness)


def likeness_of(
    references: Vectors,
    has_reference: NDArray[np.bool_],
    embeddings: Vectors,
    present: NDArray[np.bool_],
    quality: Vectors,
    seen: Vectors,
) -> Vectors:
    """Return how alike faces are to references and to one another, (B, P, T, len(LIKENESS)) float32.

    Args:
        references: (B, P, R, D), length 1.
        has_reference: (B, P, R) bool; people without any are padding.
        embeddings: (B, P, T, D), length 1, 0 where there is none.
        present: (B, P, T) bool.
        quality, seen: (B, P, T).
    """
    templates = _unit((references * has_reference[..., None]).sum(axis=2))  # (B, P, D)
    alike = np.matmul(embeddings, references.swapaxes(-1, -2))  # (B, P, T, R)
    own = np.where(has_reference[:, :, None], alike, -1).max(axis=3)
    every = np.matmul(embeddings, templates.swapaxes(-1, -2)[:, None])  # (B, P, T, P)
    people = np.arange(every.shape[1])
    template = every[:, people, :, people].swapaxes(0, 1)
    known: NDArray[np.bool_] = np.asarray(has_reference.any(axis=2))
    others: NDArray[np.bool_] = np.asarray(
        ~np.eye(len(people), dtype=bool)[None] & known[:, None]
    )  # (B, P, P)
    # Nobody else: 0, as far from anybody's face as strangers are at the most, so that a margin means the same.
    other = np.where(others[:, :, None], every, -1).max(axis=3)
    other = np.where(np.asarray(others.any(axis=2))[..., None], other, 0)
    typical = _unit((embeddings * (quality * present)[..., None]).sum(axis=2))
    columns = [
        own,
        template,
        other,
        template - other,
        _with_neighbour(embeddings, present),
        np.matmul(embeddings, typical[..., None])[..., 0],
        quality,
    ]
    measured = np.stack(columns, axis=-1) * present[..., None]
    return np.concatenate([measured, seen[..., None]], axis=-1).astype(np.float32)


def padded_references(references: Sequence[Sequence[Vectors]]) -> tuple[Vectors, NDArray[np.bool_]]:
    """Return references of clips and people as (B, P, R, D), and which there are (B, P, R)."""
    people, most = max(map(len, references)), max(len(each) for own in references for each in own)
    padded = np.zeros((len(references), people, most, references[0][0].shape[1]), np.float32)
    there = np.zeros(padded.shape[:3], bool)
    for b, own in enumerate(references):
        for p, each in enumerate(own):
            padded[b, p, : len(each)], there[b, p, : len(each)] = each, True
    return padded, there


def _with_neighbour(embeddings: Vectors, present: NDArray[np.bool_]) -> Vectors:
    """Return the similarity of each moment (B, P, T) with the last one before it that has a face; 1 for the first."""
    found = np.ones(present.shape, np.float32)
    last, known = embeddings[:, :, 0], present[:, :, 0]
    for t in range(1, present.shape[2]):
        here = present[:, :, t]
        alike = (embeddings[:, :, t] * last).sum(axis=-1)
        found[:, :, t] = np.where(here & known, alike, 1)
        last = np.where(here[..., None], embeddings[:, :, t], last)
        known = known | here
    return found


def _on_grid(track: Track, frames: int, steps: int) -> tuple[Vectors, NDArray[np.bool_], Vectors, Vectors]:
    """Return embeddings (T, D), whether there is one (T,), share of frames seen (T,) and quality (T,)."""
    edges = np.linspace(0, frames, steps + 1)
    length = np.maximum(np.diff(np.ceil(edges)), 1)
    where = np.minimum((track.frames * steps / frames).astype(int), steps - 1)
    seen = np.minimum(np.bincount(where, minlength=steps) / length, 1).astype(np.float32)
    total = np.bincount(where, weights=track.quality, minlength=steps)
    quality = (total / np.maximum(np.bincount(where, minlength=steps), 1)).astype(np.float32)
    embeddings = np.zeros((steps, track.embeddings.shape[1]), np.float32)
    at = np.minimum((track.sample_frames * steps / frames).astype(int), steps - 1)
    np.add.at(embeddings, at, _unit(track.embeddings))
    present = np.bincount(at, minlength=steps) > 0
    # Between samples, a face that is seen looks as at the nearest one, a step away at the most.
    lent = embeddings.copy()
    for step in np.flatnonzero(~present & (seen > 0)).tolist():
        near = [other for other in (step - 1, step + 1) if 0 <= other < steps and present[other]]
        if near:
            lent[step] = embeddings[near].sum(axis=0)
    filled = present | (np.abs(lent).sum(axis=1) > 0)
    # A clip of fewer frames than moments: what lies in no moment of its own is seen as in the one before.
    for step in range(1, steps):
        if edges[step + 1] - edges[step] < 1 and not filled[step] and not _has_frame(edges, step):
            lent[step], filled[step] = lent[step - 1], filled[step - 1]
            seen[step], quality[step] = seen[step - 1], quality[step - 1]
    return _unit(lent), filled, seen, quality


def _has_frame(edges: NDArray[np.float64], step: int) -> bool:
    return bool(np.ceil(edges[step]) < edges[step + 1])


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
