"""What is repainted in every frame: eyes and mouth, each in a small window of the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from datasets.cast.geometry import Features, Grid, Head, smoothstep
from datasets.cast.palette import Palette
from datasets.cast.points import Planes


@dataclass(frozen=True)
class Expression:
    """A moment of a face.

    Attributes:
        blink: 0 (open) to 1 (shut).
        gaze: to the viewer's right and up, each -1 to 1.
        smile: -1 to 1.
        opened: how far the mouth is open, 0 to 1.
        rounded: lips pushed forward as in "oo", 0 to 1.
        brows: -1 (drawn down) to 1 (raised).
    """

    blink: float = 0.0
    gaze: tuple[float, float] = (0.0, 0.0)
    smile: float = 0.12
    opened: float = 0.0
    rounded: float = 0.0
    brows: float = 0.0


@dataclass(frozen=True)
class Window:
    """A rectangle of the grid that is repainted per frame, with its frontal coordinates and its bare skin."""

    rows: slice
    cols: slice
    x: Grid
    y: Grid


def window(head: Head, x0: float, x1: float, y0: float, y1: float) -> Window:
    """Return the part of a head's grid that covers a frontal rectangle."""
    x, y = head.points[..., 0], head.y0
    inside = (x > x0) & (x < x1) & (y > y0) & (y < y1) & (np.abs(head.phi) < 1.5)
    r, c = np.where(inside)
    rows, cols = slice(int(r.min()), int(r.max()) + 1), slice(int(c.min()), int(c.max()) + 1)
    return Window(rows, cols, x[rows, cols].copy(), y[rows, cols].copy())


def eye_window(head: Head, side: float) -> Window:
    """Return the window of one eye; side -1 is to the viewer's left."""
    f = head.features
    x = side * f.eye_x
    return window(head, x - 1.45 * f.eye_w, x + 1.45 * f.eye_w, f.eye_y - 0.13, f.eye_y + 0.16)


def mouth_window(head: Head) -> Window:
    """Return the window of the mouth."""
    f = head.features
    return window(head, -0.36, 0.36, f.mouth_y - 0.21, f.mouth_y + 0.13)


def _bump(d: Grid, width: float) -> Grid:
    """Return a line of a width, 1 on it; cheaper than a Gaussian."""
    t = d * (0.55 / width)
    t *= t
    np.minimum(t, 1, out=t)
    np.subtract(1, t, out=t)
    t *= t
    return t


def _power(base: Grid, exponent: float) -> Grid:
    """Return base ** exponent, 0 for what is not positive; a fifth of the time of NumPy's power for float32."""
    log = np.log(np.maximum(base, np.float32(1e-12)))
    log *= np.float32(exponent)
    return np.asarray(np.exp(log, out=log), np.float32)


def _over(base: Planes, colour: ArrayLike, alpha: Grid) -> Planes:
    """Return a colour (3,), or planes of it, laid over base (3, R, C) with an opacity (R, C)."""
    laid = np.asarray(colour, np.float32)
    out = (laid[:, None, None] if laid.ndim == 1 else laid) - base
    out *= np.clip(alpha, 0, 1)
    out += base
    return out


def paint_eye(win: Window, skin: Planes, side: float, f: Features, pal: Palette, e: Expression) -> Planes:
    """Return the window's albedo (3, R, C) with one eye on it."""
    lx = (win.x - np.float32(side * f.eye_x)) * np.float32(side)  # grows outward
    ly = win.y - np.float32(f.eye_y) - np.float32(f.eye_tilt) * lx
    t = np.clip(lx / np.float32(f.eye_w), -1.1, 1.1)
    at = np.abs(t)
    arch = np.clip(1 - _power(at, 2.3), 0, 1) * (1 + 0.13 * t)
    squint = 0.55 * max(0.0, e.smile)
    low = -0.50 * f.eye_open * arch * (1 - 0.45 * squint)
    open_lid = f.eye_open * arch * (1 - 0.10 * squint + 0.14 * max(0.0, e.brows) - 0.10 * max(0.0, -e.brows))
    high = open_lid * (1 - e.blink) + (low + 0.004) * e.blink
    inside = at < 1.0
    # The lid above is skin in its own right: a little lighter towards the crease, which a dark line closes.
    crease = open_lid + 0.036
    out = skin * (1 - (0.46 * _bump(ly - crease, 0.012) * (at < 1.02) * (1 - 0.5 * e.blink)))
    eye = _eyeball(lx, ly, t, low, high, side, pal, e)
    soft = 0.0075
    aperture = smoothstep(0, soft, ly - low) * smoothstep(0, soft, high - ly) * inside
    out = _over(out, eye, aperture)
    out = _over(
        out,
        pal.skin * np.array([0.85, 0.55, 0.55], np.float32),
        0.45 * (1 - e.blink) * _bump(ly - low, 0.009) * (at < 0.95),
    )
    lash = _bump(ly - high - 0.007, 0.0165 + 0.004 * t) * smoothstep(-1.05, -0.75, t) * (t < 1.09)
    out = _over(out, 0.04 * pal.hair + 0.003, 0.98 * lash * (0.75 + 0.25 * np.clip(t + 0.3, 0, 1)))
    lower = _bump(ly - low + 0.004, 0.010) * (at < 0.98)
    return _over(out, 0.22 * pal.skin, 0.42 * lower * (0.6 + 0.4 * t))


def _eyeball(
    lx: Grid, ly: Grid, t: Grid, low: Grid, high: Grid, side: float, pal: Palette, e: Expression
) -> Planes:
    height = np.clip((ly - low) / np.maximum(high - low, 1e-3), 0, 1)
    shade = (1 - 0.58 * smoothstep(0.30, 1.0, height)) * (1 - 0.40 * np.abs(t * t * t))
    eye: Planes = np.asarray(pal.sclera[:, None, None] * shade, np.float32)
    ix, iy = lx - side * e.gaze[0] * 0.042, ly - 0.010 - e.gaze[1] * 0.026
    r = np.sqrt(ix * ix + iy * iy)
    radius = 0.067
    rim = smoothstep(0.66, 1.0, r / radius)
    lit = 0.62 + 0.75 * smoothstep(-radius, radius, -iy)
    iris = pal.iris[:, None, None] * (lit * (1 - 0.85 * rim) * (0.30 + 0.70 * shade))
    eye = _over(eye, iris, 1 - smoothstep(radius - 0.008, radius + 0.006, r))
    eye = _over(eye, np.array([0.004, 0.004, 0.004]), 1 - smoothstep(0.022, 0.031, r))
    gx, gy = ix * side + 0.024, iy - 0.027
    return _over(
        eye, np.array([1.5, 1.5, 1.5]), 0.95 * (1 - smoothstep(0.008, 0.019, np.sqrt(gx * gx + gy * gy)))
    )


def paint_mouth(win: Window, skin: Planes, f: Features, pal: Palette, e: Expression) -> Planes:
    """Return the window's albedo (3, R, C) with the mouth on it."""
    smile, opened = e.smile, e.opened
    half = f.mouth_w * (1 + 0.15 * smile - 0.08 * opened - 0.30 * e.rounded)
    t = win.x / np.float32(half)
    at = np.clip(np.abs(t), 0, 1)
    t2 = at * at
    line = f.mouth_y + (f.corners + 0.038 * smile) * t2 - 0.004 + 0.006 * np.cos(t * 6) * (1 - t2)
    gap = (0.105 * opened + 0.03 * max(0.0, smile - 0.45)) * np.clip(1 - _power(at, 2.3), 0, 1)
    top, bottom = line + 0.25 * gap, line - 0.75 * gap
    bow = 1 - 0.24 * np.exp(-((t / 0.11) ** 2)) + 0.10 * np.exp(-(((np.abs(t) - 0.27) / 0.16) ** 2))
    full = 1 + 0.25 * e.rounded
    upper = top + f.upper_lip * full * (1 - 0.15 * max(smile, 0)) * np.clip(1 - _power(at, 1.9), 0, 1) * bow
    lower = bottom - f.lower_lip * full * (1 - 0.12 * max(smile, 0)) * _power(1 - _power(at, 2.4), 0.85)
    inside = np.abs(t) < 1.0
    y, soft = win.y, 0.011
    lips = smoothstep(0, soft, upper - y) * smoothstep(0, soft, y - lower) * inside
    depth = np.clip((y - lower) / np.maximum(bottom - lower, 1e-3), 0, 1)
    gleam = 0.20 * np.exp(-(((depth - 0.55) / 0.22) ** 2)) * (1 - t2)
    tone = np.where(y > 0.5 * (top + bottom), 0.72, 0.92 + gleam) * (1 + 0.05 * np.sin(win.x * 150))
    out = _over(skin, pal.lip[:, None, None] * tone.astype(np.float32), 0.90 * lips)
    if gap.max() > 0.006:
        out = _open_mouth(out, y, t2, top, bottom, inside, opened)
    seam = _bump(y - top, 0.013) * (np.abs(t) < 1.03)
    corner = np.exp(-(((np.abs(t) - 1.0) * half / 0.020) ** 2) - ((y - line) / 0.018) ** 2)
    dark = (
        np.clip(0.78 * seam + 0.42 * corner, 0, 0.88) * np.array([0.84, 1.0, 1.0], np.float32)[:, None, None]
    )
    return np.asarray(out * (1 - dark), np.float32)


def _open_mouth(
    skin: Planes, y: Grid, t2: Grid, top: Grid, bottom: Grid, inside: Grid, opened: float
) -> Planes:
    hole = smoothstep(0, 0.010, top - y) * smoothstep(0, 0.010, y - bottom) * inside
    out = _over(skin, np.array([0.030, 0.010, 0.010]), hole)
    tongue = smoothstep(0.0, 0.03, bottom + 0.035 * opened - y) * hole
    out = _over(out, np.array([0.20, 0.055, 0.05]), 0.7 * tongue)
    edge = top - 0.034 + 0.004 * np.cos(t2 * 40)
    show = smoothstep(0.0, 0.010, y - edge) * (t2 < 0.62)
    teeth = np.array([0.50, 0.47, 0.42], np.float32)[:, None, None] * (0.92 - 0.55 * t2)
    return _over(out, teeth, 0.93 * hole * show)
