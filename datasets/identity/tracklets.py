"""Faces of consecutive frames become tracklets: pieces of a track in which nothing had to be guessed.

A tracklet ends at a cut, when the face is lost, and wherever two faces come so close that they might be taken for
one another. `joining` puts the pieces together afterwards, when everything about them is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from datasets.identity.faces import Face, Frame, box_overlaps, box_sizes
from datasets.identity.flow import follow, moved_box, moved_points
from datasets.identity.quality import Quality
from datasets.identity.tilt import Lean

# Association of a detection with a predicted box; own choices, tried on the cast and on real film.
MIN_OVERLAP = 0.15
MAX_DISTANCE = 0.5
SIZE_RATIO = 1.7
SURE_OVERLAP = 0.25
SURE_FLOW = 0.5
CROWDED = 0.25
_PATCH = 16


@dataclass(eq=False)
class Sample:
    """A good moment of a tracklet, with what an embedder needs of it."""

    frame: int
    quality: Quality
    prepared: NDArray
    thumb: NDArray[np.uint8]


@dataclass(eq=False)
class Tracklet:
    """One face from a first to a last detection, with a box for every frame between them.

    `boxes` and `landmarks` are in pixels of the analysed pictures. `sure_start` is false if it may continue another
    one that ended a moment before.
    """

    shot: int
    frames: list[int] = field(default_factory=list)
    boxes: list[NDArray[np.float32]] = field(default_factory=list)
    landmarks: list[NDArray[np.float32]] = field(default_factory=list)
    detections: dict[int, Quality] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    patch_changes: list[float] = field(default_factory=list)
    crowded: bool = False
    trust: float = 1.0
    lean: Lean = field(default_factory=Lean)
    _region: tuple[int, int, int, int] = (0, 0, 0, 0)
    _patch: NDArray[np.uint8] | None = None

    @property
    def last_detection(self) -> int:
        return max(self.detections)

    def add(self, frame: int, face: Face, quality: Quality) -> None:
        """Append a detection, and move the predicted boxes since the last one so that they lead to it."""
        if self.frames and self.frames[-1] == frame:
            self._correct(face)
        else:
            self.frames.append(frame)
            self.boxes.append(face.box)
            self.landmarks.append(face.landmarks)
        self.detections[frame] = quality
        self.trust = 1.0

    def predict(self, frame: int, move: NDArray[np.float32], trust: float) -> None:
        """Append where the face is thought to be."""
        box = self.boxes[-1]
        self.landmarks.append(moved_points(self.landmarks[-1], box, move))
        self.boxes.append(moved_box(box, move))
        self.frames.append(frame)
        self.trust = min(self.trust, trust)

    def trim(self) -> None:
        """Forget what was predicted after the last detection."""
        keep = self.frames.index(self.last_detection) + 1
        del self.frames[keep:], self.boxes[keep:], self.landmarks[keep:]

    def watch(self, grey: NDArray[np.uint8], box: NDArray[np.float32]) -> None:
        """Note how far the place where the face was first seen has changed since: a picture in the picture does not."""
        if self._patch is None:
            height, width = grey.shape
            # The inner part only: what moves behind an inset shows at the edges of its box.
            inset = 0.2 * (box[2:] - box[:2])
            box = np.concatenate([box[:2] + inset, box[2:] - inset])
            x0, y0 = np.clip(box[:2].round().astype(int), 0, (width - 2, height - 2))
            x1, y1 = np.clip(box[2:].round().astype(int), (x0 + 2, y0 + 2), (width, height))
            self._region = (int(x0), int(y0), int(x1), int(y1))
        x0, y0, x1, y1 = self._region
        region = np.ascontiguousarray(grey[y0:y1, x0:x1])
        patch = np.asarray(cv2.resize(region, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA), np.uint8)
        if self._patch is None:
            self._patch = patch
        else:
            self.patch_changes.append(float(np.abs(patch.astype(np.int16) - self._patch).mean()))

    def _correct(self, face: Face) -> None:
        first = self.frames.index(self.last_detection)
        steps = len(self.frames) - 1 - first
        box_error = face.box - self.boxes[-1]
        landmark_error = face.landmarks - self.landmarks[-1]
        for step in range(1, steps + 1):
            share = np.float32(step / steps)
            self.boxes[first + step] = self.boxes[first + step] + share * box_error
            self.landmarks[first + step] = self.landmarks[first + step] + share * landmark_error


Right = Callable[[Tracklet, Face, Quality], tuple[Face, Quality]]


class Tracker:
    """Builds tracklets frame by frame; memory grows with faces seen, not with pictures."""

    def __init__(self, *, coast_frames: int) -> None:
        self.finished: list[Tracklet] = []
        self.active: list[Tracklet] = []
        self._coast_frames = coast_frames
        self._before: NDArray[np.uint8] | None = None
        self._shot = 0
        self._seen = -1

    def cut(self) -> None:
        """End all tracklets: what follows is another shot."""
        self._end(list(self.active))
        self._before = None
        self._shot += 1

    def move(self, frame: int, grey: NDArray[np.uint8], scale: float) -> None:
        """Predict where faces are in the next frame; `grey` is the picture scaled by `scale`."""
        if self._before is not None and self.active:
            boxes = np.array([t.boxes[-1] for t in self.active], np.float32) * np.float32(scale)
            moves, trust = follow(self._before, grey, boxes)
            moves[:, :2] /= scale
            for tracklet, move, share in zip(self.active, moves, trust, strict=True):
                tracklet.predict(frame, move, float(share))
        self._before = grey

    def see(
        self, frame: int, faces: Sequence[Face], qualities: Sequence[Quality], right: Right | None = None
    ) -> list[tuple[Tracklet, Face, Quality]]:
        """Take the detections of the frame that was last moved to; return which tracklet each belongs to.

        `right` may put a face's landmarks right, knowing its tracklet, before they are taken.
        """
        pairs = self._assign(faces)
        boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4)
        overlaps = box_overlaps(boxes, boxes) - np.eye(len(faces), dtype=np.float32)
        crowded = overlaps.max(axis=1, initial=0) > CROWDED
        before = list(self.active)
        hidden = self._hidden(before, set(pairs.values()), boxes)
        result = []
        for i, face in enumerate(faces):
            tracklet = before[pairs[i]] if i in pairs else None
            if tracklet is None or self._is_doubtful(tracklet, face, bool(crowded[i]) or i in hidden):
                if tracklet is not None:
                    self._end([tracklet])
                tracklet = Tracklet(self._shot, crowded=bool(crowded[i]) or i in hidden)
                self.active.append(tracklet)
            seen, quality = right(tracklet, face, qualities[i]) if right else (face, qualities[i])
            tracklet.add(frame, seen, quality)
            result.append((tracklet, seen, quality))
        self._end([t for t in self.active if frame - t.last_detection > self._patience(t)])
        self._seen = frame
        return result

    def finish(self) -> list[Tracklet]:
        """Return all tracklets, in order of their first frame."""
        self._end(list(self.active))
        return sorted(self.finished, key=lambda t: t.frames[0])

    def _assign(self, faces: Sequence[Face]) -> dict[int, int]:
        """Return detection -> index of active tracklet, by best total affinity."""
        if not faces or not self.active:
            return {}
        found = np.array([face.box for face in faces], np.float32)
        known = np.array([t.boxes[-1] for t in self.active], np.float32)
        overlap = box_overlaps(found, known)
        sizes = (box_sizes(found)[:, None], box_sizes(known)[None])
        ratio = sizes[0] / sizes[1]
        centres = (found.reshape(-1, 2, 2).mean(axis=1), known.reshape(-1, 2, 2).mean(axis=1))
        distance = np.linalg.norm(centres[0][:, None] - centres[1][None], axis=2) / np.maximum(*sizes)
        possible = (overlap > MIN_OVERLAP) | (distance < MAX_DISTANCE)
        possible &= (ratio < SIZE_RATIO) & (ratio > 1 / SIZE_RATIO)
        affinity = np.where(possible, 0.1 + overlap + np.maximum(1 - distance, 0), 0)
        rows, columns = linear_sum_assignment(affinity, maximize=True)
        return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if possible[r, c]}

    def _hidden(self, before: Sequence[Tracklet], matched: set[int], boxes: NDArray[np.float32]) -> set[int]:
        """End tracklets that went behind another face, and return the detections that may hide them."""
        lost = [t for i, t in enumerate(before) if i not in matched]
        if not lost or not len(boxes):
            return set()
        covered = box_overlaps(np.array([t.boxes[-1] for t in lost], np.float32), boxes) > CROWDED
        self._end([t for t, row in zip(lost, covered, strict=True) if row.any()])
        return {int(i) for i in np.flatnonzero(covered.any(axis=0))}

    def _is_doubtful(self, tracklet: Tracklet, face: Face, crowded: bool) -> bool:
        changed = crowded != tracklet.crowded
        overlap = float(box_overlaps(face.box[None], tracklet.boxes[-1][None])[0, 0])
        # Missed once and not followed surely: what is found here now may be somebody else.
        lost = tracklet.trust < SURE_FLOW and tracklet.last_detection < self._seen
        return changed or overlap < SURE_OVERLAP or lost

    def _patience(self, tracklet: Tracklet) -> int:
        """Return for how many frames a face may be missed: longer while the picture itself shows where it is."""
        return self._coast_frames * (3 if tracklet.trust >= SURE_FLOW else 1)

    def _end(self, tracklets: Sequence[Tracklet]) -> None:
        for tracklet in tracklets:
            self.active.remove(tracklet)
            tracklet.trim()
            self.finished.append(tracklet)


def grey_picture(frame: Frame, width: int) -> tuple[NDArray[np.uint8], float]:
    """Return a frame in grey, at most `width` wide, and how far it was scaled."""
    scale = min(1.0, width / frame.shape[1])
    if scale < 1:
        size = (round(frame.shape[1] * scale), max(round(frame.shape[0] * scale), 1))
        frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8), scale
