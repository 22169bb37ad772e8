"""Things that hands hold in front of faces, and the hand and forearm: rounded shapes, shaded by their own normals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import Grid, parameters, smoothstep
from datasets.cast.light import Light, irradiance, tone
from datasets.cast.palette import Palette
from datasets.cast.splat import Tile

_SCALE = 2  # drawn this many times larger, then shrunk
_HALF, _BELOW = (
    1.05,
    3.3,
)  # what a tile holds beside and below its centre, head units; above: as much as beside
Place = tuple[float, float]  # head units from the tile's centre, x to the viewer's right, y up
Colour = NDArray[np.float32] | tuple[float, float, float]


@dataclass
class _Canvas:
    """Albedo (h, w, 3), normals (h, w, 3) and cover (h, w) of what is held, with each pixel's place."""

    albedo: Grid
    normal: Grid
    cover: Grid
    x: Grid
    y: Grid

    def lay(self, colour: Colour | Grid, normal: Grid, alpha: Grid) -> None:
        """Lay a shape over what is there; alpha (h, w), 0 to 1."""
        a = alpha[..., None]
        self.albedo += (np.asarray(colour, np.float32) - self.albedo) * a
        self.normal += (normal - self.normal) * a
        np.maximum(self.cover, alpha, out=self.cover)


def draw_held(
    kind: str, palette: Palette, sleeve: Colour, light: Light, centre: tuple[float, float], unit: float
) -> Tile:
    """Draw a mug, phone or book with the hand and the sleeve that hold it; centre in pixels, unit in pixels a head
    unit."""
    w, h = max(8, round(2 * _HALF * unit)), max(8, round((_HALF + _BELOW) * unit))
    x, y = parameters(h * _SCALE, w * _SCALE, -_HALF, _HALF, _HALF, -_BELOW)
    shape = (*x.shape, 3)
    canvas = _Canvas(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros_like(x), x, y)
    _arm(canvas, palette, sleeve)
    _SHAPES[kind](canvas)
    _fingers(canvas, palette)
    fall = irradiance(canvas.normal.transpose(2, 0, 1), light, np.eye(3, dtype=np.float32)).transpose(1, 2, 0)
    facing = 0.62 + 0.38 * np.clip(canvas.normal[..., 2:], 0, 1)
    shaded = tone(canvas.albedo * fall * facing) * canvas.cover[..., None]
    rgba = np.dstack([shaded, 255 * canvas.cover]).astype(np.uint8)
    small = np.asarray(cv2.resize(rgba, (w, h), interpolation=cv2.INTER_AREA), np.uint8)
    return Tile(small, np.zeros((h, w), np.uint8), round(centre[0] - w / 2), round(centre[1] - _HALF * unit))


def _capsule(
    c: _Canvas, a: Place, b: Place, wide: tuple[float, float], colour: Colour, edge: float = 0.02
) -> None:
    """Lay a round bar from a to b, `wide` its radii there."""
    ax, ay, bx, by = *a, *b
    dx, dy = bx - ax, by - ay
    t = np.clip(((c.x - ax) * dx + (c.y - ay) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    radius = wide[0] + (wide[1] - wide[0]) * t
    ox, oy = (c.x - ax - dx * t) / radius, (c.y - ay - dy * t) / radius
    off = np.hypot(ox, oy)
    normal = np.stack([ox, oy, np.sqrt(np.clip(1 - off * off, 0.02, 1))], -1).astype(np.float32)
    # Skin folds where bars meet: each throws a thin shade round itself.
    shade = (1 - smoothstep(1.0, 1.22, off)) * c.cover
    c.albedo *= 1 - 0.45 * shade[..., None]
    c.lay(colour, normal, smoothstep(1.0, 1.0 - edge / wide[0], off))


def _arm(c: _Canvas, palette: Palette, sleeve: Colour) -> None:
    skin = palette.skin
    _capsule(c, (-0.26, -0.62), (-0.235, -0.34), (0.130, 0.135), skin)
    _capsule(c, (-0.74, -3.3), (-0.30, -0.78), (0.42, 0.20), sleeve)
    _capsule(c, (-0.24, -0.34), (-0.17, 0.03), (0.155, 0.165), skin)
    _capsule(c, (-0.09, -0.30), (-0.05, 0.10), (0.10, 0.12), skin)


def _fingers(c: _Canvas, palette: Palette) -> None:
    """Lay four fingers round the front of a thing: two bones each, with nails, and the thumb above."""
    skin, nail = palette.skin, palette.skin * np.array([1.08, 0.98, 0.96], np.float32) + 0.03
    for k in (3, 2, 1, 0):
        y, reach = 0.10 - 0.118 * k, (0.20, 0.23, 0.21, 0.14)[k]
        knuckle, bend, tip = (-0.26, y + 0.015), (-0.06, y + 0.025), (reach - 0.06, y - 0.01)
        _capsule(c, knuckle, bend, (0.068, 0.063), skin * 0.97)
        _capsule(c, bend, tip, (0.062, 0.052), skin)
        _capsule(c, (tip[0] + 0.005, tip[1] + 0.004), (tip[0] + 0.03, tip[1] + 0.003), (0.026, 0.022), nail)
    _capsule(c, (-0.27, 0.12), (-0.17, 0.27), (0.085, 0.068), skin)
    _capsule(c, (-0.17, 0.27), (-0.04, 0.33), (0.064, 0.052), skin)


def _bar(c: _Canvas, x: tuple[float, float], y: tuple[float, float], *, taper: float = 0.0) -> Grid:
    """Return the cover of an upright bar between places; it narrows downwards by `taper`."""
    middle, half = (x[0] + x[1]) / 2, (x[1] - x[0]) / 2
    down = np.clip((y[1] - c.y) / (y[1] - y[0]), 0, 1)
    across = np.abs(c.x - middle) - half * (1 - taper * down)
    return np.asarray(
        smoothstep(0.008, -0.008, across)
        * smoothstep(0.008, -0.008, c.y - y[1])
        * smoothstep(-0.008, 0.008, c.y - y[0]),
        np.float32,
    )


def _flat(c: _Canvas, tilt: float = 0.0) -> Grid:
    normal = np.zeros((*c.x.shape, 3), np.float32)
    normal[..., 0], normal[..., 2] = np.sin(tilt), np.cos(tilt)
    return normal


def _mug(c: _Canvas) -> None:
    glaze = np.array([0.30, 0.085, 0.06], np.float32)
    ring = np.abs(np.hypot((c.x - 0.27) / 0.17, (c.y + 0.02) / 0.20) - 0.8) - 0.16
    c.lay(glaze * 0.9, _flat(c, 0.5), smoothstep(0.06, -0.06, ring) * (c.x > 0.2))
    u = np.clip(c.x / 0.29, -0.98, 0.98)
    normal = np.stack([u, 0 * u, np.sqrt(1 - u * u)], -1).astype(np.float32)
    gleam = 1 + 1.6 * np.exp(-(((u + 0.45) / 0.10) ** 2))
    foot = 0.28 * np.sqrt(np.clip(1 - u * u, 0, 1))
    body = _bar(c, (-0.29, 0.29), (-0.42, 0.31), taper=0.08) * smoothstep(
        0.0, 0.012, c.y + 0.36 + 0.25 * foot
    )
    c.lay(glaze * gleam[..., None], normal, body)
    for scale, colour in ((1.0, glaze * 1.5), (0.88, np.array([0.028, 0.016, 0.010], np.float32))):
        rim = np.hypot(c.x / 0.29, (c.y - 0.31) / 0.075)
        c.lay(colour, _flat(c), smoothstep(scale, scale - 0.05, rim))


def _phone(c: _Canvas) -> None:
    c.lay((0.020, 0.021, 0.024), _flat(c, -0.25), _bar(c, (-0.20, 0.20), (-0.42, 0.46)))
    for y in (0.36, 0.24):
        lens = np.hypot(c.x + 0.11, c.y - y)
        c.lay((0.07, 0.07, 0.08), _flat(c), smoothstep(0.055, 0.045, lens))
        c.lay((0.006, 0.006, 0.010), _flat(c), smoothstep(0.032, 0.022, lens))


def _book(c: _Canvas) -> None:
    cloth = np.array([0.045, 0.085, 0.115], np.float32)
    for side in (-1.0, 1.0):
        edges = sorted((0.0, 0.60 * side))
        c.lay((0.50, 0.46, 0.38), _flat(c, 0.3 * side), _bar(c, (edges[0], edges[1]), (-0.46, 0.46)))
        page = _bar(c, (edges[0], edges[1]), (-0.47, 0.43))
        c.lay(cloth * (1.0 + 0.1 * side), _flat(c, 0.35 * side), page)
    c.lay(cloth * 0.7, _flat(c), _bar(c, (-0.03, 0.03), (-0.47, 0.43)))
    c.lay((0.40, 0.31, 0.14), _flat(c, 0.3), _bar(c, (0.14, 0.48), (0.20, 0.25)))
    c.lay((0.40, 0.31, 0.14), _flat(c, 0.3), _bar(c, (0.20, 0.42), (0.10, 0.13)))


_SHAPES: dict[str, Callable[[_Canvas], None]] = {"mug": _mug, "phone": _phone, "book": _book}
