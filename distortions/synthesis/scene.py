"""Who is where in a clip, made ready for distortion: landmarks without jitter or gaps, and how far to trust them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from datasets.identity.faces import yaw_proxy
from datasets.identity.matching import Matching
from datasets.identity.tracks import Analysis, Track
from distortions.synthesis.canonical import Matrix, side_for, to_canonical
from distortions.synthesis.errors import NoFaces, SynthesisError
from distortions.synthesis.masks import smoothstep

SMOOTHING_S = 0.08
"""Sigma of the Gaussian over landmarks, seconds. Raw ones jitter by a pixel; more than this lags behind a walker."""
BRIDGED_S = 0.4
"""Gaps up to this are interpolated; longer ones split the face's time on screen."""
FADE_S = 0.12
"""A distortion comes and goes this fast where a face's track begins or ends in the middle of a shot."""
LEAST_S = 0.5
"""A face seen for less cannot be distorted."""
# Beyond this yaw the five points are a guess, and so is everything built on them.
_LOST_YAW = (0.55, 0.7)
# Middles of two faces, in distances between the larger one's eyes: side by side they are about 2 apart.
_CROSSING = (0.9, 1.4)


@dataclass(frozen=True, eq=False)
class Subject:
    """One person through one clip of T frames.

    Attributes:
        name: The person, or "track N" where nobody was matched.
        points: (T, 5, 2) float32, landmarks in pixels, smoothed; anything where `seen` is 0.
        seen: (T,) float32, 0 to 1: whether the face is there, with short fades where its track begins or ends.
        quality: (T,) float32, 0 to 1, the tracker's.
        embedding: (D,) mean over the clip by the embedder that tracked, or nothing.
    """

    name: str
    points: NDArray[np.float32]
    seen: NDArray[np.float32]
    quality: NDArray[np.float32]
    embedding: NDArray[np.float32] | None = None

    @cached_property
    def yaw(self) -> NDArray[np.float32]:
        """(T,) how far the face is turned (`faces.yaw_proxy`), 0 where it is not seen."""
        return np.where(self.seen > 0, yaw_proxy(self.points), 0).astype(np.float32)

    @cached_property
    def pitch(self) -> NDArray[np.float32]:
        """(T,) where the nose lies between eyes and mouth, 0 to 1; larger when looking down."""
        eyes, mouth = self.points[:, :2].mean(axis=1), self.points[:, 3:].mean(axis=1)
        axis = mouth - eyes
        along = ((self.points[:, 2] - eyes) * axis).sum(axis=1)
        return (along / np.maximum((axis**2).sum(axis=1), 1e-3)).astype(np.float32)

    @cached_property
    def roll(self) -> NDArray[np.float32]:
        """(T,) how far the head is tilted clockwise by its landmarks, degrees."""
        line = self.points[:, 1] - self.points[:, 0]
        return np.degrees(np.arctan2(line[:, 1], line[:, 0])).astype(np.float32)

    @cached_property
    def aspect(self) -> NDArray[np.float32]:
        """(T,) from eyes to mouth in distances between the eyes."""
        eyes, mouth = self.points[:, :2].mean(axis=1), self.points[:, 3:].mean(axis=1)
        return (np.linalg.norm(mouth - eyes, axis=1) / self.eye_distances).astype(np.float32)

    @cached_property
    def eye_distances(self) -> NDArray[np.float32]:
        """(T,) pixels between the eyes, at least 1."""
        gaps = np.linalg.norm(self.points[:, 1] - self.points[:, 0], axis=1)
        return np.maximum(gaps, 1).astype(np.float32)

    @cached_property
    def side(self) -> int:
        """Side of the canonical square for this face, pixels."""
        seen = self.seen > 0
        return side_for(float(np.median(self.eye_distances[seen])) if seen.any() else 0.0)

    def matrix(self, frame: int) -> Matrix:
        """Return the way from a frame to the canonical square."""
        return to_canonical(self.points[frame], self.side)

    def box(self, frame: int) -> NDArray[np.float32]:
        """Return the face's box (4,), about as a detector draws it, from the landmarks."""
        middle = self.points[frame].mean(axis=0)
        size = max(
            float(self.eye_distances[frame]),
            float(self.aspect[frame] * self.eye_distances[frame]) * 0.9,
        )
        reach = np.array([1.05, 1.35]) * size
        return np.concatenate([middle - reach, middle + reach]).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Scene:
    """What is known of a clip.

    Attributes:
        frames: T.
        fps: Frames a second.
        size: (width, height), pixels.
        subjects: Largest faces first.
        cuts: First frames of all shots but the first.
    """

    frames: int
    fps: float
    size: tuple[int, int]
    subjects: tuple[Subject, ...]
    cuts: tuple[int, ...] = ()

    def subject(self, index: int) -> Subject:
        """Return a subject. Raises NoFaces if the clip has not so many."""
        if not 0 <= index < len(self.subjects):
            count = {0: "no face that", 1: "one person who"}.get(
                len(self.subjects), f"{len(self.subjects)} people who"
            )
            raise NoFaces(f"The clip has {count} can be distorted; number {index + 1} was asked for.")
        return self.subjects[index]

    def require(self, people: int) -> None:
        """Raise NoFaces unless so many people can be distorted."""
        if not self.subjects:
            raise NoFaces("The clip has no face that is large and long enough on screen to be distorted.")
        if len(self.subjects) < people:
            raise NoFaces(
                f"The recipe needs {people} people; only {len(self.subjects)} of the clip can be distorted."
            )

    def check(self, frames: NDArray[np.uint8]) -> None:
        """Raise SynthesisError unless frames (T, H, W, 3) uint8 are the clip that this scene is of."""
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3:
            raise SynthesisError(f"Frames are (T, H, W, 3) uint8, got {frames.shape} {frames.dtype}.")
        if len(frames) and frames.shape[:3] != (self.frames, self.size[1], self.size[0]):
            raise SynthesisError(
                f"The tracks are of {self.frames} frames of {self.size[0]}×{self.size[1]}, the clip has {len(frames)} "
                f"of {frames.shape[2]}×{frames.shape[1]}: analyse the clip again."
            )


def scene_of(
    analysis: Analysis,
    matching: Matching | None = None,
    *,
    size: tuple[int, int] | None = None,
    least_eyes: float = 12.0,
) -> Scene:
    """Return the scene of an analysed clip: matched people first by size, everybody where nobody is matched.

    Args:
        analysis: Of the clip.
        matching: Who the tracks are; without it every track is somebody.
        size: (width, height) of the frames in hand, if they are not the clip's own.
        least_eyes: Smaller faces are left alone, pixels between the eyes.
    """
    size = size or (analysis.width, analysis.height)
    scale = np.float32(size[0] / analysis.width)
    groups = list(_groups(analysis, matching))
    subjects = [_subject(name, tracks, analysis, scale) for name, tracks in groups]
    subjects = [
        s for s in subjects if (s.seen > 0).sum() >= LEAST_S * analysis.fps and _eyes(s) >= least_eyes
    ]
    subjects.sort(key=lambda s: -_eyes(s))
    return Scene(analysis.frames, analysis.fps, size, apart(subjects), analysis.cuts)


def apart(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """Return the subjects, left alone where two faces lie on one another: tracks cannot tell who is in front."""
    low, high = _CROSSING
    kept = []
    for subject in subjects:
        seen = subject.seen.copy()
        for other in subjects:
            if other is not subject:
                gap = np.linalg.norm(subject.points.mean(axis=1) - other.points.mean(axis=1), axis=1)
                gap /= np.maximum(subject.eye_distances, other.eye_distances)
                free = smoothstep((gap - low) / (high - low))
                seen *= np.where((subject.seen > 0) & (other.seen > 0), free, 1).astype(np.float32)
        kept.append(replace(subject, seen=seen))
    return tuple(kept)


def still_scene(points: NDArray[np.float32], size: tuple[int, int], name: str = "donor") -> Scene:
    """Return the scene of one picture with one face, landmarks (5, 2)."""
    one = np.ones(1, np.float32)
    return Scene(1, 1.0, size, (Subject(name, points[None].astype(np.float32), one, one),))


def _groups(analysis: Analysis, matching: Matching | None) -> Iterator[tuple[str, list[Track]]]:
    people = {track.number: track for track in analysis.people}
    if matching is None:
        yield from ((f"track {number}", [track]) for number, track in people.items())
        return
    for person, name in enumerate(matching.people):
        tracks = [people[number] for number in matching.tracks_of(person) if number in people]
        if tracks:
            yield name, tracks


def _eyes(subject: Subject) -> float:
    return float(np.median(subject.eye_distances[subject.seen > 0])) if (subject.seen > 0).any() else 0.0


def _subject(name: str, tracks: Sequence[Track], analysis: Analysis, scale: np.float32) -> Subject:
    total = analysis.frames
    points = np.zeros((total, 5, 2), np.float32)
    seen = np.zeros(total, np.float32)
    quality = np.zeros(total, np.float32)
    frames = np.concatenate([t.frames for t in tracks])
    order = np.argsort(frames, kind="stable")
    frames = frames[order]
    marks = np.concatenate([t.landmarks for t in tracks])[order] * scale
    values = np.concatenate([t.quality for t in tracks])[order]
    keep = (frames >= 0) & (frames < total)
    for start, end in _runs(frames[keep], analysis):
        span = np.arange(start, end + 1)
        place = keep & (frames >= start) & (frames <= end)
        for mark in range(5):
            for axis in range(2):
                points[span, mark, axis] = np.interp(span, frames[place], marks[place][:, mark, axis])
        points[span] = gaussian_filter1d(points[span], SMOOTHING_S * analysis.fps, axis=0, mode="nearest")
        quality[span] = np.interp(span, frames[place], values[place])
        seen[span] = _presence(start, end, analysis)
    lost = smoothstep((_LOST_YAW[1] - np.abs(yaw_proxy(points))) / (_LOST_YAW[1] - _LOST_YAW[0]))
    seen = (seen * np.where(seen > 0, lost, 0)).astype(np.float32)
    return Subject(name, points, seen, quality, _mean_embedding(tracks, analysis))


def _mean_embedding(tracks: Sequence[Track], analysis: Analysis) -> NDArray[np.float32] | None:
    rows = np.concatenate([t.embeddings for t in tracks])
    weights = np.concatenate([t.sample_quality for t in tracks]) + np.float32(0.05)
    return analysis.space.mean(rows, weights)[0] if len(rows) else None


def _runs(frames: NDArray[np.int32], analysis: Analysis) -> list[tuple[int, int]]:
    """Return the first and last frames of the stretches within one shot, across short gaps."""
    if not len(frames):
        return []
    longest = max(1, round(BRIDGED_S * analysis.fps))
    shots = np.searchsorted(analysis.cuts, frames, side="right")
    breaks = np.flatnonzero((np.diff(frames) > longest) | (np.diff(shots) > 0))
    starts, ends = [0, *(breaks + 1).tolist()], [*breaks.tolist(), len(frames) - 1]
    return [(int(frames[s]), int(frames[e])) for s, e in zip(starts, ends, strict=True)]


def _presence(start: int, end: int, analysis: Analysis) -> NDArray[np.float32]:
    """Return 1 over a stretch, rising and falling at ends that are neither the clip's nor a shot's."""
    fade = max(1, round(FADE_S * analysis.fps))
    steps = np.arange(end - start + 1)
    presence = np.ones(len(steps))
    if start != 0 and start not in analysis.cuts:
        presence = np.minimum(presence, (steps + 1) / (fade + 1))
    if end != analysis.frames - 1 and end + 1 not in analysis.cuts:
        presence = np.minimum(presence, (steps[::-1] + 1) / (fade + 1))
    return presence.astype(np.float32)


def part_of(scene: Scene, indices: Sequence[int]) -> Scene:
    """Return the scene of some frames alone, in the order given."""
    chosen = np.asarray(indices, int)
    subjects = tuple(
        replace(s, points=s.points[chosen], seen=s.seen[chosen], quality=s.quality[chosen])
        for s in scene.subjects
    )
    return Scene(len(chosen), scene.fps, scene.size, subjects)
