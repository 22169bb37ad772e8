"""An identity over time: held, drifting, swapped or blended, with the exact vector known for every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.cast.identity import Identity


@dataclass(frozen=True, eq=False)
class Course:
    """Who somebody is at each frame.

    Attributes:
        base: who it is at first.
        other: towards whom it goes.
        keys: (frame, share) pairs in rising order of frame: how far the identity has gone to `other`, 0 to 1, linear
            between keys and constant before the first and after the last.
    """

    base: Identity
    other: Identity | None = None
    keys: tuple[tuple[int, float], ...] = ()

    def __post_init__(self) -> None:
        frames = [frame for frame, _ in self.keys]
        if frames != sorted(set(frames)):
            raise ValueError(f"a course needs keys at rising frames, got {frames}")
        if (self.other is None) != (not self.keys):
            raise ValueError("a course needs keys and an other identity, or neither")

    def share(self, frame: int) -> float:
        """Return how far the identity has gone at a frame, 0 to 1."""
        if not self.keys:
            return 0.0
        return float(np.interp(frame, [f for f, _ in self.keys], [s for _, s in self.keys]))

    def at(self, frame: int) -> Identity:
        """Return the identity at a frame."""
        share = self.share(frame)
        return self.base if self.other is None or share == 0 else self.base.toward(self.other, share)


def held(identity: Identity) -> Course:
    """Return a course that stays."""
    return Course(identity)


def drift(base: Identity, other: Identity, *, start: int, end: int, amount: float = 1.0) -> Course:
    """Return a course that leaves `base` after frame `start` and has gone `amount` of the way at frame `end`."""
    return Course(base, other, ((start, 0.0), (end, amount)))


def swap(base: Identity, other: Identity, *, at: int) -> Course:
    """Return a course that is somebody else from frame `at` on."""
    return Course(base, other, ((at - 1, 0.0), (at, 1.0)))


def blend(base: Identity, other: Identity, *, share: float, start: int = 0) -> Course:
    """Return a course that carries `share` of another's traits from frame `start` on."""
    return Course(base, other, ((start - 1, 0.0), (start, share)))
