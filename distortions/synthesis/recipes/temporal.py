"""Control: frames are held, shuffled a little, or run slower; everybody stays who they are.

What dropped frames, jittery decoders and retiming do. Every picture is one of the clip's own. Strength is how far a
frame may be from its place: at a tenth of it most are where they belong.

Units: frames; lag as frames lost in each second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.errors import BadParameter
from distortions.synthesis.picture import WHOLE
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe

MANNERS = ("hold", "jitter", "slow")


@dataclass(frozen=True, kw_only=True)
class TemporalParams(Params):
    """Parameters.

    Attributes:
        manner: hold: only every `reach`-th frame is shown. jitter: frames are up to `reach` early or late. slow: the
            clip falls behind by `lag` frames a second, a second at the most.
        reach: Frames.
        lag: Frames a second.
    """

    manner: str = "hold"
    reach: int = 3
    lag: float = 4.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.manner not in MANNERS:
            raise BadParameter(f"manner is one of {', '.join(MANNERS)}, got {self.manner!r}.")
        self.within("reach", 1, 12)
        self.within("lag", 0.5, 12)


def sample_params(rng: np.random.Generator, severity: int) -> TemporalParams:
    """Draw the manner; farther for higher severities."""
    RECIPE.check_severity(severity)
    return TemporalParams(
        manner=MANNERS[int(rng.integers(len(MANNERS)))], reach=1 + severity, lag=round(1.0 + severity, 2)
    )


@dataclass(frozen=True, eq=False)
class Moved:
    """Shows another frame of the clip: `offsets` (T,) are how far away at full strength, in frames."""

    frames: Frames
    offsets: NDArray[np.float64]

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        moved = round(index + strength * float(self.offsets[index]))
        out[:] = self.frames[min(max(moved, 0), len(self.frames) - 1)]


def prepare(frames: Frames, material: Material, params: TemporalParams) -> tuple[Edit, ...]:
    """Find where each frame's picture comes from."""
    edit = Edit(
        WHOLE, np.ones(len(frames), np.float32), Moved(frames, offsets(len(frames), material.scene.fps, params)),
        area="time",
    )  # fmt: skip
    return (edit,)


def offsets(count: int, fps: float, params: TemporalParams) -> NDArray[np.float64]:
    """Return how far from its place each of `count` frames comes from, in frames, (T,)."""
    places = np.arange(count)
    if params.manner == "hold":
        return -(places % params.reach).astype(float)
    if params.manner == "jitter":
        return np.random.default_rng(params.seed).uniform(-params.reach, params.reach, count)
    return -np.minimum(places * params.lag / fps, fps)


def apply(frames: Frames, material: Material, params: TemporalParams) -> Frames:
    """Return new frames, some of them out of their time."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="temporal",
    kind="control",
    params=TemporalParams,
    sample_params=sample_params,
    prepare=prepare,
    about="frames held, early, late or slowed down",
)
