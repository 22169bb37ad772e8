"""One face through one clip."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from datasets.identity.space import Space


@dataclass(frozen=True, eq=False)
class Track:
    """One face through one clip, with N frames and S samples. Boxes and landmarks are in pixels of the clip.

    Attributes:
        number: 0, 1, … in order of first appearance.
        frames: (N,) int32, ascending; may have gaps (occlusion, other shots).
        boxes: (N, 4) float32.
        landmarks: (N, 5, 2) float32, in the order of `faces.Face`.
        detected: (N,) bool; the others were followed between detections.
        quality: (N,) float32, 0 to 1 (`quality.Quality.overall`), interpolated between detections.
        sample_frames: (S,) int32, ascending.
        sample_quality: (S,) float32.
        sample_size: (S,) float32, pixels between the eyes.
        sample_sharpness: (S,) float32.
        sample_yaw: (S,) float32 (`faces.yaw_proxy`).
        embeddings: (S, D) float32.
        thumbs: (S, side, side) uint8, grey, aligned.
        still: A picture in the picture rather than a person: it stays where it is and never changes.
    """

    number: int
    frames: NDArray[np.int32]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    detected: NDArray[np.bool_]
    quality: NDArray[np.float32]
    sample_frames: NDArray[np.int32]
    sample_quality: NDArray[np.float32]
    sample_size: NDArray[np.float32]
    sample_sharpness: NDArray[np.float32]
    sample_yaw: NDArray[np.float32]
    embeddings: NDArray[np.float32]
    thumbs: NDArray[np.uint8]
    still: bool = False

    @property
    def first(self) -> int:
        return int(self.frames[0])

    @property
    def last(self) -> int:
        return int(self.frames[-1])

    def numbered(self, number: int) -> Track:
        return replace(self, number=number)

    def box_at(self, frame: int) -> NDArray[np.float32] | None:
        """Return the box (4,) in a frame, or nothing where the face is not seen."""
        place = int(np.searchsorted(self.frames, frame))
        return self.boxes[place] if place < len(self.frames) and self.frames[place] == frame else None


@dataclass(frozen=True)
class Note:
    """Something about an analysis that a person should know: a code for programs, a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found in a clip.

    Attributes:
        frames: How many the clip has.
        fps: Frames a second, average.
        width, height: Of the clip, pixels, as shown.
        cuts: First frames of all shots but the first.
        tracks: People and stills, in order of first appearance.
        space: Of the embeddings.
        backend: Key of detector and embedder.
        notes: What a person should know.
        timings: Seconds of processor time spent, by step; empty when it came from the cache.
    """

    frames: int
    fps: float
    width: int
    height: int
    cuts: tuple[int, ...]
    tracks: tuple[Track, ...]
    space: Space
    backend: str
    notes: tuple[Note, ...] = ()
    timings: tuple[tuple[str, float], ...] = ()

    @property
    def people(self) -> tuple[Track, ...]:
        """The tracks that are not stills."""
        return tuple(track for track in self.tracks if not track.still)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps
