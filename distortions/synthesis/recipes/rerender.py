"""A person of the procedural cast is drawn anew as somebody else: the identity vector itself drifts, bleeds or swaps.

Imitates all of the failures of the other recipes at once and whole: hair, age, glasses and beard change with the face,
in profile too. There is no mask and no seam, and the truth is exact. Only for clips of the cast. What is added to a
frame is the difference between two drawings, so that the clip's own coding stays in it, and pixels that both drawings
share keep their bytes.

Source: `datasets.cast.identity`. Strength is the share of the way between two identity vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.cast.identity import TRAITS, Identity, draw_identity, mean_identity
from distortions.synthesis.errors import BadParameter, SynthesisError
from distortions.synthesis.procedural import Procedural
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe

MODES = ("drift", "bleed", "swap", "drop")
PARTS = {
    "eyes": ("eye_", "lid_", "brow_"),
    "nose": ("nose_",),
    "mouth": ("mouth_", "upper_lip", "lower_lip", "lip_"),
    "hair": ("hair", "grey", "fringe", "curl", "parting", "sweep", "tied"),
    "beard": ("beard", "moustache"),
}
_STEP = 1 / 64  # strengths are rounded to this: a head is built anew for each


@dataclass(frozen=True, kw_only=True)
class RerenderParams(Params):
    """Parameters.

    Attributes:
        mode: drift: towards a stranger. bleed: some traits of the next person of the clip. swap: with the next person.
            drop: towards the mean face.
        stranger: Seed of the stranger's identity.
        parts: Which of PARTS bleed.
    """

    mode: str = "drift"
    stranger: int = 1
    parts: tuple[str, ...] = ("eyes", "mouth")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode not in MODES:
            raise BadParameter(f"mode is one of {', '.join(MODES)}, got {self.mode!r}.")
        if not self.parts or set(self.parts) - set(PARTS):
            raise BadParameter(
                f"parts are some of {', '.join(PARTS)}, got {', '.join(self.parts) or 'none'}."
            )
        self.within("stranger", 0, 2**31)


def sample_params(rng: np.random.Generator, severity: int) -> RerenderParams:
    """Draw what happens, and who the stranger is; bleeding alone makes no stranger."""
    RECIPE.check_severity(severity)
    modes = ("drift", "drift", "bleed", "drop") if severity < 3 else ("drift", "drift", "swap")
    parts = [str(part) for part in rng.permutation(list(PARTS))[: 2 + severity // 2]]
    return RerenderParams(
        mode=modes[int(rng.integers(len(modes)))],
        stranger=int(rng.integers(2**31)),
        parts=tuple(sorted(parts)),
    )


@dataclass(frozen=True, eq=False)
class Redrawing:
    """Draws one person on the way from one identity to another."""

    source: Procedural
    person: int
    base: Identity
    other: Identity

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        share = round(strength / _STEP) * _STEP
        if share <= 0:
            return
        before = self.source.untouched(index)
        after = self.source.draw(index, {self.person: self.base.toward(self.other, share)})
        changed = (before != after).any(axis=2)
        moved = out[changed] + (after[changed].astype(np.int16) - before[changed])
        out[changed] = np.clip(moved, 0, 255)


def prepare(frames: Frames, material: Material, params: RerenderParams) -> tuple[Edit, ...]:
    """Find out who of the cast the subject is, and whom they become."""
    source = material.procedural
    if source is None:
        raise SynthesisError(
            "Only clips of the procedural cast can be drawn anew; this one has no truth beside it."
        )
    source.check(frames)
    places = [params.subject]
    if params.mode in ("bleed", "swap"):
        material.scene.require(2)
        places.append((params.subject + 1) % len(material.scene.subjects))
    people = [source.person(material.scene.subject(place)) for place in places]
    bases = [source.clip.courses[person].base for person in people]
    if params.mode == "swap":
        others = [bases[1], bases[0]]
    else:
        others = [_other(params, bases)]
    reach = np.ones(len(frames), np.float32)
    return tuple(
        Edit(
            place, reach, Redrawing(source, person, base, other),
            donor=_donor(params, material, place, places), area="person",
        )
        for place, person, base, other in zip(places, people, bases, others, strict=False)
    )  # fmt: skip


def _other(params: RerenderParams, bases: list[Identity]) -> Identity:
    if params.mode == "drift":
        return draw_identity(params.stranger)
    if params.mode == "drop":
        return mean_identity()
    prefixes = tuple(prefix for part in params.parts for prefix in PARTS[part])
    bleeding = np.array([trait.startswith(prefixes) for trait in TRAITS])
    return Identity(np.where(bleeding, bases[1].vector, bases[0].vector))


def _donor(params: RerenderParams, material: Material, place: int, places: list[int]) -> str:
    if params.mode == "drift":
        return f"cast {params.stranger}"
    if params.mode == "drop":
        return "mean face"
    return material.scene.subject(places[1] if place == places[0] else places[0]).name


def apply(frames: Frames, material: Material, params: RerenderParams) -> Frames:
    """Return new frames in which a person of the cast becomes somebody else."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="rerender",
    kind="negative",
    params=RerenderParams,
    sample_params=sample_params,
    prepare=prepare,
    about="procedural clips only: the identity itself drifts, bleeds or swaps, hair and all",
)
