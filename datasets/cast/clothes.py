"""Clothes: what is worn in one clip, no part of an identity, and how it is painted on a torso."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.cast.geometry import Grid, smoothstep
from datasets.cast.palette import Palette


@dataclass(frozen=True)
class Clothes:
    """What somebody wears in one clip; drawn by the clip, no part of the identity.

    collar: 'crew', 'v', 'shirt' or 'jacket'. pattern: 'plain', 'stripes', 'check' or 'knit'. Colours linear RGB.
    """

    collar: str
    pattern: str
    colour: tuple[float, float, float]
    second: tuple[float, float, float]


COLLARS = ("crew", "v", "shirt", "jacket")
PATTERNS = ("plain", "plain", "knit", "stripes", "check")
_CLOTH: tuple[tuple[float, float, float], ...] = (
    (0.030, 0.042, 0.085), (0.10, 0.018, 0.022), (0.035, 0.075, 0.050), (0.40, 0.38, 0.34), (0.018, 0.018, 0.020),
    (0.16, 0.17, 0.18), (0.24, 0.155, 0.060), (0.060, 0.135, 0.20), (0.17, 0.065, 0.040), (0.11, 0.075, 0.13),
    (0.46, 0.30, 0.27), (0.07, 0.11, 0.075),
)  # fmt: skip


def draw_clothes(rng: np.random.Generator, number: int = 0) -> Clothes:
    """Draw clothes; people with other numbers, drawn from the same stream, wear other colours."""
    colours = rng.permutation(len(_CLOTH))
    first, second = colours[number], colours[-1 - number]
    rng = np.random.default_rng([int(rng.integers(1 << 31)), number])
    return Clothes(
        str(rng.choice(COLLARS)), str(rng.choice(PATTERNS)), _CLOTH[first], _CLOTH[second]
    )  # fmt: skip


def paint_cloth(x: Grid, y: Grid, clothes: Clothes, palette: Palette) -> tuple[Grid, Grid]:
    """Return albedo and a tone for seams and edges."""
    first, second = np.asarray(clothes.colour, np.float32), np.asarray(clothes.second, np.float32)
    albedo = np.broadcast_to(first, (*x.shape, 3)).copy()
    ridge: Grid = np.ones(x.shape, np.float32)
    if clothes.pattern == "stripes":
        albedo[np.sin(26 * (y + 0.06 * x * x)) > 0.25] = second
    elif clothes.pattern == "check":
        albedo *= 1 + 0.35 * (np.sin(24 * x) > 0.3)[..., None] + 0.35 * (np.sin(24 * y) > 0.3)[..., None]
    elif clothes.pattern == "knit":
        ridge = 1 + 0.12 * np.sin(95 * x + 2.2 * np.sin(80 * y))
    ax, drop = np.abs(x), -1.26 - y
    neck = {"crew": 0.50, "v": 0.46, "shirt": 0.44, "jacket": 0.46}[clothes.collar]
    deep = {"crew": 0.17, "v": 0.74, "shirt": 0.38, "jacket": 0.38}[clothes.collar]
    sharp = 2.0 if clothes.collar == "crew" else 1.0
    opening = deep * (1 - np.clip(ax / neck, 0, 1) ** sharp) - 0.02
    skin = smoothstep(0.012, -0.012, drop - opening)
    edge = np.abs(drop - opening)
    if clothes.collar == "shirt":
        flap = (drop < opening + 0.26 - 0.30 * np.abs(ax - 0.26)) & (ax < 0.62)
        ridge = np.where(flap, 1.18, ridge) * (
            1
            - 0.45
            * smoothstep(0.03, 0.0, np.abs(drop - opening - 0.26 + 0.30 * np.abs(ax - 0.26)))
            * (ax < 0.62)
        )
        ridge = ridge * (1 - 0.30 * np.exp(-(((x - 0.02) / 0.014) ** 2)))
        ridge = ridge * (
            1 + 0.5 * np.exp(-(((x - 0.05) / 0.02) ** 2)) * (np.abs(((drop - 0.6) % 0.42) - 0.02) < 0.02)
        )
    elif clothes.collar == "jacket":
        vee = 1.75 * (1 - np.clip(ax / 0.62, 0, 1)) - 0.02
        shirt = smoothstep(0.012, -0.012, drop - vee)
        albedo = albedo * (1 - shirt[..., None]) + np.array([0.42, 0.42, 0.43], np.float32) * shirt[..., None]
        lapel = smoothstep(0.03, 0.0, np.abs(drop - vee - 0.55 + 0.2 * ax)) * (ax < 0.75) * (drop < 1.7)
        ridge = ridge * (1 - 0.40 * lapel) * (1 - 0.5 * smoothstep(0.04, 0.0, np.abs(drop - vee)))
        ridge = ridge * (1 - 0.25 * np.exp(-((x / 0.012) ** 2)) * shirt)
    else:
        ridge = ridge * (1 - 0.28 * smoothstep(0.012, 0.0, np.abs(edge - 0.075))) * (1 + 0.10 * (edge < 0.07))
    skin_colour = (
        palette.skin * np.array([0.96, 0.92, 0.88], np.float32) * np.float32(1 - 0.22 * palette.darkness)
    )
    albedo = albedo * (1 - skin[..., None]) + skin_colour * skin[..., None]
    ridge = ridge * (1 - skin) + skin * (1 - 0.35 * smoothstep(0.06, 0.0, edge))
    return albedo.astype(np.float32), np.asarray(ridge, np.float32)
