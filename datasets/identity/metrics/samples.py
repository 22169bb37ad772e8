"""A person's samples over time: what all metrics are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.identity.matching import Matching
from datasets.identity.quality import GOOD
from datasets.identity.references import Person
from datasets.identity.space import Space
from datasets.identity.tracks import Analysis


@dataclass(frozen=True, eq=False)
class PersonSamples:
    """One person in one clip: N frames in which the face is seen, S samples with embeddings.

    Attributes:
        person: Index among the people.
        name: The person's.
        fps: Of the clip.
        clip_frames: How many frames the clip has.
        frames: (N,) int32, ascending.
        times: (S,) float, seconds.
        sample_frames: (S,) int32.
        quality: (S,) float32, 0 to 1.
        embeddings: (S, D) float32.
        similarity: (S, P) float32 with each person's template.
        thumbs: (S, side, side) uint8.
        space: Of the embeddings.
    """

    person: int
    name: str
    fps: float
    clip_frames: int
    frames: NDArray[np.int32]
    times: NDArray[np.float64]
    sample_frames: NDArray[np.int32]
    quality: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    similarity: NDArray[np.float32]
    thumbs: NDArray[np.uint8]
    space: Space

    @property
    def own(self) -> NDArray[np.float32]:
        """Similarity with the person's own template, (S,)."""
        return self.similarity[:, self.person]

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which samples count: those good enough, or all of them if none is."""
        good = self.quality >= GOOD
        return good if good.any() else np.ones(len(self.quality), bool)


def person_samples(
    analysis: Analysis, matching: Matching, people: Sequence[Person], person: int
) -> PersonSamples:
    """Gather a person's tracks; without any, all arrays are empty."""
    tracks = [track for track in analysis.tracks if track.number in matching.tracks_of(person)]
    sample_frames = np.concatenate([t.sample_frames for t in tracks]) if tracks else np.zeros(0, np.int32)
    order = np.argsort(sample_frames, kind="stable")

    def joined(name: str, empty: tuple[int, ...]) -> NDArray:
        return (
            np.concatenate([getattr(t, name) for t in tracks])[order]
            if tracks
            else np.zeros(empty, np.float32)
        )

    similarity = [matching.similarities[t.number] for t in tracks]
    return PersonSamples(
        person=person,
        name=people[person].name,
        fps=analysis.fps,
        clip_frames=analysis.frames,
        frames=np.sort(np.concatenate([t.frames for t in tracks])) if tracks else np.zeros(0, np.int32),
        times=sample_frames[order] / analysis.fps,
        sample_frames=sample_frames[order],
        quality=joined("sample_quality", (0,)),
        embeddings=joined("embeddings", (0, analysis.space.dimension)),
        similarity=np.concatenate(similarity)[order] if tracks else np.zeros((0, len(people)), np.float32),
        thumbs=joined("thumbs", (0, 1, 1)).astype(np.uint8),
        space=analysis.space,
    )
