"""What is worn or stands off the head: ears and glasses, as loose points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from datasets.cast.geometry import Features, parameters, smoothstep
from datasets.cast.identity import Identity
from datasets.cast.palette import Palette
from datasets.cast.points import Points, joined, scattered


def build_ears(p: Identity, palette: Palette, unit: float) -> Points:
    """Return both ears: small curled shells beside the cheek bones."""
    return joined([_ear(p, palette, side, unit) for side in (-1.0, 1.0)])


def _ear(p: Identity, palette: Palette, side: float, unit: float) -> Points:
    n = max(14, round(0.30 * unit))
    a, t = parameters(n, round(3.4 * n), 0, 2 * np.pi, 0, 1)
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
