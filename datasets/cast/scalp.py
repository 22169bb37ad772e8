"""Where hair grows, and how it is worn: the reading of an identity's hair traits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.cast.geometry import Grid, Head, smoothstep, step_of
from datasets.cast.identity import Identity
from datasets.cast.paint import noise_fields


@dataclass(frozen=True)
class HairStyle:
    """How hair is worn. Lengths in head units; shares 0 to 1.

    Attributes:
        length: of a strand at the top of the head.
        sides: length at the sides and the back, as a share of the top.
        puff: hair stands off the head (curls, afro) instead of lying on it.
        curl: radius of a strand's coil.
        fringe: strands fall over the forehead.
        back: strands are combed back.
        part: x of the parting on the scalp, or None.
        knot: place of a bun or the root of a ponytail, or None; with `tail` strands hang from it.
        volume: how far the hair stands off the scalp.
        cover: how much of the scalp grows hair at all (a bald head has a rim of it).
    """

    length: float
    sides: float
    puff: float
    curl: float
    fringe: float
    back: float
    part: float | None
    knot: tuple[float, float, float] | None
    tail: bool
    volume: float
    bald: float


def style_of(p: Identity) -> HairStyle:
    """Return the hair style of an identity."""
    long = p["hair_length"]
    length = float(
        np.interp(long, [-1.45, -1.0, -0.3, 0.25, 0.6, 1.0, 1.8], [0.05, 0.11, 0.27, 0.42, 0.95, 1.45, 2.05])
    )
    puff = step_of(p["curl"], 0.65, 1.15)
    if puff > 0:
        length = (
            length * (1 - puff)
            + float(np.interp(long, [-1.4, -0.5, 0.6, 1.8], [0.05, 0.15, 0.31, 0.43])) * puff
        )
    knot: tuple[float, float, float] | None = None
    if p["tied"] > 0.75 and long > 0.1:
        knot = (0.0, 0.95, -0.62) if p["tied"] > 1.25 else (0.0, 0.34, -1.02)
    side = 1.0 if p["parting"] >= 0 else -1.0
    parted = abs(p["parting"]) > 0.35 or long > 0.5
    return HairStyle(
        length=length,
        sides=float(np.interp(long, [-1.0, -0.2, 0.5], [0.75, 0.42, 1.0])),
        puff=puff if knot is None else 0.0,
        curl=0.004 + 0.032 * step_of(p["curl"], -0.1, 1.2),
        fringe=step_of(p["fringe"], 0.25, 0.75) if knot is None else 0.0,
        back=step_of(p["sweep"], 0.35, 0.8) if knot is None else 1.0,
        part=side * min(0.30, 0.10 + 0.13 * abs(p["parting"])) if parted else None,
        knot=knot,
        tail=knot is not None and p["tied"] <= 1.25 and long > 0.55,
        volume=0.055 * float(np.exp(0.35 * p["hair_volume"])) + 0.03 * step_of(long, -0.8, 0.5),
        bald=step_of(p["hairline"] - 0.35 * min(0.0, long + 0.7), 1.05, 1.45) * step_of(long, 0.3, -0.1),
    )


def hairline(phi: Grid, p: Identity, style: HairStyle) -> Grid:
    """Return the height below which no hair grows at an angle round the head (radians)."""
    deg = np.degrees(np.abs(phi))
    recede = step_of(p["hairline"], 0.2, 1.6)
    line = np.interp(
        deg,
        [0, 30, 50, 64, 76, 88, 96, 108, 122, 180],
        [0, 0.015, 0.07, 0.30, 0.55, 0.76, 0.70, 0.56, 1.05, 1.22],
    )
    front = 0.645 - 0.035 * p["hairline"] * (p["hairline"] < 0) + 0.13 * recede
    temples = 0.17 * recede * np.exp(-(((deg - 36) / 13) ** 2))
    edge = front - line + temples
    return np.asarray(np.where(deg < 75, edge + style.bald * 0.9 * smoothstep(75, 60, deg), edge), np.float32)


def scalp_mask(head: Head, p: Identity, style: HairStyle) -> Grid:
    """Return how much of the skin the roots cover, (R, C), 0 to 1."""
    n = noise_fields(*head.phi.shape)
    y = head.points[..., 1]
    edge = hairline(head.phi, p, style)
    mask = smoothstep(-0.035, 0.045, y - edge + 0.016 * n["strands"] + 0.012 * n["clumps"])
    crown = np.hypot(head.points[..., 0] / 0.50, (head.points[..., 2] + 0.22) / 0.62)
    bare = style.bald * smoothstep(1.08, 0.90, crown) * (y > 0.3)
    # Below the nape the surface runs on under the chin; nothing grows there.
    return np.asarray(mask * (1 - bare) * (head.y0 > -0.64), np.float32)
