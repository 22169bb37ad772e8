"""Two people exchange faces, mostly from a moment on.

Imitates multi-subject models that lose who is who when people cross, meet or turn, and models that bind the references
to the wrong bodies from the first frame on. Each face gets the other's shape and texture, taken at frames of like pose
and carried by the person's own flow; hair, ears and clothes stay, as they do where the prompt fixes them.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.morphing import Blend, morph_edit
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe


@dataclass(frozen=True, kw_only=True)
class SwapParams(Params):
    """Parameters.

    Attributes:
        other: The second person, by place in `Scene.subjects`.
        shape, gain, soft, keep: How each face comes into the other (`morphing.Blend`).
    """

    other: int = 1
    shape: float = 1.3
    gain: float = 1.0
    soft: float = 0.7
    keep: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("other", 0, 50)
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)


def sample_params(rng: np.random.Generator, severity: int) -> SwapParams:
    """Draw how full the exchange is."""
    RECIPE.check_severity(severity)
    return SwapParams(
        shape=round(float(rng.uniform(1.1, 1.4)), 3),
        gain=round(float(rng.uniform(0.95, 1.1)), 3),
        keep=round(float(rng.uniform(0.3, 0.5)), 3),
        other=int(rng.integers(1, 50)),
    )


def prepare(frames: Frames, material: Material, params: SwapParams) -> tuple[Edit, ...]:
    """Make both edits; `other` counts on from the subject, round all people."""
    material.scene.require(2)
    count = len(material.scene.subjects)
    first = params.subject
    second = (first + 1 + (params.other - 1) % (count - 1)) % count
    blend = Blend(shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, limit=7.5)
    return tuple(
        morph_edit(frames, material, own, material.portraits(frames, other, 12), blend)
        for own, other in ((first, second), (second, first))
    )


def apply(frames: Frames, material: Material, params: SwapParams) -> Frames:
    """Return new frames in which two people have each other's face."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="swap",
    kind="negative",
    params=SwapParams,
    sample_params=sample_params,
    prepare=prepare,
    people=2,
    severities=(3, 4, 5),
    schedules=("step", "constant", "late", "relapse"),
    about="two people exchange faces from a moment on",
)
