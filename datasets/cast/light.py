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
from datasets.cast.points import Loose, Planes

Rotation = NDArray[np.float32]  # (3, 3), from an object's own axes to the viewer's
_CELL = 0.045
_SIDE = 112  # cells of the shadow map: 5 head units across
_WRAP = np.array([0.26, 0.15, 0.11], np.float32)
_EXPOSURE = 0.70
_LUT_MAX = 6.0
_TO_TABLE = 65535 / _LUT_MAX


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

    def lit(self, places: Planes, bias: float = 0.055) -> NDArray[np.float32]:
        """Return how much of the key light reaches places (3, ...) in the viewer's axes, (...), 0 to 1."""
        to_cells = self.axes / np.array([[_CELL], [_CELL], [1]], np.float32)
        shift = np.array([_SIDE / 2 - 0.5, _SIDE / 2 - 0.5, 0], np.float32) - to_cells @ self.origin
        u, v, along = (to_cells @ places.reshape(3, -1) + shift[:, None]).reshape(places.shape)
        if u.ndim == 1:  # loose points: the nearest cell will do, and OpenCV takes no row this long
            row, column = (np.clip(c + np.float32(0.5), 0, _SIDE - 1).astype(np.int32) for c in (v, u))
            nearest = self.nearest.ravel().take(row * _SIDE + column)
        else:
            nearest = np.asarray(
                cv2.remap(self.nearest, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
            )
        return np.asarray(1 - smoothstep(bias, bias + 0.11, nearest - along), np.float32)


def shadow_map(
    light: Light, occluders: list[Planes], origin: tuple[float, float, float] = (0.0, -0.6, 0.0)
) -> ShadowMap:
    """Return the shadow map of points (3, N) in the viewer's axes."""
    along = light.direction()
    across = np.cross(np.array([0.0, 1.0, 0.0], np.float32), along)
    across /= max(float(np.linalg.norm(across)), 1e-6)
    axes = np.stack([across, np.cross(along, across), along]).astype(np.float32)
    start = np.asarray(origin, np.float32)
    u, v, height = axes @ np.concatenate(occluders, axis=1) - (axes @ start)[:, None]
    column, row = (np.floor(c / np.float32(_CELL) + np.float32(_SIDE / 2)).astype(np.int32) for c in (u, v))
    ok = np.flatnonzero((column >= 0) & (column < _SIDE) & (row >= 0) & (row < _SIDE))
    nearest = np.full(_SIDE * _SIDE, -4.0, np.float32)
    np.maximum.at(nearest, row.take(ok) * _SIDE + column.take(ok), height.take(ok))
    # The median drops what a single stray hair would throw.
    whole = np.asarray(cv2.medianBlur(nearest.reshape(_SIDE, _SIDE), 3), np.float32)
    return ShadowMap(axes, whole, start)


def irradiance(normal: Planes, light: Light, rot: Rotation, lit: NDArray[np.float32] | float = 1.0) -> Planes:
    """Return the light that falls on a matt surface with normals (3, ...) in its own axes, (3, ...) linear RGB."""
    ways = np.stack([light.direction(), np.array([0, 1, 0], np.float32)]) @ rot
    facing, up = (ways @ normal.reshape(3, -1)).reshape(2, *normal.shape[1:])
    sky = 0.5 + 0.5 * up
    out = np.empty(normal.shape, np.float32)
    for c in range(3):
        plane = np.maximum(facing + _WRAP[c], 0, out=out[c])
        plane *= np.float32(light.key[c]) / (1 + _WRAP[c])
        plane *= lit
        plane += np.float32(light.ambient[c] - light.bounce[c]) * sky
        plane += np.float32(light.bounce[c])
    return out


def diffuse_skin(light_on: Planes, spacing: float) -> Planes:
    """Return irradiance (3, R, C) spread under the skin; spacing is a cell's size in head units."""
    spread = [max(0.3, reach / spacing) for reach in (0.034, 0.020, 0.013)]
    return np.stack([cv2.GaussianBlur(c, (0, 0), s) for c, s in zip(light_on, spread, strict=True)])


def skin_shine(normal: Planes, light: Light, rot: Rotation, lit: Grid, oil: float) -> tuple[Grid, Grid]:
    """Return the reflected key light (R, C) and how much darker the skin is where it turns away (R, C).

    normal: (3, R, C).
    """
    to_own = rot.T
    view = to_own @ np.array([0, 0, 1], np.float32)
    toward = to_own @ light.direction()
    half = view + toward
    half /= max(float(np.linalg.norm(half)), 1e-6)
    dots = np.clip(np.stack([half, view, toward]) @ normal.reshape(3, -1), 0, 1)
    nh, nv, nl = dots.reshape(normal.shape)
    nh4 = nh * nh
    nh4 *= nh4
    nh16 = nh4 * nh4
    nh16 *= nh16
    rim = 1 - nv
    rim *= rim
    shine = (0.055 * nh16 * nh4 + 0.035 * nh4 * nh4 + 0.06 * rim * rim) * np.minimum(1, 3 * nl) * lit * oil
    return np.asarray(shine, np.float32), np.asarray(0.74 + 0.26 * nv, np.float32)


def shade_points(points: Loose, light: Light, rot: Rotation, lit: NDArray[np.float32]) -> Planes:
    """Return the colour (3, N) of loose points: strands by Kajiya and Kay (1989), other points (no gloss) matt."""
    to_own = rot.T
    toward = to_own @ light.direction()
    half = toward + to_own @ np.array([0, 0, 1], np.float32)
    half /= max(float(np.linalg.norm(half)), 1e-6)
    ways = np.zeros((4, 6), np.float32)
    ways[0, :3], ways[1, :3], ways[2, 3:], ways[3, 3:] = toward, rot[1], toward, half
    facing, up, along, mirrored = ways @ points.ways
    facing += 0.25
    across = np.maximum(0, 1 - mirrored * mirrored)
    a8 = across * across
    a8 *= a8
    a8 *= a8
    terms = np.empty(
        (4, len(facing)), np.float32
    )  # from the key light, from the sky, from below, in the gloss
    terms[0] = np.clip(facing * 0.8, 0, 1) * (0.45 + 0.55 * np.maximum(0, 1 - along * along)) * lit
    terms[1] = 0.5 + 0.5 * up
    terms[2] = 0.5 - 0.5 * up
    terms[3] = points.gloss * (0.07 * a8 * a8 * a8 + 0.03 * a8) * np.clip(facing, 0, 1) * lit
    key = np.asarray(light.key, np.float32)
    on_matt = np.stack([key, light.ambient, light.bounce, 2.2 * key], axis=1).astype(np.float32)
    colour = on_matt @ terms
    colour *= points.albedo
    colour += (0.35 * key)[:, None] * terms[3]
    return np.asarray(colour, np.float32)


@lru_cache(maxsize=1)
def _tone_table() -> NDArray[np.uint8]:
    """Return bytes for linear light 0 to _LUT_MAX: a filmic curve (Narkowicz 2015's fit of ACES), then sRGB's power."""
    v = np.linspace(0, _LUT_MAX, 65536) * _EXPOSURE
    film = v * (2.51 * v + 0.03) / (v * (2.43 * v + 0.59) + 0.14)
    return np.asarray(255 * np.clip(film, 0, 1) ** (1 / 2.2) + 0.5, np.uint8)


def tone(linear: NDArray[np.float32], added: NDArray[np.float32] | None = None) -> NDArray[np.uint8]:
    """Return sRGB bytes of linear light, or of the sum of two kinds of it."""
    share = 0.0 if added is None else _TO_TABLE
    at = cv2.addWeighted(linear, _TO_TABLE, linear if added is None else added, share, 0, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(at, _tone_table()), np.uint8)


def tone_of_product(albedo: NDArray[np.float32], light_on: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return sRGB bytes of a surface under a light, both of one shape."""
    at = cv2.multiply(albedo, light_on, scale=_TO_TABLE, dtype=cv2.CV_16U)
    return np.asarray(cv2.LUT(at, _tone_table()), np.uint8)
