"""How strong a distortion is at each frame: 0 (untouched) to 1 (its full amount).

Published losing clips are mostly wrong from the first frame on, hence `constant`; the others are drifts, sudden
changes, and identities that are lost and found again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.errors import BadParameter, TooShort

Kind = Literal["constant", "linear", "logistic", "step", "late", "relapse", "flicker"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Strengths = NDArray[np.float32]  # (T,)

# Fewer frames cannot show the shape.
_LEAST: Mapping[Kind, int] = MappingProxyType(
    {"constant": 1, "linear": 8, "logistic": 8, "step": 2, "late": 12, "relapse": 12, "flicker": 12}
)
_BEATS = (2, 4)  # of a flicker, as they are drawn
_BEAT_FRAMES = 6
# Where onset and end are drawn from, as shares of the clip.
_ONSETS: Mapping[Kind, tuple[float, float]] = MappingProxyType(
    {
        "constant": (0.0, 0.0), "linear": (0.0, 0.2), "logistic": (0.1, 0.3), "step": (0.25, 0.6),
        "late": (0.5, 0.65), "relapse": (0.05, 0.25), "flicker": (0.1, 0.3),
    }
)  # fmt: skip
_ENDS: Mapping[Kind, tuple[float, float]] = MappingProxyType(
    {
        "constant": (1.0, 1.0), "linear": (0.85, 1.0), "logistic": (0.75, 0.95), "step": (1.0, 1.0),
        "late": (0.85, 1.0), "relapse": (0.75, 0.95), "flicker": (0.8, 1.0),
    }
)  # fmt: skip
_EDGE = 0.15  # of a flicker's beat: the way up and the way down
_STEEP = 10.0  # of the logistic curve over its whole way


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Strength over time.

    Attributes:
        kind: constant: full everywhere. linear: from nothing at `onset` to full at `end`. logistic: the same, slow at
            both ends. step: full from `onset` on. late: linear with an onset in the second half. relapse: up to full
            half-way and back to nothing at `end`. flicker: full and nothing by turns between `onset` and `end`.
        onset, end: Shares of the clip's length, 0 to 1.
        beats: How often a flicker comes.
    """

    kind: Kind = "linear"
    onset: float = 0.0
    end: float = 1.0
    beats: int = 3

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadParameter(f"There is no schedule {self.kind!r}: choose {', '.join(KINDS)}.")
        if not 0 <= self.onset < self.end <= 1:
            raise BadParameter(
                f"A schedule's onset comes before its end, both from 0 to 1; got {self.onset} and {self.end}."
            )
        if not 1 <= self.beats <= 20:
            raise BadParameter(f"A flicker has 1 to 20 beats, got {self.beats}.")

    def strengths(self, frames: int) -> Strengths:
        """Return the strength (T,) float32 at each of `frames` frames, 0 to 1. No frames have no strengths.

        Raises:
            TooShort: the shape cannot be seen in so few frames.
        """
        if frames == 0:
            return np.zeros(0, np.float32)
        least = _least(self.kind, self.beats)
        if frames < least:
            count = "1 frame" if frames == 1 else f"{frames} frames"
            raise TooShort(f"A {self.kind} schedule needs at least {least} frames; the clip has {count}.")
        times = np.arange(frames) / max(frames - 1, 1)
        way = np.clip((times - self.onset) / (self.end - self.onset), 0, 1)
        return _SHAPES[self.kind](way, times >= self.onset, self.beats).astype(np.float32)

    @property
    def varies(self) -> bool:
        """Whether strength changes over time."""
        return self.kind != "constant"

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def frames_needed(kind: Kind) -> int:
    """Return how many frames a clip must have to show a schedule of a kind, whatever is drawn of it."""
    return _least(kind, _BEATS[1])


def _least(kind: Kind, beats: int) -> int:
    return _LEAST[kind] if kind != "flicker" else max(_LEAST[kind], _BEAT_FRAMES * beats)


def _constant(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    return np.ones(len(way))


def _linear(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    return way


def _logistic(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    raw = 1 / (1 + np.exp(-_STEEP * (way - 0.5)))
    low = 1 / (1 + np.exp(_STEEP / 2))
    return np.clip((raw - low) / (1 - 2 * low), 0, 1)


def _step(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    return begun.astype(float)


def _relapse(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    return np.where((way > 0) & (way < 1), np.sin(np.pi * way) ** 2, 0.0)


def _flicker(way: NDArray, begun: NDArray, beats: int) -> NDArray:
    inside = (way > 0) & (way < 1)
    beat = (way * beats) % 1.0  # full in the first half of each
    up, down = np.clip(beat / _EDGE, 0, 1), np.clip((0.5 + _EDGE - beat) / _EDGE, 0, 1)
    return np.where(inside, np.minimum(up, down), 0.0)


_SHAPES = {
    "constant": _constant,
    "linear": _linear,
    "logistic": _logistic,
    "step": _step,
    "late": _linear,
    "relapse": _relapse,
    "flicker": _flicker,
}


def draw_schedule(kind: Kind, rng: np.random.Generator) -> Schedule:
    """Return a schedule of a kind with onset, end and beats drawn at random.

    Raises:
        BadParameter: there is no such kind.
    """
    if kind not in KINDS:
        raise BadParameter(f"There is no schedule {kind!r}: choose {', '.join(KINDS)}.")
    onset, end = float(rng.uniform(*_ONSETS[kind])), float(rng.uniform(*_ENDS[kind]))
    return Schedule(
        kind=kind, onset=round(onset, 3), end=round(end, 3), beats=int(rng.integers(_BEATS[0], _BEATS[1] + 1))
    )
