"""Rooms and streets to stand people in front of: painted once for a clip, larger than the frame, out of focus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.light import Light

Picture = NDArray[np.uint8]  # (H, W, 3) RGB
_FAR = ("park", "street")  # more out of focus
MARGIN = 1.22  # a plate is this much larger than the frame, for pan and zoom


@dataclass(frozen=True)
class Plate:
    """A background and the light that belongs to it."""

    picture: Picture
    light: Light


def draw_plate(kind: str, rng: np.random.Generator, size: tuple[int, int]) -> Plate:
    """Paint a plate for frames of a size (width, height).

    Raises:
        ValueError: no such kind of plate.
    """
    if kind not in PLATES:
        raise ValueError(f"no plate {kind!r}; there are {', '.join(PLATES)}")
    w, h = round(size[0] * MARGIN), round(size[1] * MARGIN)
    paint, light = PLATES[kind]
    canvas = np.zeros((h, w, 3), np.float32)
    paint(canvas, rng)
    soft = cv2.GaussianBlur(canvas, (0, 0), (0.0095 if kind in _FAR else 0.0055) * w)
    light = replace(light, azimuth=light.azimuth * (1 if rng.random() < 0.5 else -1) + rng.normal(0, 0.15))
    if light.azimuth > 0:
        soft = soft[:, ::-1]  # plates are painted with their light from the left
    grain = rng.normal(0, 1.2, (h, w, 1)).astype(np.float32)
    return Plate(np.clip(soft + grain, 0, 255).astype(np.uint8), light)


def _box(c: NDArray, x0: float, y0: float, x1: float, y1: float, colour: tuple[float, ...] | NDArray) -> None:
    """Fill a rectangle given in shares of the canvas."""
    h, w = c.shape[:2]
    c[round(y0 * h) : round(y1 * h), round(x0 * w) : round(x1 * w)] = colour


def _wall(c: NDArray, colour: tuple[float, float, float], fall: float = 0.45) -> None:
    """Paint a wall that is lit from the left."""
    h, w = c.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) / [[[h]], [[w]]]
    level = 1.15 - fall * x - 0.25 * np.abs(y - 0.4)
    c[:] = np.asarray(colour, np.float32) * level[..., None]


def _window(c: NDArray, rng: np.random.Generator, x0: float, y0: float, x1: float, y1: float) -> None:
    _box(c, x0 - 0.012, y0 - 0.02, x1 + 0.012, y1 + 0.025, (205, 200, 190))
    h, w = c.shape[:2]
    ya, yb, xa, xb = round(y0 * h), round(y1 * h), round(x0 * w), round(x1 * w)
    sky = np.linspace(0, 1, yb - ya, dtype=np.float32)[:, None, None]
    pane = np.array([190, 212, 236], np.float32) * (1 - sky) + np.array([232, 232, 222], np.float32) * sky
    pane = np.repeat(pane, xb - xa, axis=1)
    tree = np.asarray(cv2.GaussianBlur(rng.normal(size=pane.shape[:2]), (0, 0), max(1.0, 0.012 * w)))
    tree = tree / tree.std()
    low = np.linspace(-1.6, 2.0, yb - ya, dtype=np.float32)[:, None]
    pane[tree + low > 0.9] = (96, 122, 80)
    pane[tree + low > 1.9] = (62, 86, 56)
    c[ya:yb, xa:xb] = pane
    _box(c, (x0 + x1) / 2 - 0.005, y0, (x0 + x1) / 2 + 0.005, y1, (214, 208, 198))
    _box(c, x0, (y0 + y1) / 2 - 0.008, x1, (y0 + y1) / 2 + 0.008, (214, 208, 198))


def _study(c: NDArray, rng: np.random.Generator) -> None:
    tint = rng.choice(3)
    _wall(c, ((138, 132, 122), (112, 124, 132), (140, 122, 104))[tint])
    _window(c, rng, 0.03, 0.06, 0.27, 0.62)
    left = 0.60 + 0.05 * rng.random()
    for shelf in range(4):
        y = 0.16 + 0.2 * shelf
        _box(c, left, y - 0.16, 0.99, y, (66, 50, 38))
        x = left + 0.005
        while x < 0.975:
            wide, tall = rng.uniform(0.009, 0.022), rng.uniform(0.085, 0.145)
            if rng.random() < 0.88:
                base = np.array(
                    [(120, 52, 44), (46, 72, 92), (150, 132, 98), (60, 84, 64), (88, 70, 92), (172, 160, 140)]
                )
                _box(c, x, y - tall, x + wide, y, base[rng.integers(6)] * rng.uniform(0.55, 1.05))
            x += wide + 0.002
        _box(c, left - 0.01, y, 1.0, y + 0.018, (96, 72, 52))
    _box(c, 0.36, 0.12, 0.50, 0.40, (58, 44, 34))
    _box(c, 0.37, 0.14, 0.49, 0.38, (186, 172, 146))
    h, w = c.shape[:2]
    cv2.circle(c, (round(0.43 * w), round(0.26 * h)), round(0.03 * w), (70, 104, 122), -1)
    _box(c, 0, 0.86, 1, 1, (74, 62, 52))


def _kitchen(c: NDArray, rng: np.random.Generator) -> None:
    _wall(c, (168, 164, 154), 0.35)
    h, w = c.shape[:2]
    for y in np.arange(0.30, 0.66, 0.065):
        _box(c, 0, y, 1, y + 0.004, (148, 146, 140))
    for x in np.arange(0, 1, 0.05):
        _box(c, x, 0.30, x + 0.003, 0.66, (150, 147, 141))
    front = ((96, 116, 112), (190, 182, 168), (86, 96, 118))[rng.choice(3)]
    for k in range(5):
        x = 0.30 + 0.15 * k
        _box(c, x, 0.0, x + 0.142, 0.27, np.array(front) * (1.05 - 0.08 * k))
        _box(c, x + 0.118, 0.20, x + 0.124, 0.25, (60, 58, 56))
    _window(c, rng, 0.02, 0.05, 0.25, 0.58)
    _box(c, 0, 0.66, 1, 0.70, (118, 92, 66))
    _box(c, 0, 0.70, 1, 1, np.array(front) * 0.72)
    for _ in range(7):
        x, r = rng.uniform(0.3, 0.95), rng.uniform(0.010, 0.022)
        colour = np.array(
            [(180, 70, 52), (214, 178, 92), (70, 112, 74), (210, 206, 198), (66, 70, 84)][rng.integers(5)]
        )
        _box(c, x - r, 0.66 - rng.uniform(0.05, 0.13), x + r, 0.66, colour * rng.uniform(0.7, 1.05))
    cv2.circle(c, (round(0.62 * w), round(0.34 * h)), round(0.022 * w), (250, 226, 176), -1)


def _park(c: NDArray, rng: np.random.Generator) -> None:
    h, w = c.shape[:2]
    t = np.linspace(0, 1, h, dtype=np.float32)[:, None, None]
    c[:] = np.array([176, 202, 226], np.float32) * (1 - t) + np.array([226, 228, 218], np.float32) * t
    _box(c, 0, 0.66, 1, 1, (104, 128, 70))
    cv2.fillPoly(
        c,
        [np.array([[0.35 * w, h], [0.47 * w, 0.66 * h], [0.51 * w, 0.66 * h], [0.80 * w, h]], np.int32)],
        (172, 160, 138),
    )
    for k in range(420):
        depth = k / 420
        x, y = (
            rng.random(),
            0.62 - 0.40 * rng.random() ** 1.6 * (0.75 + 0.25 * np.sin(9 * rng.random())) - 0.03 * depth,
        )
        r = rng.uniform(0.008, 0.034) * (0.7 + 0.5 * depth)
        shade = rng.uniform(0.45, 1.35) * (0.75 + 0.45 * (0.62 - y))
        green = np.array([74, 104, 58]) * shade + np.array([34, 26, 0]) * rng.random()
        spot = (round(x * w), round(y * h))
        cv2.ellipse(c, spot, (round(r * w), round(r * w * 0.7)), 0, 0, 360, green.tolist(), -1)
    for _ in range(6):
        x = rng.random()
        _box(c, max(0, x - 0.008), 0.40, min(1, x + 0.008), 0.70, (72, 58, 46))
    for _ in range(60):
        x, y, r = rng.random(), rng.uniform(0.1, 0.62), rng.uniform(0.003, 0.010)
        cv2.circle(c, (round(x * w), round(y * h)), round(r * w), (206, 220, 160), -1)


def _street(c: NDArray, rng: np.random.Generator) -> None:
    h, w = c.shape[:2]
    _wall(c, (176, 184, 194), 0.2)
    x = 0.0
    while x < 1:
        wide = rng.uniform(0.13, 0.24)
        base = np.array(
            [(150, 112, 90), (168, 152, 128), (118, 120, 126), (186, 172, 150), (132, 92, 76)][
                rng.integers(5)
            ]
        )
        top = rng.uniform(0.0, 0.16)
        _box(c, x, top, min(1, x + wide), 0.80, base * (1.05 - 0.3 * x))
        for row in np.arange(top + 0.06, 0.56, 0.16):
            for col in np.arange(x + 0.022, min(1, x + wide) - 0.03, 0.052):
                _box(
                    c,
                    col,
                    row,
                    col + 0.026,
                    row + 0.095,
                    (66, 78, 92) if rng.random() < 0.75 else (226, 196, 132),
                )
        _box(c, x, 0.60, min(1, x + wide), 0.63, base * 0.6)
        _box(
            c,
            x + 0.02,
            0.64,
            min(1, x + wide) - 0.02,
            0.80,
            np.array([52, 58, 66]) + rng.uniform(0, 60) * np.array([1, 0.8, 0.5]),
        )
        x += wide
    _box(c, 0, 0.80, 1, 1, (112, 110, 108))
    for _ in range(16):
        x, y, r = rng.random(), rng.uniform(0.52, 0.80), rng.uniform(0.006, 0.014)
        lamp = [(255, 216, 150), (240, 96, 70), (214, 226, 240)][rng.integers(3)]
        cv2.circle(c, (round(x * w), round(y * h)), round(r * w), lamp, -1)


def _studio(c: NDArray, rng: np.random.Generator) -> None:
    h, w = c.shape[:2]
    base = np.array(
        [(104, 110, 116), (124, 116, 106), (76, 88, 98), (132, 128, 124)][rng.integers(4)], np.float32
    )
    y, x = np.mgrid[0:h, 0:w].astype(np.float32) / [[[h]], [[w]]]
    c[:] = base * (0.62 + 0.62 * np.exp(-(((x - 0.42) / 0.42) ** 2) - ((y - 0.42) / 0.5) ** 2))[..., None]


def _evening(c: NDArray, rng: np.random.Generator) -> None:
    _wall(c, (96, 70, 50), 0.75)
    h, w = c.shape[:2]
    _box(c, 0.60, 0.08, 0.86, 0.60, (26, 32, 48))
    for _ in range(40):
        x, y = rng.uniform(0.61, 0.85), rng.uniform(0.22, 0.58)
        cv2.circle(c, (round(x * w), round(y * h)), max(1, round(0.004 * w)), (236, 190, 120), -1)
    _box(c, 0.59, 0.06, 0.605, 0.62, (70, 52, 40))
    _box(c, 0.855, 0.06, 0.87, 0.62, (70, 52, 40))
    _box(c, 0.135, 0.44, 0.145, 0.80, (54, 40, 30))
    cv2.fillPoly(
        c,
        [
            np.array(
                [[0.09 * w, 0.46 * h], [0.11 * w, 0.24 * h], [0.17 * w, 0.24 * h], [0.19 * w, 0.46 * h]],
                np.int32,
            )
        ],
        (255, 214, 142),
    )
    glow = (
        np.exp(-(((np.arange(w) - 0.14 * w) / (0.24 * w)) ** 2))[None, :]
        * np.exp(-(((np.arange(h) - 0.38 * h) / (0.42 * h)) ** 2))[:, None]
    )
    c += glow[..., None].astype(np.float32) * np.array([86, 58, 26], np.float32)
    _box(c, 0, 0.80, 1, 1, (58, 40, 30))


PLATES: dict[str, tuple[Callable[[NDArray, np.random.Generator], None], Light]] = {
    "study": (_study, Light(-0.85, 0.45, (1.55, 1.52, 1.48), (0.37, 0.39, 0.42), (0.15, 0.12, 0.10))),
    "kitchen": (_kitchen, Light(-0.65, 0.55, (1.55, 1.50, 1.40), (0.46, 0.46, 0.46), (0.20, 0.17, 0.14))),
    "park": (_park, Light(-0.55, 0.80, (1.65, 1.58, 1.42), (0.48, 0.55, 0.61), (0.17, 0.19, 0.11))),
    "street": (_street, Light(-0.30, 0.70, (1.15, 1.17, 1.20), (0.58, 0.61, 0.66), (0.20, 0.19, 0.18))),
    "studio": (_studio, Light(-0.70, 0.50, (1.70, 1.66, 1.58), (0.38, 0.38, 0.40), (0.14, 0.13, 0.12))),
    "evening": (_evening, Light(-0.80, 0.35, (1.72, 1.36, 0.92), (0.35, 0.31, 0.32), (0.20, 0.14, 0.09))),
}
