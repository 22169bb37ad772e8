"""The colours of a person: skin, lips, hair, iris, as linear-light RGB albedo, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import step_of
from datasets.cast.identity import Identity

Colour = NDArray[np.float32]  # (3,)

# From light to dark and from cool to warm. Own choice by eye.
_SKIN = np.array(
    [
        [0.72, 0.47, 0.36],
        [0.63, 0.38, 0.265],
        [0.50, 0.275, 0.17],
        [0.34, 0.170, 0.095],
        [0.21, 0.098, 0.054],
        [0.120, 0.056, 0.034],
    ]
)
_HAIR = np.array(
    [
        [0.50, 0.33, 0.145],
        [0.27, 0.145, 0.06],
        [0.115, 0.056, 0.026],
        [0.045, 0.024, 0.014],
        [0.013, 0.010, 0.009],
    ]
)
_IRIS = np.array(
    [
        [0.18, 0.30, 0.42],
        [0.15, 0.24, 0.17],
        [0.20, 0.135, 0.06],
        [0.085, 0.040, 0.016],
        [0.030, 0.014, 0.008],
    ]
)


@dataclass(frozen=True)
class Palette:
    """Colours (3,) and how much of a beard and a moustache there is, 0 to 1; darkness of the skin, 0 to 1."""

    skin: Colour
    lip: Colour
    hair: Colour
    facial_hair: Colour
    iris: Colour
    sclera: Colour
    beard: float
    moustache: float
    darkness: float
    grey: float


def palette_of(p: Identity) -> Palette:
    """Return the colours of an identity."""
    dark = 1 / (1 + np.exp(-1.35 * p["skin_tone"]))
    warmth = np.array([1.0, 1.0 + 0.05 * p["skin_warmth"], 1.0 - 0.09 * p["skin_warmth"]])
    skin = _ramp(_SKIN, 0.04 + 0.92 * dark) * warmth
    tone = float(np.clip(0.55 - 0.27 * p["hair_tone"] + 0.42 * (dark - 0.37), 0.0, 1.0))
    hair = _ramp(_HAIR, tone)
    red = float(np.clip(p["hair_red"] - 0.7, 0, 1)) * (1 - dark)
    hair = hair * (1 - red) + np.array([0.29, 0.085, 0.022]) * red
    grey = step_of(p["grey"] + 0.45 * p["age"], 0.75, 1.7)
    silver = np.array([0.36, 0.355, 0.345]) * (1.15 - 0.4 * tone)
    beard_grey = step_of(p["grey"] + 0.45 * p["age"], 0.55, 1.4)
    iris = _ramp(_IRIS, float(np.clip(0.60 - 0.34 * p["eye_lightness"] + 0.75 * (dark - 0.32), 0, 1)))
    iris = iris * (1 + 0.15 * p["eye_hue"] * np.array([-0.5, 0.2, 0.6]))
    lip = skin * np.array([0.80, 0.40, 0.43]) * (1 + 0.07 * p["lip_colour"] * np.array([1.0, -1.6, -1.0]))
    return Palette(
        skin=skin.astype(np.float32),
        lip=np.clip(lip, 0.01, 1).astype(np.float32),
        hair=(hair * (1 - grey) + silver * grey).astype(np.float32),
        facial_hair=(hair * (1 - beard_grey) + silver * beard_grey).astype(np.float32),
        iris=np.clip(iris, 0.004, 1).astype(np.float32),
        sclera=(np.array([0.42, 0.39, 0.37]) * (1 - 0.42 * dark)).astype(np.float32),
        beard=float(np.clip((p["beard"] - 0.75) / 0.75, 0, 1)),
        moustache=float(np.clip((max(p["moustache"] - 0.35, p["beard"] - 0.25) - 0.55) / 0.7, 0, 1)),
        darkness=float(dark),
        grey=grey,
    )


def _ramp(table: NDArray[np.float64], t: float) -> NDArray[np.float64]:
    """Pick from a colour table, t in 0..1, interpolated in log space so that dark ends are even."""
    at = float(np.clip(t, 0, 1)) * (len(table) - 1)
    return np.exp(np.array([np.interp(at, range(len(table)), np.log(table[:, c])) for c in range(3)]))
