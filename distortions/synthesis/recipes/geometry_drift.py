"""A face's proportions drift: wider nose, longer jaw, eyes nearer to one another.

Imitates reference-driven video models that keep hair, skin and clothes and lose the bones: the face is right in colour
and light, and yet somebody else's. Pixels are only moved, once, so that there is no seam, no ghost and no wrong colour;
in exchange it cannot make a stranger: beyond severity 3 faces look squeezed before they look foreign.

Source: own choice of eleven bumps (proportions.py); fold guard on the Jacobian (warp.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.proportions import (
    BUMPS,
    Proportions,
    geometry_reach,
    guarded_field,
    random_direction,
)
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe
from distortions.synthesis.visibility import face_visibility


@dataclass(frozen=True, kw_only=True)
class GeometryDriftParams(Params):
    """Parameters.

    Attributes:
        weights: Sign and size of each change of `proportions.BUMPS`, -1 to 1.
    """

    weights: tuple[float, ...] = (1.0, 0.8, -0.7, 0.6, -0.8, 0.7, 0.6, -0.9, 0.5, -0.6, 0.7)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.numbers("weights", len(BUMPS), -1, 1)


def sample_params(rng: np.random.Generator, severity: int) -> GeometryDriftParams:
    """Draw a direction, the roomier the more severe; how far it goes is calibrated."""
    RECIPE.check_severity(severity)
    return GeometryDriftParams(
        weights=random_direction(rng, of=4 ** (severity - 1)), amount=min(1.0, 0.3 * severity)
    )


def prepare(frames: Frames, material: Material, params: GeometryDriftParams) -> tuple[Edit, ...]:
    """Make the field and find how far it can go without folding."""
    subject = material.scene.subject(params.subject)
    field = guarded_field(params.weights, subject.side)
    effect = Proportions(subject, field, face_visibility(frames, subject))
    return (Edit(params.subject, geometry_reach(subject), effect),)


def apply(frames: Frames, material: Material, params: GeometryDriftParams) -> Frames:
    """Return new frames with the drift."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="geometry_drift",
    kind="negative",
    params=GeometryDriftParams,
    sample_params=sample_params,
    prepare=prepare,
    severities=(1, 2, 3),
    about="proportions of a face drift away",
)
