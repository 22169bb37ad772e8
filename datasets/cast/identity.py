"""Who somebody is: a vector of traits, drawn from a seed.

A trait is about standard normal (sd 0.85, clipped to +-1.8); 0 is the mean face. Everything that makes a person
recognisable comes from this vector alone: shape, skin, eyes, brows, nose, mouth, hair, beard, glasses.
Expression, pose, light and clothes are drawn elsewhere and never touch it.

The traits that face embedders answer to most are stretched a little (`STRETCH`), so that a random cast is not a
family; more than that makes caricatures. Own choice, measured in docs/experiments/cast.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

TRAITS: tuple[str, ...] = (
    # head
    "head_width", "head_length", "forehead_height", "cheekbones", "cheek_fullness", "jaw_width", "jaw_height",
    "chin_width", "chin_length", "chin_forward", "face_length",
    # eyes
    "eye_spacing", "eye_height", "eye_width", "eye_open", "eye_tilt", "eye_depth", "eye_lightness", "eye_hue",
    "lid_fold",
    # brows
    "brow_height", "brow_arch", "brow_thickness", "brow_tilt", "brow_ridge", "brow_spacing",
    # nose
    "nose_length", "nose_width", "nose_bridge", "nose_tip", "nose_projection",
    # mouth
    "mouth_width", "mouth_height", "upper_lip", "lower_lip", "lip_colour", "mouth_corners",
    # skin
    "skin_tone", "skin_warmth", "ruddiness", "freckles", "age",
    # hair
    "hair_tone", "hair_red", "grey", "hair_length", "hair_volume", "hairline", "fringe", "curl", "parting",
    "sweep", "tied", "beard", "moustache",
    # worn
    "glasses", "glasses_shape", "ears",
)  # fmt: skip

STRETCH: Mapping[str, float] = MappingProxyType(
    dict.fromkeys(
        (
            "eye_spacing", "nose_length", "brow_arch", "eye_height", "brow_height", "eye_width", "eye_tilt",
            "brow_thickness", "nose_width", "mouth_height", "eye_open", "brow_tilt", "mouth_width",
        ),
        1.55,
    )
    # More than this makes caricatures of jaws, which a detector of frontal faces no longer takes for faces.
    | dict.fromkeys(("cheekbones", "jaw_width", "chin_width"), 1.1)
    | dict.fromkeys(
        (
            "hair_tone", "face_length", "skin_tone", "upper_lip", "lower_lip", "nose_projection", "brow_spacing",
            "mouth_corners",
        ),
        1.3,
    )
)  # fmt: skip

LIMIT = 1.8
SPREAD = 0.85

# Traits that go together in people, as shifts along two hidden axes that are drawn first. Without them every second
# long-haired face wears a beard and the picture reads as noise, not as people.
_BUILD: Mapping[str, float] = MappingProxyType(
    {
        "jaw_width": 0.45, "chin_width": 0.40, "brow_ridge": 0.75, "brow_thickness": 0.60, "brow_height": -0.45,
        "nose_width": 0.25, "nose_length": 0.25, "eye_open": -0.45, "upper_lip": -0.45, "lower_lip": -0.35,
        "lip_colour": -0.6, "hair_length": -1.05, "beard": 0.75, "moustache": 0.75, "brow_arch": -0.45,
        "hairline": 0.35, "tied": -0.5, "cheek_fullness": -0.2,
    }
)  # fmt: skip
_DARK: Mapping[str, float] = MappingProxyType(
    {
        "skin_tone": 0.55, "hair_tone": -0.45, "eye_lightness": -0.5, "curl": 0.55, "hair_red": -0.3,
        "upper_lip": 0.25, "lower_lip": 0.25, "nose_width": 0.3,
    }
)  # fmt: skip
_INDEX = {name: i for i, name in enumerate(TRAITS)}


@dataclass(frozen=True, eq=False)
class Identity:
    """A person of the cast.

    Attributes:
        vector: (len(TRAITS),) float64, before stretching; what the truth of a clip records.
    """

    vector: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.vector.shape != (len(TRAITS),):
            raise ValueError(
                f"an identity has {len(TRAITS)} traits, got an array of shape {self.vector.shape}"
            )

    def __getitem__(self, trait: str) -> float:
        """Return a trait as the renderer uses it: stretched where that helps recognition."""
        return float(self.vector[_INDEX[trait]]) * STRETCH.get(trait, 1.0)

    def toward(self, other: Identity, share: float) -> Identity:
        """Return the identity `share` of the way (0 to 1) to another: the exact truth of a drift or a blend."""
        return Identity((1.0 - share) * self.vector + share * other.vector)

    def with_traits(self, **traits: float) -> Identity:
        """Return a copy with some traits set, named as in `TRAITS`."""
        vector = self.vector.copy()
        for name, value in traits.items():
            vector[_INDEX[name]] = value
        return Identity(vector)


def mean_identity() -> Identity:
    """Return the mean face: every trait 0."""
    return Identity(np.zeros(len(TRAITS)))


def identity_of(vector: ArrayLike) -> Identity:
    """Return the identity with a stored vector, (len(TRAITS),)."""
    return Identity(np.asarray(vector, dtype=np.float64))


def draw_identity(seed: int) -> Identity:
    """Draw a person. The same seed is the same person."""
    rng = np.random.default_rng([seed, 0x1D])
    vector = rng.normal(0.0, SPREAD, len(TRAITS))
    build, dark = rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.2), rng.normal(0.0, 0.9)
    for shifts, amount in ((_BUILD, build), (_DARK, dark)):
        for name, weight in shifts.items():
            vector[_INDEX[name]] += weight * amount
    return Identity(np.clip(vector, -LIMIT, LIMIT))
