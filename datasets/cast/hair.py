"""Hair as strands: roots on the scalp, grown along a combing direction, pushed out of the head, cut to length.

Roots and their randomness are the same for everybody; traits move them. So a morph of two people combs the hair
from one to the other instead of boiling. Own construction.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import Grid, Head, smoothstep, step_of
from datasets.cast.identity import Identity
from datasets.cast.paint import beard_region
from datasets.cast.palette import Palette
from datasets.cast.points import Points, Rows, joined
from datasets.cast.scalp import HairStyle, hairline

STRANDS = 5600
LOCKS = 190
BEARD_STRANDS = 2200
STEPS = 26


@lru_cache(maxsize=2)
def _roots(count: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return fixed directions on a ball (N, 3), and fixed normal (N, 6) and uniform (N, 3) numbers."""
    i = np.arange(count) + 0.5
    height = 1 - 2 * i / count
    turn = i * np.pi * (1 + 5**0.5)
    ring = np.sqrt(1 - height**2)
    rng = np.random.default_rng(31)
    directions = np.stack([ring * np.sin(turn), height, ring * np.cos(turn)], -1) + rng.normal(
        0, 0.02, (count, 3)
    )
    order = rng.permutation(count)
    return (
        directions[order].astype(np.float32),
        rng.normal(size=(count, 6)).astype(np.float32),
        rng.random((count, 3)).astype(np.float32),
    )


def grow_hair(head: Head, normals: Grid, p: Identity, style: HairStyle, pal: Palette, unit: float) -> Points:
    """Return the hair of the head as points, dense enough for `unit` pixels per head unit."""
    directions, noise, uniform = _roots(STRANDS)
    phi = np.arctan2(directions[:, 0], directions[:, 2])
    y = np.where(directions[:, 1] > 0, directions[:, 1], directions[:, 1] * 0.62)
    root, normal = _sample(head, normals, phi, y)
    edge = hairline(phi, p, style)
    crown = np.hypot(root[:, 0] / 0.50, (root[:, 2] + 0.22) / 0.62)
    bare = (uniform[:, 0] < style.bald * 1.2) & (crown < 1.0) & (root[:, 1] > 0.3)
    # Long strands cover more: fewer of them do.
    enough = uniform[:, 2] < min(1.0, 0.35 + 0.6 / max(style.length, 0.1))
    grows = enough & (root[:, 1] > edge - 0.01 + 0.022 * noise[:, 0]) & ~bare
    root, normal, noise, uniform = root[grows], normal[grows], noise[grows], uniform[grows]
    above = root[:, 1] - edge[grows]
    length = _lengths(root, style) * (1 + 0.10 * noise[:, 1]) * (0.55 + 0.45 * smoothstep(0.0, 0.12, above))
    paths = _grow(root, normal, length, noise, uniform, style)
    parts = [_as_points(paths, length, noise, uniform, pal.hair, unit, soft=style.puff)]
    if style.knot is not None:
        parts.append(_knot(style, noise, uniform, pal, unit))
    return joined(parts)


def _sample(head: Head, normals: Grid, phi: NDArray, y: NDArray) -> tuple[Rows, Rows]:
    """Return the surface's points and normals nearest to angles and heights, each (N, 3)."""
    heights = head.y0[:, 0]
    rows = np.clip(np.searchsorted(-heights, -y), 0, len(heights) - 1)
    cols = np.clip(np.searchsorted(head.phi[0], phi), 0, head.phi.shape[1] - 1)
    return head.points[rows, cols], normals[rows, cols]


def _lengths(root: Rows, style: HairStyle) -> NDArray[np.float32]:
    side = smoothstep(0.62, 0.25, root[:, 1])
    length = style.length * (1 - (1 - style.sides) * side)
    if style.length <= 0.7:
        length = length * (
            1 - 0.6 * smoothstep(0.10, -0.20, root[:, 1])
        )  # clipped round the ears and at the nape
    # A bob or long hair ends at one height, not at one length: what starts lower is shorter.
    if style.length > 0.7 and style.puff < 0.5:
        length = np.maximum(0.15, length - 0.75 * (0.9 - root[:, 1]) * style.sides)
    # A fringe is cut above the eyes, whatever the length of the rest.
    forelock = style.fringe * smoothstep(0.15, 0.35, root[:, 2]) * smoothstep(0.62, 0.45, np.abs(root[:, 0]))
    cut = np.minimum(length, 0.12 + 1.1 * np.maximum(root[:, 1] - 0.42, 0.0))
    return np.asarray(length + (cut - length) * forelock, np.float32)


def _grow(
    root: Rows, normal: Rows, length: NDArray, noise: NDArray, uniform: NDArray, style: HairStyle
) -> NDArray:
    """Return the strands' paths, (N, STEPS, 3)."""
    comb = _combing(root, normal, noise, style)
    standing = normal + 0.35 * noise[:, 2:5]
    layer = style.volume * (0.25 + 0.95 * uniform[:, 1]) * (1 + 0.0 * length)
    step = (length / (STEPS - 1))[:, None]
    place = root + normal * 0.012
    paths = [place]
    for k in range(1, STEPS):
        along = k / STEPS
        falling = _falling(place, min(1.0, 1.6 * along * style.length), style)
        way = comb * (1 - 0.85 * falling) + np.array([0.0, -1.0, 0.0], np.float32) * falling
        if style.knot is not None:
            to = np.asarray(style.knot, np.float32) - place
            way = 0.45 * comb + to / np.maximum(np.linalg.norm(to, axis=1, keepdims=True), 0.05)
        lift = max(0.0, 0.9 - 3.2 * along) * (0.1 if style.knot is not None else 0.6 / (1 + style.length))
        way = way + lift * normal
        way = way * (1 - style.puff) + standing * style.puff * (1.0 - 0.4 * along)
        way = way + 0.06 * noise[:, 3:6]
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        place = _off_the_face(place + way * step, style)
        place = _out_of_the_head(place, layer * min(1.0, 3 * along))
        paths.append(place)
    path = np.stack(paths, axis=1)
    if style.knot is not None:
        # Hair that is tied stops at the knot.
        near = np.linalg.norm(path - np.asarray(style.knot, np.float32), axis=2) < 0.16
        stop = np.maximum.accumulate(near, axis=1)
        path = np.where(stop[..., None], np.asarray(style.knot, np.float32), path)
    return _coil(
        _locked(path, root, 0.62 * (1 - style.puff) * step_of(style.length, 0.1, 0.6)),
        length,
        noise,
        uniform,
        style,
    )


def _falling(place: Rows, most: float, style: HairStyle) -> NDArray[np.float32]:
    """Return how much strands follow gravity, (N, 1): on top of the head, in front, they first run aside."""
    if style.fringe > 0.5 or style.length < 0.5:
        return np.full((len(place), 1), most, np.float32)
    above_the_face = smoothstep(0.0, 0.15, place[:, 2]) * smoothstep(0.30, 0.42, place[:, 1])
    aside = smoothstep(0.36, 0.58, np.abs(place[:, 0]))
    return np.asarray(most * (1 - 0.6 * above_the_face * (1 - aside)), np.float32)[:, None]


def _locked(path: NDArray, root: Rows, pull: float) -> NDArray:
    """Draw strands together into locks, more towards their ends: each to the nearest of the first strands."""
    guides = min(LOCKS, len(root))
    if guides == 0:
        return path
    apart = ((root[:, None] - root[None, :guides]) ** 2).sum(axis=2)
    own = np.argmin(apart, axis=1)
    along = np.linspace(0, 1, STEPS, dtype=np.float32)[None, :, None]
    # A strand keeps a part of its distance from the guide, or a lock would be a single hair.
    return np.asarray(path + (path[own] - path) * pull * along, np.float32)


def _combing(root: Rows, normal: Rows, noise: NDArray, style: HairStyle) -> Rows:
    """Return the direction in which a comb drew each strand, tangent to the scalp, unit length."""
    whorl = np.array([0.08, 0.90, -0.48], np.float32)
    way = root - whorl
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 0.1)
    top = smoothstep(0.25, 0.55, root[:, 1])[:, None]
    front = (smoothstep(-0.15, 0.30, root[:, 2]) * top[:, 0])[:, None]
    if style.part is not None:
        away = np.tanh((root[:, 0] - style.part) / 0.05)
        aside = np.stack([1.1 * away, 0 * away - 0.15, -0.25 - 0.8 * front[:, 0]], -1)
        way = way * (1 - 0.85 * top) + 0.85 * top * aside
    back = np.array([0.0, 0.12, -1.0], np.float32) + 0.25 * np.sign(root) * np.array([1, 0, 0], np.float32)
    way = way * (1 - style.back * np.maximum(front, 0.6 * top)) + back * style.back * np.maximum(
        front, 0.6 * top
    )
    ahead = np.stack([0.35 * root[:, 0], -0.1 + 0 * root[:, 0], 1 + 0 * root[:, 0]], -1)
    way = way * (1 - style.fringe * front) + ahead * style.fringe * front
    way = way + 0.12 * noise[:, 3:6]
    way = way - normal * np.sum(way * normal, axis=1, keepdims=True)
    return np.asarray(way / np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6), np.float32)


def _out_of_the_head(place: Rows, layer: NDArray) -> Rows:
    """Push places that fell into the head out to a layer above it: a ball above the brows, a tapering post below."""
    x, y, z = place[:, 0], place[:, 1], place[:, 2] + 0.09
    below = np.clip((0.2 - y) / 1.2, 0, 1)
    wide = 0.715 - 0.10 * below + layer
    deep = np.where(z > 0, 0.86, 0.89 - 0.38 * below) + layer
    tall = np.where(y > 0.2, (y - 0.2) / (0.80 + layer), 0.0)
    inside = np.sqrt((x / wide) ** 2 + tall**2 + (z / deep) ** 2)
    push = np.where((inside < 1) & (y > -1.25), 1 / np.maximum(inside, 0.3), 1.0)
    out = place.copy()
    out[:, 0] = x * push
    out[:, 2] = z * push - 0.09
    out[:, 1] = np.where(y > 0.2, 0.2 + (y - 0.2) * push, y)
    return out


def _off_the_face(place: Rows, style: HairStyle) -> Rows:
    """Draw strands aside that would hang over the face; a fringe may reach the brows."""
    x, y, z = place[:, 0], place[:, 1], place[:, 2]
    top = 0.60 - 0.18 * style.fringe
    wide = 0.60 * np.sqrt(np.clip(1 - ((y + 0.25) / (top + 0.25)) ** 2, 0, 1))
    over = (z > 0.15) & (np.abs(x) < wide) & (y < top)
    out = place.copy()
    out[:, 0] = np.where(over, np.where(x >= 0, 1, -1) * wide, x)
    return out


def _coil(path: NDArray, length: NDArray, noise: NDArray, uniform: NDArray, style: HairStyle) -> NDArray:
    """Wind strands round their own paths."""
    along = np.linspace(0, 1, STEPS, dtype=np.float32)[None, :]
    phase = 6.28 * uniform[:, 2:3] * (0.3 + 0.7 * min(1.0, style.puff + 0.3)) + along * length[:, None] * 24
    radius = style.curl * np.minimum(1.0, 3 * along)
    wave = np.stack([np.cos(phase), 0.6 * np.sin(phase), np.sin(phase)], -1) * radius[..., None]
    return np.asarray(path + wave, np.float32)


def _as_points(
    paths: NDArray,
    length: NDArray,
    noise: NDArray,
    uniform: NDArray,
    colour: NDArray,
    unit: float,
    *,
    soft: float = 0.0,
    outward: Rows | None = None,
) -> Points:
    """Return strands (N, K, 3) as points about 0.7 of a pixel apart, darker at the roots and in deeper layers.

    outward: the strands' normals (N, 3), if they lie on a surface of their own; else those of the head's ball.
    """
    count, steps, _ = paths.shape
    legs = np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(axis=1)
    per = np.clip(np.ceil(legs * unit / 0.90), 3, 400).astype(np.int64)
    strand = np.repeat(np.arange(count), per)
    first = np.repeat(np.cumsum(per) - per, per)
    s = (np.arange(len(strand)) - first) / np.maximum(per[strand] - 1, 1)
    at = s * (steps - 1)
    k = np.minimum(at.astype(np.int64), steps - 2)
    share = (at - k).astype(np.float32)[:, None]
    a, b = paths[strand, k], paths[strand, k + 1]
    xyz = a + (b - a) * share
    tangent = b - a
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-6)
    out = outward[strand] if outward is not None else _away(xyz, tangent, soft)
    lock = 1 + 0.12 * noise[:, 5] + 0.08 * np.sin(9 * noise[:, 1])
    depth = 0.70 + 0.30 * uniform[:, 1]
    tone = np.clip(lock * depth, 0.30, 1.6)[strand] * (0.62 + 0.48 * smoothstep(0.0, 0.45, s))
    albedo = colour * tone[:, None].astype(np.float32)
    return Points(
        xyz.astype(np.float32), out.astype(np.float32), albedo.astype(np.float32), tangent.astype(np.float32),
        (0.5 + uniform[strand, 1]).astype(np.float32) * (1 - 0.6 * soft),
    )  # fmt: skip


def _away(xyz: Rows, tangent: Rows, soft: float) -> Rows:
    """Return normals of strands that lie round the head (N, 3): away from its middle, across the strand."""
    out = (xyz + np.array([0, 0.05, 0.09], np.float32)) * np.array([1, 0.8, 0.8], np.float32)
    out[:, 1] *= xyz[:, 1] > -0.2
    out -= tangent * np.sum(out * tangent, axis=1, keepdims=True) * (1 - soft)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-6), np.float32)


def _knot(style: HairStyle, noise: NDArray, uniform: NDArray, pal: Palette, unit: float) -> Points:
    """Return a bun, or a ponytail hanging from the knot."""
    n = min(700, len(noise))
    t = np.linspace(0, 1, STEPS, dtype=np.float32)[None, :]
    centre = np.asarray(style.knot, np.float32)
    a = 6.28 * uniform[:n, :1]
    if style.tail:
        spread = 0.07 + 0.10 * np.sin(np.pi * np.minimum(1.0, 0.15 + t * 0.9)) * (
            0.4 + 0.6 * uniform[:n, 1:2]
        )
        drop = 1.15 * style.length * t * (0.9 + 0.1 * noise[:n, :1])
        path = np.stack(
            [np.cos(a) * spread, 0.05 - drop, -0.10 - 0.20 * np.sin(3 * t) + np.sin(a) * spread], -1
        )
    else:
        tilt = np.arccos(1 - 2 * uniform[:n, 1:2])
        angle = a + 3.2 * t
        r = 0.19 + 0.012 * noise[:n, 2:3]
        path = np.stack(
            [
                r * np.sin(tilt) * np.cos(angle),
                r * 0.85 * np.cos(tilt) + 0 * angle,
                r * np.sin(tilt) * np.sin(angle),
            ],
            -1,
        )
        path = path + (centre / np.linalg.norm(centre)).astype(np.float32) * 0.10
    path = (path + centre).astype(np.float32)
    points = _as_points(path, np.ones(n), noise[:n], uniform[:n], pal.hair, unit)
    if style.tail:
        return points
    outward = points.xyz - centre * 1.08
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-6)
    return Points(points.xyz, outward.astype(np.float32), points.albedo, points.tangent, points.gloss)


def grow_beard(head: Head, normals: Grid, p: Identity, pal: Palette, unit: float) -> Points:
    """Return the hairs of beard and moustache as points; none where both are shaved."""
    if max(pal.beard, pal.moustache) <= 0.2:
        return joined([])
    region, upper = beard_region(head)
    _, noise, uniform = _roots(BEARD_STRANDS)
    weight = np.maximum(region**2 * (pal.beard > 0.2), upper**2 * (pal.moustache > 0.2))
    weight = weight * (weight > 0.15)
    area = np.maximum(weight, 0).astype(np.float64).ravel()
    if area.sum() <= 0:
        return joined([])
    chosen = np.searchsorted(np.cumsum(area) / area.sum(), (np.arange(BEARD_STRANDS) + 0.5) / BEARD_STRANDS)
    chosen = np.minimum(chosen, area.size - 1)
    root, normal = head.points.reshape(-1, 3)[chosen], normals.reshape(-1, 3)[chosen]
    above = upper.ravel()[chosen] > region.ravel()[chosen]
    amount = np.where(above, pal.moustache, pal.beard)
    length = (
        0.018 + np.where(above, 0.055, 0.02 + 0.17 * smoothstep(-0.55, -0.95, root[:, 1])) * amount**1.4
    ).astype(np.float32)
    length = length * (0.7 + 0.6 * uniform[:, 0])
    t = np.linspace(0, 1, STEPS, dtype=np.float32)[None, :, None]
    side = np.where(above, 0.8, 0.25)[:, None] * np.sign(root[:, :1])
    down = (
        np.concatenate([side, np.full_like(side, -1.0), np.full_like(side, 0.25)], axis=1)
        + 0.25 * noise[:, 2:5]
    )
    down = down - 0.8 * normal * np.sum(down * normal, axis=1, keepdims=True)
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    path = root[:, None] + length[:, None, None] * t * (
        down[:, None] * (0.5 + 0.5 * t) + normal[:, None] * 0.45 * (1 - 0.6 * t)
    )
    points = _as_points(
        path.astype(np.float32),
        length,
        noise,
        uniform,
        pal.facial_hair,
        unit,
        outward=normal.astype(np.float32),
    )
    return Points(points.xyz, points.normal, points.albedo * 0.9, points.tangent, points.gloss * 0.4)
