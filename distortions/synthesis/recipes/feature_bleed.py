"""Eyes, nose or mouth of another person of the clip show up in a face that is otherwise its own.

Imitates multi-subject models whose attention to two references leaks: one person gets the other's eyes or mouth, often
for the whole clip. Shape and texture of the region come from the other person's frame of nearest pose and expression.
It is mild: one feature alone seldom makes a stranger, and eyes of another expression show double lids, so that poor
fits are refused.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.errors import BadParameter
from distortions.synthesis.morphing import Blend, morph_edit, region_mask
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe

PARTS = ("eyes", "nose", "mouth")


@dataclass(frozen=True, kw_only=True)
class FeatureBleedParams(Params):
    """Parameters.

    Attributes:
        parts: Which of PARTS come from the other person.
        shape, gain, soft, keep: How they come in (`morphing.Blend`).
    """

    parts: tuple[str, ...] = ("eyes",)
    shape: float = 1.2
    gain: float = 1.0
    soft: float = 0.8
    keep: float = 0.35

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.parts or set(self.parts) - set(PARTS):
            raise BadParameter(
                f"parts are some of {', '.join(PARTS)}, got {', '.join(self.parts) or 'none'}."
            )
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)


def sample_params(rng: np.random.Generator, severity: int) -> FeatureBleedParams:
    """Draw which parts bleed: one for the mild, two for the severe."""
    RECIPE.check_severity(severity)
    parts = [("eyes",), ("mouth",)] if severity < 3 else [("eyes", "nose"), ("eyes", "mouth")]
    return FeatureBleedParams(
        parts=parts[int(rng.integers(len(parts)))],
        shape=round(float(rng.uniform(1.0, 1.4)), 3),
        keep=round(float(rng.uniform(0.3, 0.5)), 3),
    )


def prepare(frames: Frames, material: Material, params: FeatureBleedParams) -> tuple[Edit, ...]:
    """Take the region from the other people of the clip."""
    material.scene.require(2)
    side = material.scene.subject(params.subject).side
    region = np.max([region_mask(side, part) for part in params.parts], axis=0)
    blend = Blend(shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, limit=7.0)
    others = [place for place in range(len(material.scene.subjects)) if place != params.subject]
    donors = [donor for place in others for donor in material.portraits(frames, place, 10)]
    return (morph_edit(frames, material, params.subject, donors, blend, region),)


def apply(frames: Frames, material: Material, params: FeatureBleedParams) -> Frames:
    """Return new frames with another person's features in the face."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="feature_bleed",
    kind="negative",
    params=FeatureBleedParams,
    sample_params=sample_params,
    prepare=prepare,
    people=2,
    severities=(1, 2, 3),
    schedules=("constant", "linear", "step", "logistic"),
    about="eyes, nose or mouth of another person of the clip",
)
