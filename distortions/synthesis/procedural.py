"""Clips of the procedural cast, drawn anew with other identities: exact truth, no seam, hair and all."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.cast.clip import Clip, Stage, prepare
from datasets.cast.course import held
from datasets.cast.identity import Identity, identity_of
from datasets.cast.truth import Truth, load_truth
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.scene import Subject

LEAST_PSNR = 32.0
"""Between the clip's frames and the same drawn anew, dB: less, and the clip is not what its truth says."""
_FAR = 0.5  # of the distance between the eyes: tracks and truth of one person are nearer


@dataclass(eq=False)
class Procedural:
    """What a procedural clip was drawn from, ready to be drawn again.

    Attributes:
        clip: Its definition; everybody stays who they were at first.
        landmarks: (T, P, 5, 2) of its people, pixels, NaN where somebody is not there.
        numbers: Which frames of the clip these are, if not all.
    """

    clip: Clip
    landmarks: NDArray[np.float32]
    numbers: tuple[int, ...] = ()
    _stage: Stage | None = None
    _local: threading.local = field(default_factory=threading.local)

    def draw(self, index: int, who: dict[int, Identity]) -> NDArray[np.uint8]:
        """Return a frame (H, W, 3) uint8 RGB in which some people, by number, are somebody else."""
        if self._stage is None:
            self._stage = prepare(self.clip)
        if not hasattr(self._local, "stage"):
            # Actors are built once a thread; script and plate are shared, and never change.
            self._local.stage = Stage(self.clip, self._stage.script, self._stage.plate)
        stage: Stage = self._local.stage
        courses = tuple(held(who[k]) if k in who else c for k, c in enumerate(self.clip.courses))
        stage.clip = replace(self.clip, courses=courses)
        return stage.draw(self.numbers[index] if self.numbers else index)[0]

    def part(self, indices: Sequence[int]) -> Procedural:
        """Return the same for some frames alone."""
        numbers = tuple(self.numbers[i] if self.numbers else int(i) for i in indices)
        return Procedural(self.clip, self.landmarks[list(indices)], numbers)

    def untouched(self, index: int) -> NDArray[np.uint8]:
        """Return a frame as it was drawn at first; asked for twice in a row by one thread, it is drawn once."""
        if getattr(self._local, "index", None) != index:
            self._local.picture = self.draw(index, {})
            self._local.index = index
        picture: NDArray[np.uint8] = self._local.picture
        return picture

    def person(self, subject: Subject) -> int:
        """Return which person of the cast a tracked subject is.

        Raises:
            SynthesisError: none of them stands where the subject was tracked.
        """
        frames = min(len(self.landmarks), len(subject.points))
        seen = np.flatnonzero(subject.seen[:frames] > 0.5)
        gaps = np.linalg.norm(self.landmarks[seen] - subject.points[seen, None], axis=-1).mean(axis=-1)
        gaps = np.where(np.isfinite(gaps), gaps / subject.eye_distances[seen, None], 10.0)
        nearest = np.median(gaps, axis=0) if len(seen) else np.full(self.landmarks.shape[1], 10.0)
        if nearest.min() > _FAR:
            raise SynthesisError(f"{subject.name} is none of the cast: the clip's truth is of another clip.")
        return int(nearest.argmin())

    def check(self, frames: NDArray[np.uint8]) -> None:
        """Raise SynthesisError unless frames (T, H, W, 3) are those that are drawn anew."""
        if frames.shape[1:3] != self.clip.size[::-1]:
            raise SynthesisError(
                "A clip of the cast can only be drawn anew at its own size: do not scale it."
            )
        for index in {0, len(frames) // 2, len(frames) - 1}:
            error = float(np.square(self.draw(index, {}).astype(np.float32) - frames[index]).mean())
            if error > 0 and 10 * np.log10(255**2 / error) < LEAST_PSNR:
                raise SynthesisError(
                    "The clip is not what its truth file would draw: it was made by another version of the cast."
                )


def procedural_of(truth: Truth) -> Procedural:
    """Return what a clip was drawn from, as its truth tells.

    Raises:
        SynthesisError: somebody's identity changes in the clip: it is distorted already.
    """
    if np.ptp(truth.identity, axis=0).max(initial=0) > 1e-6:
        raise SynthesisError(
            "Somebody's identity changes in this clip of the cast already: take an untouched one."
        )
    clip = Clip(
        seed=truth.seed,
        courses=tuple(held(identity_of(vector)) for vector in truth.identity[0]),
        frames=len(truth.identity),
        fps=truth.fps,
        size=truth.size,
        place=truth.place,
        events=truth.asked,
        moving=truth.moving,
    )
    return Procedural(clip, truth.landmarks)


def procedural_read(clip: Path) -> Procedural | None:
    """Return what a clip was drawn from if its truth lies beside it, or nothing."""
    path = clip.with_suffix(".truth.npz")
    return procedural_of(load_truth(path)) if path.is_file() else None
