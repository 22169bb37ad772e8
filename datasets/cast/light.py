"""Light, and what it does to skin, cloth and hair.

Irradiance is a wrapped Lambert term for each channel, a hemisphere of sky and bounce, and a shadow map thrown along
the key light; on skin it is blurred on the surface with a wider kernel for red than for blue (as texture-space
diffusion does: Borshukov and Lewis 2003), which is what makes skin look like skin and not like wood.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import Grid, smoothstep
from datasets.cast.points import Points, Rows

Rotation = NDArray[np.float32]  # (3, 3), from an object's own axes to the viewer's
_CELL = 0.045
_SIDE = 112  # cells of the shadow map: 5 head units across
_WRAP = np.array([0.26, 0.15, 0.11], np.float32)
_EXPOSURE = 0.70
_LUT_MAX = 6.0


@dataclass(frozen=True)
class Light:
    """A key light by direction (azimuth to the viewer's right, elevation; radians), and colours in linear RGB."""

    azimuth: float = -0.6
    elevation: float = 0.5
    key: tuple[float, float, float] = (1.75, 1.63, 1.46)
    ambient: tuple[float, float, float] = (0.30, 0.34, 0.40)
    bounce: tuple[float, float, float] = (0.17, 0.13, 0.10)

    def direction(self) -> NDArray[np.float32]:
        """Return the unit vector towards the light, in the viewer's axes."""
        ce = np.cos(self.elevation)
        return np.array(
            [ce * np.sin(self.azimuth), np.sin(self.elevation), ce * np.cos(self.azimuth)], np.float32
        )

    def changed(self, *, level: float = 1.0, warmth: float = 0.0, azimuth: float = 0.0) -> Light:
        """Return the light brighter by `level`, warmer by `warmth` (about -1 to 1), turned by `azimuth` radians."""
        red, green, blue = self.key
        key = (red * level * (1 + 0.10 * warmth), green * level, blue * level * (1 - 0.14 * warmth))
        soft = level**0.7  # what comes from all sides follows less
        sky = (self.ambient[0] * soft, self.ambient[1] * soft, self.ambient[2] * soft)
        return replace(self, azimuth=self.azimuth + azimuth, key=key, ambient=sky)


@dataclass(frozen=True)
class ShadowMap:
    """How near to the key light the nearest thing is, in cells across its direction."""

    axes: NDArray[np.float32]  # (3, 3): rows are across, across, along
    nearest: Grid  # (_SIDE, _SIDE)
    origin: NDArray[np.float32]  # (3,)

    def lit(self, xyz: NDArray[np.float32], bias: float = 0.055) -> NDArray[np.float32]:
        """Return how much of the key light reaches places (..., 3) in the viewer's axes, 0 to 1."""
        at = (xyz - self.origin) @ self.axes.T
        u = at[..., 0] / _CELL + _SIDE / 2 - 0.5
        v = at[..., 1] / _CELL + _SIDE / 2 - 0.5
        if u.ndim == 1:  # loose points: the nearest cell will do, and OpenCV takes no row this long
            cells = np.clip(np.rint(v), 0, _SIDE - 1).astype(np.int32) * _SIDE + np.clip(
                np.rint(u), 0, _SIDE - 1
            ).astype(np.int32)
            nearest = self.nearest.ravel()[cells]
        else:
            nearest = np.asarray(
                cv2.remap(self.nearest, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
        hidden = smoothstep(bias, bias + 0.11, nearest - at[..., 2])
        return np.asarray(1 - hidden, np.float32)


def shadow_map(
    light: Light, occluders: list[Rows], origin: tuple[float, float, float] = (0.0, -0.6, 0.0)
) -> ShadowMap:
    """Return the shadow map of points (N, 3) in the viewer's axes."""
    along = light.direction()
    across = np.cross(np.array([0.0, 1.0, 0.0], np.float32), along)
    across /= max(float(np.linalg.norm(across)), 1e-6)
    axes = np.stack([across, np.cross(along, across), along]).astype(np.float32)
    start = np.asarray(origin, np.float32)
    at = (np.concatenate(occluders) - start) @ axes.T
    cell = np.floor(at[:, :2] / _CELL + _SIDE / 2).astype(np.int32)
    ok = (cell >= 0).all(axis=1) & (cell < _SIDE).all(axis=1)
    nearest = np.full(_SIDE * _SIDE, -4.0, np.float32)
    np.maximum.at(nearest, cell[ok, 1] * _SIDE + cell[ok, 0], at[ok, 2])
    # The median drops what a single stray hair would throw.
    whole = np.asarray(cv2.medianBlur(nearest.reshape(_SIDE, _SIDE), 3), np.float32)
    return ShadowMap(axes, whole, start)


def irradiance(
    normal: NDArray[np.float32], light: Light, rot: Rotation, lit: NDArray[np.float32] | float = 1.0
) -> NDArray:
    """Return the light that falls on a matt surface with normals (..., 3) in its own axes, (..., 3) linear RGB."""
    to_own = rot.T
    facing = normal @ np.stack([to_own @ light.direction(), to_own @ np.array([0, 1, 0], np.float32)], axis=1)
    sky = 0.5 + 0.5 * facing[..., 1:]
    out = np.maximum((facing[..., :1] + _WRAP) / (1 + _WRAP), 0) * np.asarray(light.key, np.float32)
    if not isinstance(lit, float):
        out *= lit[..., None]
    bounce = np.asarray(light.bounce, np.float32)
    return np.asarray(out + bounce + (np.asarray(light.ambient, np.float32) - bounce) * sky, np.float32)


def diffuse_skin(light_on: Grid, spacing: float) -> Grid:
    """Return irradiance (R, C, 3) spread under the skin; spacing is a cell's size in head units."""
    spread = [max(0.3, reach / spacing) for reach in (0.034, 0.020, 0.013)]
    channels = [cv2.GaussianBlur(c, (0, 0), s) for c, s in zip(cv2.split(light_on), spread, strict=True)]
    return np.asarray(cv2.merge(channels), np.float32)


def skin_shine(normal: Grid, light: Light, rot: Rotation, lit: Grid, oil: float) -> tuple[Grid, Grid]:
    """Return the reflected key light (R, C) and how much darker the skin is where it turns away (R, C)."""
    to_own = rot.T
    view = to_own @ np.array([0, 0, 1], np.float32)
    toward = to_own @ light.direction()
    half = view + toward
    half /= max(float(np.linalg.norm(half)), 1e-6)
    dots = np.clip(normal @ np.stack([half, view, toward], axis=1), 0, 1)
    nh, nv, nl = dots[..., 0], dots[..., 1], dots[..., 2]
    nh4 = nh * nh * nh * nh
    nh16 = nh4 * nh4 * nh4 * nh4
    rim = (1 - nv) * (1 - nv)
    shine = (0.055 * nh16 * nh4 + 0.035 * nh4 * nh4 + 0.06 * rim * rim) * np.minimum(1, 3 * nl) * lit * oil
    return np.asarray(shine, np.float32), np.asarray(0.74 + 0.26 * nv, np.float32)


def shade_points(points: Points, light: Light, rot: Rotation, lit: NDArray[np.float32]) -> Rows:
    """Return the colour of loose points: strands by Kajiya and Kay (1989), other points (gloss below 0) matt."""
    to_own = rot.T
    toward = to_own @ light.direction()
    half = toward + to_own @ np.array([0, 0, 1], np.float32)
    half /= max(float(np.linalg.norm(half)), 1e-6)
    facing = points.normal @ np.stack([toward, to_own @ np.array([0, 1, 0], np.float32)], axis=1)
    strand = points.tangent @ np.stack([toward, half], axis=1)
    across = np.maximum(0, 1 - strand * strand)
    front = np.clip((facing[:, 0] + 0.25) * 0.8, 0, 1)
    diffuse = front * (0.45 + 0.55 * across[:, 0]) * lit
    sky = 0.5 + 0.5 * facing[:, 1]
    a8 = across[:, 1] ** 4
    a8 *= a8
    gloss = (
        np.maximum(points.gloss, 0)
        * (0.07 * a8 * a8 * a8 + 0.03 * a8)
        * np.clip(facing[:, 0] + 0.25, 0, 1)
        * lit
    )
    weights = np.stack([diffuse, sky, 1 - sky], axis=1)
    sources = np.array([light.key, light.ambient, light.bounce], np.float32)
    sheen = np.asarray(light.key, np.float32)
    return np.asarray(
        points.albedo * (weights @ sources) + gloss[:, None] * (0.35 + 2.2 * points.albedo) * sheen,
        np.float32,
    )


@lru_cache(maxsize=1)
def _tone_table() -> NDArray[np.uint8]:
    """Return bytes for linear light 0 to _LUT_MAX: a filmic curve (Narkowicz 2015's fit of ACES), then sRGB's power."""
    v = np.linspace(0, _LUT_MAX, 16384) * _EXPOSURE
    film = v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14)
    return np.asarray(255 * np.clip(film, 0, 1) ** (1 / 2.2) + 0.5, np.uint8)


def tone(linear: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return sRGB bytes of linear light."""
    at = np.clip(linear * np.float32(16383 / _LUT_MAX), 0, 16383).astype(np.uint16)
    return _tone_table()[at]
