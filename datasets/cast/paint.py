"""What is painted on a face once: skin, occlusion, folds, brows, stubble.

Everything is in frontal head units (see geometry) and linear-light RGB albedo, 0 to 1, before shading.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import ArrayLike

from datasets.cast.geometry import Features, Grid, Head, gauss, smoothstep
from datasets.cast.identity import Identity
from datasets.cast.palette import Palette


@lru_cache(maxsize=4)
def noise_fields(rows: int, cols: int) -> dict[str, Grid]:
    """Return fixed noise over a grid, unit variance, shared by everybody: a morph between two people must not boil.

    Drawn at one size and resampled, so that a person looks the same at every size.
    """
    rng = np.random.default_rng(20)
    base = (420, 714)

    def blurred(sx: float, sy: float) -> Grid:
        out = cv2.GaussianBlur(rng.normal(size=base).astype(np.float32), (0, 0), sigmaX=sx, sigmaY=sy)
        return np.asarray(out / out.std(), np.float32)

    fields = {
        "pores": blurred(1.3, 1.3),
        "blotches": blurred(14, 14),
        "stubble": blurred(1.0, 1.4),
        "strands": blurred(1.1, 16),
        "clumps": blurred(5, 26),
        "spots": cv2.GaussianBlur((rng.random(base) ** 260).astype(np.float32), (0, 0), 1.9) * 9,
    }
    return {
        name: np.asarray(cv2.resize(field, (cols, rows), interpolation=cv2.INTER_AREA), np.float32)
        for name, field in fields.items()
    }


def over(base: Grid, colour: ArrayLike, alpha: Grid) -> Grid:
    """Return colour laid over base with an opacity (R, C), 0 to 1."""
    a = np.clip(alpha, 0, 1)[..., None]
    return np.asarray(base + (np.asarray(colour, np.float32) - base) * a, np.float32)


def paint_skin(head: Head, p: Identity, pal: Palette, scalp: Grid) -> Grid:
    """Return the albedo (R, C, 3) of all that does not move.

    scalp: (R, C), 0 to 1, where hair grows.
    """
    f = head.features
    n = noise_fields(*head.phi.shape)
    x, y = head.points[..., 0], head.y0
    ax = np.abs(x)
    front = (np.cos(head.phi) > 0.02).astype(np.float32)
    mottled = 1 + 0.030 * n["blotches"] + (0.028 + 0.012 * float(np.clip(p["age"], 0, 2))) * n["pores"]
    skin = (pal.skin * mottled[..., None]).astype(np.float32)
    red = gauss(ax, y, 0.36, f.nose_base + 0.12, 0.13, 0.11) + 0.9 * gauss(
        x, y, 0, f.nose_base + 0.05, 0.09, 0.07
    )
    red += 0.4 * gauss(x, y, 0, -0.87, 0.12, 0.07) + 0.5 * gauss(ax, y, 0.69, -0.1, 0.10, 0.3)
    flush = (0.16 + 0.08 * p["ruddiness"]) * red * front
    skin *= 1 + flush[..., None] * np.array([0.22, -0.55, -0.45], np.float32)
    # Around the eyes skin is thin: a little darker and bluer.
    thin = gauss(ax, y, f.eye_x, f.eye_y - 0.02, 0.17, 0.10) * front
    skin *= 1 - (0.17 + 0.05 * float(np.clip(p["age"], -1, 2))) * thin[..., None] * np.array(
        [0.8, 1.0, 0.85], np.float32
    )
    freckles = float(np.clip(p["freckles"] - 0.6, 0, 1.2)) * (1 - pal.darkness)
    if freckles > 0:
        spots = n["spots"] * gauss(ax, y, 0.2, f.nose_base + 0.16, 0.26, 0.18)
        skin = over(skin, pal.skin * np.array([0.60, 0.42, 0.34], np.float32), 0.9 * freckles * spots * front)
    skin *= 1 - (_creases(x, y, p, f) * front)[..., None] * np.array([0.78, 1.0, 1.0], np.float32)
    skin = _paint_stubble(skin, head, pal)
    skin = _paint_brows(skin, x, y, f, pal, front)
    return over(skin, pal.hair * 0.42 + 0.015 * pal.skin, scalp * (0.93 + 0.06 * n["stubble"]))


def _creases(x: Grid, y: Grid, p: Identity, f: Features) -> Grid:
    """Painted occlusion, 0 (none) to 1: what the coarse relief is too soft to cast by itself."""
    ax = np.abs(x)
    age = float(np.clip(0.45 + 0.55 * p["age"], 0, 1.6))
    d = 0.36 * gauss(ax, y, f.eye_x - f.eye_w * 1.05, f.eye_y + 0.01, 0.045, 0.06)
    d += 0.26 * gauss(ax, y, f.eye_x, f.eye_y + f.eye_open + 0.045, f.eye_w * 0.95, 0.022)
    d += 0.15 * gauss(ax, y, f.eye_x - 0.03, f.eye_y - 0.108, 0.09, 0.022) * (0.6 + age)
    d += 0.62 * gauss(ax, y, 0.060, f.nose_base + 0.002, 0.030, 0.0145)
    d += 0.30 * gauss(x, y, 0, f.nose_base - 0.026, 0.085, 0.018)
    d += 0.30 * gauss(ax, y, f.nose_w * 1.20, f.nose_base + 0.03, 0.018, 0.042)
    d += 0.26 * gauss(x, y, 0, f.mouth_y - f.lower_lip - 0.045, 0.105, 0.024)
    fold_x = 0.168 + 0.42 * (f.nose_base + 0.02 - y)
    along = smoothstep(f.mouth_y - 0.05, f.mouth_y + 0.10, y) * (
        1 - smoothstep(f.nose_base - 0.02, f.nose_base + 0.07, y)
    )
    d += 0.21 * age * np.exp(-(((ax - fold_x) / 0.018) ** 2)) * along
    d += 0.10 * age * gauss(ax - 0.9 * (f.mouth_y - y), y, f.mouth_w * 1.05, f.mouth_y - 0.07, 0.016, 0.05)
    old = float(np.clip(p["age"] - 0.35, 0, 1.5))
    if old > 0:
        for k in range(3):
            line = f.brow_y + 0.14 + 0.085 * k + 0.012 * np.cos(ax * 9 + k)
            d += 0.17 * old * np.exp(-(((y - line) / 0.011) ** 2)) * np.exp(-((ax / 0.30) ** 4))
        for k in (-1, 0, 1):
            slope = y - f.eye_y - 0.45 * k * (ax - f.eye_x - f.eye_w)
            d += (
                0.14
                * old
                * np.exp(-((slope / 0.009) ** 2))
                * gauss(ax, y, f.eye_x + f.eye_w * 1.45, f.eye_y, 0.05, 0.1)
            )
        d += 0.16 * old * gauss(ax, y, 0.045, f.brow_y - 0.005, 0.010, 0.05)
    return np.asarray(np.clip(d, 0, 0.8), np.float32)


def beard_region(head: Head) -> tuple[Grid, Grid]:
    """Return where a beard and a moustache grow on a head's grid, two (R, C) of 0 to 1."""
    f, x, y = head.features, head.points[..., 0], head.y0
    ax, phi = np.abs(x), np.abs(head.phi)
    line = f.mouth_y + 0.015 + 0.46 * smoothstep(0.27, 0.62, ax)
    region = (1 - smoothstep(-0.06, 0.05, y - line)) * (1 - smoothstep(np.radians(84), np.radians(100), phi))
    mouth = gauss(x, y, 0, f.mouth_y - 0.012, f.mouth_w * 0.72, 0.060) ** 0.5
    region = region * (1 - np.clip(1.7 * mouth - 0.25, 0, 1))
    upper = gauss(x, y, 0, 0.48 * f.mouth_y + 0.52 * f.nose_base - 0.010, 0.150, 0.036) ** 0.6
    upper = (
        upper
        * smoothstep(f.nose_base - 0.012, f.nose_base - 0.04, y)
        * smoothstep(0.0, 0.03, y - f.mouth_y - 0.2 * f.upper_lip)
    )
    front = smoothstep(0.2, 0.4, np.cos(head.phi))
    return region.astype(np.float32), (upper * front).astype(np.float32)


def _paint_stubble(skin: Grid, head: Head, pal: Palette) -> Grid:
    """Paint the shadow of a beard; the hairs themselves stand on it (hair.py)."""
    if max(pal.beard, pal.moustache) <= 0:
        return skin
    n = noise_fields(*head.phi.shape)
    region, upper = beard_region(head)
    grain = np.clip(0.72 + 0.25 * n["stubble"], 0, 1.1)
    alpha = np.maximum(region * pal.beard**0.6, upper * pal.moustache**0.6) * grain
    return over(skin, pal.facial_hair * 0.7 + 0.06 * pal.skin, np.clip(0.85 * alpha, 0, 0.9))


def _paint_brows(skin: Grid, x: Grid, y: Grid, f: Features, pal: Palette, front: Grid) -> Grid:
    ax = np.abs(x)
    t = (ax - f.brow_in) / (f.brow_out - f.brow_in)
    inside = smoothstep(-0.05, 0.12, t) * (1 - smoothstep(0.70, 1.05, t))
    line = f.brow_y + f.brow_arch * np.sin(np.pi * np.clip(t, 0, 1) ** 1.25) + f.brow_tilt * (t - 0.5)
    half = f.brow_thick * (1 - 0.60 * np.clip(t, 0, 1) ** 1.5)
    d = (y - line) / np.maximum(half, 1e-3)
    strokes = 0.82 + 0.18 * np.sin(ax * 150 + y * 110 * np.sign(0.6 - t))
    alpha = inside * np.exp(-(np.abs(d) ** 2.6)) * strokes * front
    colour = 0.30 * pal.hair + 0.01 * pal.skin
    # Whatever the hair, brows stay darker than the skin, as people's do: fair brows on dark skin are no brows.
    colour = colour * min(1.0, float(0.24 * pal.skin.sum() / colour.sum()))
    return over(skin, colour, 0.97 * alpha)
