"""What joins the face to the rest of a person: ears, neck, glasses, and a torso in clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import Features, Grid, gauss, normals_of, refine, smoothstep
from datasets.cast.identity import Identity
from datasets.cast.palette import Palette
from datasets.cast.points import Points, joined, scattered


@dataclass(frozen=True)
class Patch:
    """A painted surface: a coarse grid that is shaded, and a fine one of albedo that is drawn.

    Attributes:
        xyz: (R, C, 3), head units. normal: (R, C, 3). occlusion: (R, C), 0 to 1. albedo: (fR, fC, 3).
    """

    xyz: Grid
    normal: Grid
    occlusion: Grid
    albedo: Grid


def _grid(rows: int, cols: int, u0: float, u1: float, v0: float, v1: float) -> tuple[Grid, Grid]:
    v, u = np.meshgrid(np.linspace(v0, v1, rows), np.linspace(u0, u1, cols), indexing="ij")
    return u.astype(np.float32), v.astype(np.float32)


def build_ears(p: Identity, palette: Palette, unit: float) -> Points:
    """Return both ears: small curled shells beside the cheek bones."""
    return joined([_ear(p, palette, side, unit) for side in (-1.0, 1.0)])


def _ear(p: Identity, palette: Palette, side: float, unit: float) -> Points:
    n = max(14, round(0.30 * unit))
    a, t = _grid(n, round(3.4 * n), 0, 2 * np.pi, 0, 1)
    size = 1 + 0.10 * p["ears"]
    rim = np.exp(-(((t - 0.88) / 0.12) ** 2))
    width = 0.655 * (1 + 0.035 * p["head_width"])
    out = 0.045 + 0.055 * t * smoothstep(0.6, -0.8, np.cos(a)) * (1 + 0.25 * p["ears"]) + 0.022 * rim
    lobe = 1 + 0.12 * np.sin(a) - 0.10 * smoothstep(-0.3, -1.0, np.sin(a))
    x = side * (width + out)
    y = -0.11 + t * 0.205 * size * np.sin(a) * lobe
    z = -0.03 + t * 0.105 * size * np.cos(a) * (0.85 + 0.25 * np.sin(a)) - 0.03 * np.sin(a)
    normal = np.stack(
        [side * (0.75 + 0 * t), 0.55 * np.sin(a) * (t - 0.55) * 2, 0.40 + 0.75 * np.cos(a) * (t - 0.6) * 2],
        -1,
    )
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    tone = 0.50 + 0.30 * smoothstep(0.25, 0.45, t) - 0.22 * np.exp(-(((t - 0.68) / 0.09) ** 2)) + 0.25 * rim
    return scattered(
        np.stack([x, y, z], -1),
        normal,
        palette.skin * np.array([1.06, 0.84, 0.82]) * tone[..., None],
        gloss=-1,
    )


def build_neck(p: Identity, palette: Palette, rows: int) -> Patch:
    """Return the front of the neck."""
    phi, t = _grid(max(16, rows // 3), max(24, rows // 2), -1.8, 1.8, 0, 1)
    wide = (0.40 + 0.030 * p["jaw_width"] + 0.02 * p["head_width"]) * (
        1 + 0.16 * (1.6 * t - 0.8) ** 2 * (t > 0.5)
    )
    sink = 0.45 * smoothstep(
        0.70, 1.0, t
    )  # the lower end dives into the chest, so that no edge is to be seen
    xyz = np.stack(
        [
            wide * np.sin(phi) * (1 - 0.5 * sink),
            -0.50 - 1.15 * t,
            1.05 * wide * np.cos(phi) - 0.24 + 0.10 * t - sink,
        ],
        -1,
    )
    cord = np.exp(-(((np.abs(phi) - 0.62 + 0.35 * t) / 0.13) ** 2)) * smoothstep(0.2, 0.6, t)
    apple = 0.018 * gauss(phi, t, 0, 0.52, 0.16, 0.10) * (p["brow_ridge"] > 0)
    xyz[..., 2] += 0.018 * cord + apple
    xyz = xyz.astype(np.float32)
    fine = (xyz.shape[1] * 2, xyz.shape[0] * 2)
    tone = 1 - 0.22 * gauss(phi, t, 0, 0.86, 0.14, 0.07) - 0.10 * np.exp(-(((t - 0.42) / 0.016) ** 2))
    albedo = (
        palette.skin
        * np.array([0.97, 0.93, 0.90], np.float32)
        * refine(tone.astype(np.float32), fine)[..., None]
    )
    shadow = 0.50 + 0.50 * smoothstep(0.30, 0.66, t + 0.10 * np.abs(np.sin(phi)))
    return Patch(xyz, _outward(xyz), shadow, albedo.astype(np.float32))


def _outward(xyz: Grid) -> Grid:
    normal = normals_of(xyz)
    return -normal if normal[normal.shape[0] // 2, normal.shape[1] // 2, 2] < 0 else normal


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


def build_torso(p: Identity, palette: Palette, clothes: Clothes, rows: int) -> Patch:
    """Return shoulders and chest in clothes, from the base of the neck down to y = -4.4."""
    phi, t = _grid(max(48, round(rows * 0.70)), max(56, round(rows * 0.95)), -1.75, 1.75, 0, 1)
    t = t**1.35  # denser at the shoulders, which slope
    y = -1.26 - 3.1 * t**1.15
    # Half width over height: neck, slope of the trapezius, round shoulder, arm.
    broad = 1.05 + 0.05 * p["jaw_width"] + 0.03 * p["head_width"] + 0.05 * p["brow_ridge"]
    steps = [0, 0.03, 0.07, 0.13, 0.19, 0.26, 0.34, 0.5, 1.0]
    outline = np.interp(t, steps, [0.28, 0.50, 0.76, 1.10, 1.30, 1.40, 1.46, 1.50, 1.56])
    smooth = cv2.GaussianBlur(outline, (0, 0), sigmaX=0.1, sigmaY=max(1.0, len(outline) / 45))
    width = np.asarray(smooth, np.float32) * broad
    depth = np.interp(t, [0, 0.04, 0.1, 0.3, 0.6, 1.0], [0.28, 0.42, 0.50, 0.60, 0.68, 0.70])
    x = width * np.sin(phi)
    z = depth * np.sign(np.cos(phi)) * np.abs(np.cos(phi)) ** 0.75 - 0.25
    sag = 0.16 * smoothstep(0.2, 1.3, np.abs(x)) * smoothstep(0.0, 0.15, t)
    fold = _folds(x, y)
    xyz = np.stack([x, y - sag, z + fold], -1).astype(np.float32)
    fine = (xyz.shape[1] * 3, xyz.shape[0] * 3)
    fx, fy = refine(x.astype(np.float32), fine), refine(y.astype(np.float32), fine)
    albedo, ridge = _cloth(fx, fy, clothes, palette)
    under = 0.60 + 0.40 * smoothstep(0.0, 0.14, t)
    arm = 1 - 0.45 * np.exp(-(((np.abs(x) - 1.08 - 0.05 * t) / 0.045) ** 2)) * smoothstep(0.42, 0.62, t)
    return Patch(
        xyz, _outward(xyz), (under * arm).astype(np.float32), (albedo * ridge[..., None]).astype(np.float32)
    )


def _folds(x: Grid, y: Grid) -> Grid:
    pull = np.sin(9 * (y + 0.55 * np.abs(x)) + 2 * np.sin(3 * x)) * smoothstep(0.35, 0.9, np.abs(x))
    drape = np.sin(7 * x + 1.5 * np.sin(2.2 * y)) * smoothstep(-2.1, -2.9, y)
    return np.asarray(0.018 * pull + 0.020 * drape, np.float32)


def _cloth(x: Grid, y: Grid, clothes: Clothes, palette: Palette) -> tuple[Grid, Grid]:
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
    skin_colour = palette.skin * np.array([0.96, 0.92, 0.88], np.float32)
    albedo = albedo * (1 - skin[..., None]) + skin_colour * skin[..., None]
    ridge = ridge * (1 - skin) + skin * (1 - 0.35 * smoothstep(0.06, 0.0, edge))
    return albedo.astype(np.float32), np.asarray(ridge, np.float32)


def build_glasses(p: Identity, f: Features, unit: float) -> Points | None:
    """Return glasses, or None: two rims, a bridge and two temples, as tubes of points, with a glint on each lens."""
    if p["glasses"] < 0.75:
        return None
    shape = p["glasses_shape"]
    steps = max(60, round(unit * 3.4))
    a = np.linspace(0, 2 * np.pi, steps, dtype=np.float32)
    square = float(np.interp(shape, [-0.6, 0.1, 0.5], [1.0, 0.45, 0.62]))
    wide, tall = (
        float(np.interp(shape, [-0.6, 0.1], [0.195, 0.222])),
        float(np.interp(shape, [-0.6, 0.1, 0.6], [0.190, 0.150, 0.175])),
    )
    thick = float(np.interp(shape, [-1.2, -0.4, 0.3, 0.9], [0.008, 0.013, 0.022, 0.012]))
    c, s = np.cos(a), np.sin(a)
    rx, ry = np.sign(c) * np.abs(c) ** square * wide, np.sign(s) * np.abs(s) ** square * tall
    if shape > 0.5:
        rx = rx * (1 + 0.12 * s)  # narrower below: aviators
    rx, ry = _even(rx, ry)
    lines = []
    for side in (-1.0, 1.0):
        x = side * (f.eye_x + 0.012) + side * rx
        lines.append(np.stack([x, f.eye_y - 0.012 + ry, _front(x)], -1))
        t = np.linspace(0, 1, steps, dtype=np.float32)
        end = f.eye_x + 0.012 + wide
        lines.append(
            np.stack(
                [
                    side * (end + (0.735 - end) * t**0.35),
                    f.eye_y + 0.06 + 0 * t,
                    _front(end) + (-0.12 - _front(end)) * t,
                ],
                -1,
            )
        )
    t = np.linspace(-1, 1, steps // 3, dtype=np.float32)
    inner = f.eye_x + 0.012 - wide
    lines.append(
        np.stack([inner * t, f.eye_y + 0.035 + 0.018 * (1 - t * t), _front(inner * t) + 0.0 * t], -1)
    )
    dark = np.array([0.012, 0.011, 0.011]) if shape > -0.5 else np.array([0.16, 0.13, 0.085])
    frames = joined([_tube(line, thick, dark) for line in lines])
    return joined([frames, *(_glint(f, side, wide, tall) for side in (-1.0, 1.0))])


def _even(x: NDArray, y: NDArray) -> tuple[NDArray, NDArray]:
    """Return as many points of a line at even distances: a squarish rim is sampled thinly along its sides."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    wanted = np.linspace(0, along[-1], len(x))
    return np.interp(wanted, along, x), np.interp(wanted, along, y)


def _front(x: NDArray | float) -> NDArray:
    return np.asarray(0.925 - 0.42 * np.asarray(x, np.float32) ** 2, np.float32)


def _tube(line: NDArray, thick: float, colour: NDArray) -> Points:
    around = np.linspace(0, 2 * np.pi, 7, dtype=np.float32)[:-1]
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    u = np.cross(along, np.array([0, 0, 1.0]) + 0 * along + np.array([0.0, 0.12, 0.0]))
    u /= np.maximum(np.linalg.norm(u, axis=1, keepdims=True), 1e-6)
    v = np.cross(along, u)
    normal = u[:, None] * np.cos(around)[None, :, None] + v[:, None] * np.sin(around)[None, :, None]
    return scattered(line[:, None] + thick * normal, normal, colour, along[:, None], gloss=1.4)


def _glint(f: Features, side: float, wide: float, tall: float) -> Points:
    """A streak of sky on the lens, kept to a corner so that the eye stays to be seen."""
    t = np.linspace(-0.5, 0.5, 40, dtype=np.float32)
    x = side * (f.eye_x + 0.012) + wide * 0.52 + 0.05 * t
    y = f.eye_y + tall * 0.36 + 0.13 * t
    line = np.stack([x, y, _front(x) + 0.004], -1)
    return scattered(line, np.array([0.0, 0.3, 0.95]), np.array([0.22, 0.235, 0.25]), gloss=-1)
