"""A person becomes generic: what is particular about the face gives way to the mean of many.

Imitates models whose hold on a reference fades, so that they fall back to the face they have seen most: smooth, even,
nobody's. The mean is made of the donors nearest in pose and skin; without donors, of the clip's people and their mirror
images, which takes the asymmetries and the wrinkles but not the bones.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.donors import Donor, misfit
from distortions.synthesis.morphing import Blend, mean_face, morph_edit
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe


@dataclass(frozen=True, kw_only=True)
class DropParams(Params):
    """Parameters.

    Attributes:
        faces: How many donors the mean is made of.
        shape, gain, soft, keep: How the mean comes in (`morphing.Blend`).
    """

    faces: int = 6
    shape: float = 1.2
    gain: float = 1.0
    soft: float = 1.0
    keep: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("faces", 1, 20)
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)


def sample_params(rng: np.random.Generator, severity: int) -> DropParams:
    """Draw of how many faces the mean is made."""
    RECIPE.check_severity(severity)
    return DropParams(
        faces=int(rng.integers(4, 9)),
        shape=round(float(rng.uniform(1.0, 1.3)), 3),
        keep=round(float(rng.uniform(0.4, 0.6)), 3),
    )


def prepare(frames: Frames, material: Material, params: DropParams) -> tuple[Edit, ...]:
    """Make a mean for each of the person's best frames, and the edit towards the one that fits best."""
    own = material.portraits(frames, params.subject, 4)
    blend = Blend(shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, limit=9.0)
    means = [_generic(each, material, params.faces) for each in own]
    return (morph_edit(frames, material, params.subject, means, blend),)


def _generic(own: Donor, material: Material, faces: int) -> Donor:
    if not material.donors:
        return mean_face([own, own.mirrored], "mean")
    both = [each for donor in material.donors for each in (donor, donor.mirrored)]
    both.sort(key=lambda donor: (misfit(donor, own.traits), donor.name))
    return mean_face(both[:faces], "mean")


def apply(frames: Frames, material: Material, params: DropParams) -> Frames:
    """Return new frames in which a person has become generic."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="drop",
    kind="negative",
    params=DropParams,
    sample_params=sample_params,
    prepare=prepare,
    severities=(1, 2, 3, 4),
    schedules=("linear", "logistic", "late", "constant", "relapse"),
    about="a person becomes generic",
)
