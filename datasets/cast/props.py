"""Things that hands hold in front of faces, drawn flat and shaded by hand."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.light import Light, tone
from datasets.cast.palette import Palette
from datasets.cast.splat import Tile

_SCALE = 3  # drawn this many times larger, then shrunk


def draw_held(kind: str, palette: Palette, light: Light, centre: tuple[float, float], unit: float) -> Tile:
    """Draw a mug, phone or book with the hand that holds it; centre in pixels, unit in pixels per head unit."""
    side = max(8, round(1.5 * unit))
    n = side * _SCALE
    colour = np.zeros((n, n, 3), np.float32)
    cover = np.zeros((n, n), np.uint8)
    _SHAPES[kind](colour, cover, n)
    _hand(colour, cover, n, palette)
    x = np.linspace(-1, 1, n, dtype=np.float32)[None, :]
    across = 0.75 + 0.35 * x * np.sign(light.azimuth or 1.0)
    level = np.asarray(light.key, np.float32) * 0.62 + np.asarray(light.ambient, np.float32) * 0.6
    shaded = tone(colour * across[..., None] * level)
    rgba = np.dstack([shaded * (cover[..., None] > 0), cover]).astype(np.uint8)
    small = np.asarray(cv2.resize(rgba, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    return Tile(
        small, np.zeros((side, side), np.uint8), round(centre[0] - side / 2), round(centre[1] - side / 2)
    )


def _fill(
    colour: NDArray, cover: NDArray, points: list[tuple[float, float]], rgb: tuple[float, ...], n: int
) -> None:
    polygon = [(np.array(points) * n).astype(np.int32)]
    cv2.fillPoly(colour, polygon, rgb)
    cv2.fillPoly(cover, polygon, 255)


def _mug(colour: NDArray, cover: NDArray, n: int) -> None:
    cv2.ellipse(
        colour,
        (int(0.70 * n), int(0.45 * n)),
        (int(0.13 * n), int(0.15 * n)),
        0,
        0,
        360,
        (0.34, 0.12, 0.09),
        int(0.05 * n),
    )
    cv2.ellipse(
        cover, (int(0.70 * n), int(0.45 * n)), (int(0.13 * n), int(0.15 * n)), 0, 0, 360, 255, int(0.05 * n)
    )
    _fill(colour, cover, [(0.30, 0.24), (0.70, 0.24), (0.67, 0.70), (0.33, 0.70)], (0.36, 0.13, 0.10), n)
    for part, rgb in (
        ((int(0.20 * n), int(0.045 * n)), (0.45, 0.18, 0.14)),
        ((int(0.18 * n), int(0.032 * n)), (0.05, 0.03, 0.02)),
    ):
        cv2.ellipse(colour, (int(0.50 * n), int(0.24 * n)), part, 0, 0, 360, rgb, -1)
        cv2.ellipse(cover, (int(0.50 * n), int(0.24 * n)), part, 0, 0, 360, 255, -1)
    x = np.linspace(0, 1, n, dtype=np.float32)[None, :, None]
    colour *= 0.75 + 0.6 * np.exp(-(((x - 0.42) / 0.06) ** 2))


def _phone(colour: NDArray, cover: NDArray, n: int) -> None:
    _fill(colour, cover, [(0.36, 0.16), (0.64, 0.16), (0.65, 0.80), (0.35, 0.80)], (0.025, 0.026, 0.030), n)
    cv2.circle(colour, (int(0.42 * n), int(0.23 * n)), int(0.03 * n), (0.10, 0.10, 0.12), -1)
    cv2.circle(colour, (int(0.42 * n), int(0.31 * n)), int(0.03 * n), (0.10, 0.10, 0.12), -1)


def _book(colour: NDArray, cover: NDArray, n: int) -> None:
    _fill(
        colour,
        cover,
        [(0.10, 0.26), (0.50, 0.29), (0.90, 0.26), (0.90, 0.84), (0.50, 0.88), (0.10, 0.84)],
        (0.05, 0.085, 0.11),
        n,
    )
    _fill(colour, cover, [(0.485, 0.29), (0.515, 0.29), (0.515, 0.88), (0.485, 0.88)], (0.03, 0.05, 0.07), n)
    _fill(colour, cover, [(0.18, 0.40), (0.42, 0.42), (0.42, 0.46), (0.18, 0.44)], (0.40, 0.34, 0.20), n)


_SHAPES = {"mug": _mug, "phone": _phone, "book": _book}


def _hand(colour: NDArray, cover: NDArray, n: int, palette: Palette) -> None:
    skin = palette.skin
    for k in range(4):
        y = 0.47 + 0.085 * k
        a, b = (int(0.27 * n), int((y + 0.02) * n)), (int((0.50 - 0.02 * k) * n), int(y * n))
        for wide, tone_of in ((0.092, 0.55), (0.076, 0.98)):
            rgb = (skin * tone_of).tolist()
            cv2.line(colour, a, b, rgb, int(wide * n), cv2.LINE_AA)
            cv2.line(cover, a, b, 255, int(0.092 * n))
    palm = [(0.18, 0.46), (0.32, 0.44), (0.36, 0.80), (0.40, 1.0), (0.16, 1.0)]
    _fill(colour, cover, palm, (skin * 0.86).tolist(), n)
