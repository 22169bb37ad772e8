"""Control: light and colour of the picture change; everybody stays who they are.

What models do when exposure or white balance wander through a clip. Brightness curve, colour temperature, saturation
and a light from one side, by albumentations' functions; `amount` mixes them with the untouched picture.

Units: gamma as an exponent, temperature in kelvin, saturation of 0 to 255, light as a share of full scale, angle in
degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distortions.synthesis.picture import picture_edit, pixel_functions
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe


@dataclass(frozen=True, kw_only=True)
class PhotometricParams(Params):
    """Parameters: see the module's docstring for units."""

    gamma: float = 1.25
    temperature: int = 5200
    saturation: int = 20
    light: float = 0.1
    angle: float = 90.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("gamma", 0.4, 2.5)
        self.within("temperature", 3000, 15000)
        self.within("saturation", -80, 80)
        self.within("light", -0.3, 0.3)
        self.within("angle", 0, 360)


def sample_params(rng: np.random.Generator, severity: int) -> PhotometricParams:
    """Draw which way light and colour go; farther for higher severities."""
    RECIPE.check_severity(severity)
    sign = rng.choice([-1.0, 1.0], 3)
    return PhotometricParams(
        amount=0.2 * severity,
        gamma=round(float(np.exp(sign[0] * rng.uniform(0.2, 0.4))), 3),
        temperature=int(rng.uniform(4900, 5600) if sign[1] > 0 else rng.uniform(7500, 9500)),
        saturation=int(sign[2] * rng.uniform(15, 40)),
        light=round(float(rng.uniform(-0.15, 0.15)), 3),
        angle=round(float(rng.uniform(0, 360)), 1),
    )


def prepare(frames: Frames, material: Material, params: PhotometricParams) -> tuple[Edit, ...]:
    """Bind the functions to their parameters."""
    pixel = pixel_functions()

    def changed(frame: Frame, index: int) -> Frame:
        picture = pixel.gamma_transform(frame, params.gamma)
        picture = pixel.planckian_jitter(picture, params.temperature, "blackbody")
        picture = pixel.shift_hsv(picture, 0, params.saturation, 0)
        picture = pixel.apply_linear_illumination(picture, params.light, params.angle)
        return np.asarray(picture, np.uint8)

    return (picture_edit(frames, changed),)


def apply(frames: Frames, material: Material, params: PhotometricParams) -> Frames:
    """Return new frames in other light."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="photometric",
    kind="control",
    params=PhotometricParams,
    sample_params=sample_params,
    prepare=prepare,
    about="light and colour change",
)
