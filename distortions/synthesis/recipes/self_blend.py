"""Control: a face is blended back into itself, from a few frames away; everybody stays who they are.

The same seams, flow, relighting and softness as in the negatives with a donor, and nobody else's features: what a model
could learn from the traces of blending, it can learn here not to trust.

Units: offset in seconds; soft in pixels of a square of 192.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.own_face import OwnFace, own_reach, shifted
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe
from distortions.synthesis.visibility import face_visibility


@dataclass(frozen=True, kw_only=True)
class SelfBlendParams(Params):
    """Parameters: see the module's docstring for units."""

    offset: float = 0.12
    soft: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("offset", 0.02, 1)
        self.within("soft", 0, 4)


def sample_params(rng: np.random.Generator, severity: int) -> SelfBlendParams:
    """Draw how far away and how soft; farther and softer for higher severities."""
    RECIPE.check_severity(severity)
    return SelfBlendParams(
        amount=min(1.0, 0.5 + 0.1 * severity),
        offset=round(0.06 + 0.03 * severity, 3),
        soft=round(float(rng.uniform(0.8, 1.6)), 3),
    )


def prepare(frames: Frames, material: Material, params: SelfBlendParams) -> tuple[Edit, ...]:
    """Pair every frame with one a little later."""
    subject = material.scene.subject(params.subject)
    sources = shifted(len(frames), max(1, round(params.offset * material.scene.fps)))
    visible = face_visibility(frames, subject)
    effect = OwnFace(frames, subject, visible, sources, follow=True, soft=params.soft)
    return (Edit(params.subject, own_reach(subject, sources), effect),)


def apply(frames: Frames, material: Material, params: SelfBlendParams) -> Frames:
    """Return new frames with the face blended into itself."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="self_blend",
    kind="control",
    params=SelfBlendParams,
    sample_params=sample_params,
    prepare=prepare,
    about="the person's own face blended back: the same seams",
)
