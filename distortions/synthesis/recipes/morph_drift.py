"""A face slowly becomes somebody else: proportions, a donor's shape, and a donor's softened features.

Imitates what reference-driven video models do over seconds: light, skin tone, expression and pose stay, and the face
inside them turns into another one, as a mixture and not as a mask laid on top. The donor's texture is taken once, at
up to three key frames, as a difference, and follows the person's own movements from there: expression survives, and
nothing freezes. It cannot change hair, ears, beard or the head's outline, and leaves faces alone that turn to profile.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.morphing import Blend, morph_edit
from distortions.synthesis.proportions import BUMPS, random_direction
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe


@dataclass(frozen=True, kw_only=True)
class MorphDriftParams(Params):
    """Parameters.

    Attributes:
        weights: Direction of the proportions, as in `proportions.BUMPS`.
        proportions: How far they go, distances between the eyes, rms.
        shape, gain, soft, keep, pick: How the donor comes in (`morphing.Blend`).
    """

    weights: tuple[float, ...] = (0.8,) * len(BUMPS)
    proportions: float = 0.05
    shape: float = 1.2
    gain: float = 0.7
    soft: float = 1.2
    keep: float = 0.7
    pick: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.numbers("weights", len(BUMPS), -1, 1)
        self.within("proportions", 0, 0.12)
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)
        self.within("pick", 0, 50)


def sample_params(rng: np.random.Generator, severity: int) -> MorphDriftParams:
    """Draw a direction, a donor among the best, and how soft; more of the donor's texture for the severe ones."""
    RECIPE.check_severity(severity)
    return MorphDriftParams(
        weights=random_direction(rng, of=4),
        proportions=round(float(rng.uniform(0.03, 0.05)) + 0.004 * severity, 4),
        shape=round(float(rng.uniform(1.0, 1.3)), 3),
        gain=round(min(1.0, 0.55 + 0.09 * severity), 3),
        soft=round(float(rng.uniform(1.0, 1.5)), 3),
        keep=round(float(rng.uniform(0.6, 0.8)), 3),
        pick=int(rng.integers(3)),
    )


def prepare(frames: Frames, material: Material, params: MorphDriftParams) -> tuple[Edit, ...]:
    """Choose donor and keys, make the change at each key, and the field that changes the shape."""
    blend = Blend(
        shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, pick=params.pick,
        weights=params.weights, proportions=params.proportions,
    )  # fmt: skip
    donors = material.lenders(frames, params.subject)
    return (morph_edit(frames, material, params.subject, donors, blend),)


def apply(frames: Frames, material: Material, params: MorphDriftParams) -> Frames:
    """Return new frames in which the face becomes somebody else's."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="morph_drift",
    kind="negative",
    params=MorphDriftParams,
    sample_params=sample_params,
    prepare=prepare,
    about="a face slowly becomes somebody else's",
)
