"""Control: the face of another moment of the same person; the expression is wrong, everybody stays who they are.

What models do that keep a face and lose the speech: mouth and eyes belong to another second. Only moments of like pose
are taken, at the five landmarks, without moving features to where they are in the frame.

Units: offset in seconds; soft in pixels of a square of 192.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.own_face import OwnFace, own_reach, shifted
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe
from distortions.synthesis.visibility import face_visibility


@dataclass(frozen=True, kw_only=True)
class ReenactParams(Params):
    """Parameters: see the module's docstring for units."""

    offset: float = 1.0
    soft: float = 0.7

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("offset", 0.1, 10)
        self.within("soft", 0, 4)


def sample_params(rng: np.random.Generator, severity: int) -> ReenactParams:
    """Draw how far away the moment is; farther for higher severities."""
    RECIPE.check_severity(severity)
    return ReenactParams(
        amount=min(1.0, 0.5 + 0.1 * severity),
        offset=round(float(rng.uniform(0.25, 0.4)) * severity, 3),
        soft=round(float(rng.uniform(0.5, 1.0)), 3),
    )


def prepare(frames: Frames, material: Material, params: ReenactParams) -> tuple[Edit, ...]:
    """Pair every frame with another moment."""
    subject = material.scene.subject(params.subject)
    sources = shifted(len(frames), max(1, round(params.offset * material.scene.fps)))
    visible = face_visibility(frames, subject)
    effect = OwnFace(frames, subject, visible, sources, follow=False, soft=params.soft)
    return (Edit(params.subject, own_reach(subject, sources), effect),)


def apply(frames: Frames, material: Material, params: ReenactParams) -> Frames:
    """Return new frames with the face of another moment."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="reenact",
    kind="control",
    params=ReenactParams,
    sample_params=sample_params,
    prepare=prepare,
    schedules=("constant", "linear", "step", "late", "relapse"),
    about="the same person's face of another moment",
)
