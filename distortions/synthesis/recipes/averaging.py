"""All faces of a clip move to their mean: people come to look like brothers and sisters.

Imitates multi-subject models that mix the references of a scene: nobody is swapped, everybody is a bit of everybody.
The mean is made in shape and texture of the people's best frames, and every face goes there.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.donors import nearest_pose
from distortions.synthesis.errors import NoDonor
from distortions.synthesis.morphing import Blend, mean_face, morph_edit
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe


@dataclass(frozen=True, kw_only=True)
class AveragingParams(Params):
    """Parameters.

    Attributes:
        shape, gain, soft, keep: How the mean comes into each face (`morphing.Blend`).
    """

    shape: float = 1.2
    gain: float = 1.0
    soft: float = 0.8
    keep: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)


def sample_params(rng: np.random.Generator, severity: int) -> AveragingParams:
    """Draw how the mean comes in."""
    RECIPE.check_severity(severity)
    return AveragingParams(
        shape=round(float(rng.uniform(1.1, 1.4)), 3), keep=round(float(rng.uniform(0.4, 0.6)), 3)
    )


def prepare(frames: Frames, material: Material, params: AveragingParams) -> tuple[Edit, ...]:
    """Make the mean of all people's frontal frames, and an edit for each person."""
    scene = material.scene
    scene.require(2)
    portraits = [material.portraits(frames, place, 4) for place in range(len(scene.subjects))]
    if not all(portraits):
        raise NoDonor("Not everybody in the clip is seen well enough for a mean face.")
    blend = Blend(shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, limit=9.0)
    edits = []
    for place, own in enumerate(portraits):
        others = portraits[:place] + portraits[place + 1 :]
        # Begun from each of the person's own frames, so that pose and light of the mean are near theirs.
        means = [mean_face([each, *(nearest_pose(o, each) for o in others)], "mean of all") for each in own]
        edits.append(morph_edit(frames, material, place, means, blend))
    return tuple(edits)


def apply(frames: Frames, material: Material, params: AveragingParams) -> Frames:
    """Return new frames in which all faces have moved to their mean."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="averaging",
    kind="negative",
    params=AveragingParams,
    sample_params=sample_params,
    prepare=prepare,
    people=2,
    severities=(1, 2, 3),
    schedules=("constant", "linear", "logistic"),
    about="all faces of the clip move to their mean",
)
