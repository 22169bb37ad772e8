"""Control: mouth, brows and lids move as faces move; everybody stays who they are.

What lip-sync and expression models do. A smile, raised brows and narrowed eyes come and go slowly, as smooth warps
within the range of an ordinary face, so that a model does not take every moved feature for another person.

Units: shares of the distance between the eyes; period in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import eye_pixels
from distortions.synthesis.proportions import Bump, Proportions, bump_fields, geometry_reach
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe
from distortions.synthesis.visibility import face_visibility
from distortions.synthesis.warp import Field

MOVES: dict[str, Bump] = {
    "smile": ((0.42, 1.12), (0.20, 0.18), "up_out"),
    "brows": ((0.50, -0.36), (0.34, 0.16), "down"),
    "lids": ((0.50, 0.00), (0.26, 0.10), "grow_y"),
    "lips": ((0.00, 1.15), (0.34, 0.13), "grow_y"),
}


@dataclass(frozen=True, kw_only=True)
class ExpressionParams(Params):
    """Parameters.

    Attributes:
        sizes: Of each of MOVES, -1 to 1.
        reach: Of the largest displacement, distances between the eyes.
        period: Of coming and going, seconds.
    """

    sizes: tuple[float, ...] = (0.8, -0.6, 0.4, 0.5)
    reach: float = 0.06
    period: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.numbers("sizes", len(MOVES), -1, 1)
        self.within("reach", 0, 0.12)
        self.within("period", 0.3, 20)


def sample_params(rng: np.random.Generator, severity: int) -> ExpressionParams:
    """Draw what moves, which way and how fast; farther for higher severities."""
    RECIPE.check_severity(severity)
    return ExpressionParams(
        amount=0.2 * severity,
        sizes=tuple(round(float(s), 3) for s in rng.uniform(-1, 1, len(MOVES))),
        period=round(float(rng.uniform(1.5, 3.0)), 2),
    )


@dataclass(frozen=True, eq=False)
class Expressed:
    """Moves features by fields (moves, side, side, 2), each in its own rhythm `phases` (moves,)."""

    base: Proportions
    fields: NDArray[np.float32]
    phases: NDArray[np.float64]
    frames_a_period: float

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        now = 0.6 + 0.4 * np.sin(2 * np.pi * index / self.frames_a_period + self.phases)
        moved: Field = np.tensordot(now.astype(np.float32), self.fields, axes=1)
        whole = Proportions(self.base.subject, moved, self.base.visible)
        whole.draw(frame, out, index, strength)


def prepare(frames: Frames, material: Material, params: ExpressionParams) -> tuple[Edit, ...]:
    """Make a field for each move."""
    subject = material.scene.subject(params.subject)
    fields = bump_fields(MOVES, subject.side) * np.array(params.sizes, np.float32)[:, None, None, None]
    longest = max(float(np.linalg.norm(np.abs(fields).sum(axis=0), axis=2).max()), 1e-6)
    fields *= np.float32(params.reach * eye_pixels(subject.side) / longest)
    phases = np.random.default_rng(params.seed).uniform(0, 2 * np.pi, len(MOVES))
    base = Proportions(subject, fields[0], face_visibility(frames, subject))
    effect = Expressed(base, fields, phases, params.period * material.scene.fps)
    return (Edit(params.subject, geometry_reach(subject), effect),)


def apply(frames: Frames, material: Material, params: ExpressionParams) -> Frames:
    """Return new frames with a moved expression."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="expression",
    kind="control",
    params=ExpressionParams,
    sample_params=sample_params,
    prepare=prepare,
    about="mouth, brows and lids move as faces move",
)
