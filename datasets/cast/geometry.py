"""The head as a surface: a grid of points whose place follows from an identity.

Unit: half the height of a head. x to the viewer's right, y up (eye line 0, chin -1, crown +1), z towards the
viewer. The grid has horizontal sections from crown to chin and columns round the head, denser in front; the column
angle phi is 0 in front, +-pi behind. Own construction; proportions after drawing manuals.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.identity import Identity

Grid = NDArray[np.floating]  # (R, C) or (R, C, 3), float32
Number = NDArray[np.floating] | float

_PROFILE_Y = np.array(
    [1.0, 0.985, 0.94, 0.84, 0.66, 0.42, 0.2, 0.0, -0.2, -0.4, -0.6, -0.76, -0.88, -0.96, -1.0]
)
_HALF_WIDTH = np.array(
    [0.0, 0.15, 0.31, 0.48, 0.62, 0.69, 0.705, 0.69, 0.67, 0.635, 0.58, 0.505, 0.41, 0.30, 0.19]
)
_FRONT = np.array(
    [0.0, 0.16, 0.34, 0.52, 0.68, 0.775, 0.80, 0.775, 0.785, 0.79, 0.785, 0.775, 0.755, 0.70, 0.60]
)
_BACK = np.array([0.0, 0.20, 0.42, 0.64, 0.85, 0.96, 0.97, 0.92, 0.80, 0.62, 0.38, 0.14, -0.08, -0.26, -0.42])
COLUMNS_PER_ROW = 1.7


def smoothstep(edge0: float, edge1: float, x: Number) -> NDArray[np.float32]:
    """Return 0 below edge0, 1 above edge1 and a smooth step between; edge0 may be the larger."""
    t = np.asarray(np.subtract(x, np.float32(edge0), dtype=np.float32))
    t /= np.float32(edge1 - edge0)
    np.maximum(t, 0, out=t)
    np.minimum(t, 1, out=t)
    step = t * np.float32(-2)
    step += np.float32(3)
    step *= t
    step *= t
    return np.asarray(step, np.float32)


def step_of(x: float, edge0: float, edge1: float) -> float:
    """Return `smoothstep` of one number."""
    t = min(1.0, max(0.0, (x - edge0) / (edge1 - edge0)))
    return t * t * (3.0 - 2.0 * t)


def gauss(x: Number, y: Number, cx: float, cy: float, sx: float, sy: float) -> NDArray[np.float32]:
    """Return a bump of height 1 at (cx, cy) with standard deviations (sx, sy)."""
    return np.asarray(np.exp(-0.5 * (((x - cx) / sx) ** 2 + ((y - cy) / sy) ** 2)), np.float32)


def parameters(rows: int, cols: int, u0: float, u1: float, v0: float, v1: float) -> tuple[Grid, Grid]:
    """Return the two parameters of a surface on a grid: u along the columns, v along the rows."""
    v, u = np.meshgrid(np.linspace(v0, v1, rows), np.linspace(u0, u1, cols), indexing="ij")
    return u.astype(np.float32), v.astype(np.float32)


@dataclass(frozen=True)
class Features:
    """Where the features of a face lie, in frontal head coordinates."""

    eye_x: float
    eye_y: float
    eye_w: float
    eye_open: float
    eye_tilt: float
    brow_y: float
    brow_arch: float
    brow_tilt: float
    brow_thick: float
    brow_in: float
    brow_out: float
    nose_base: float
    nose_w: float
    nose_out: float
    mouth_y: float
    mouth_w: float
    upper_lip: float
    lower_lip: float
    corners: float


def features_of(p: Identity) -> Features:
    """Return the places of an identity's features."""
    eye_x = 0.283 + 0.022 * p["eye_spacing"]
    eye_w = 0.149 + 0.012 * p["eye_width"]
    eye_y = 0.0 + 0.026 * p["eye_height"]
    nose_base = -0.40 - 0.042 * p["nose_length"]
    return Features(
        eye_x=eye_x,
        eye_y=eye_y,
        eye_w=eye_w,
        eye_open=0.073 + 0.010 * p["eye_open"],
        eye_tilt=0.04 + 0.07 * p["eye_tilt"],
        brow_y=eye_y + 0.172 + 0.022 * p["brow_height"],
        brow_arch=0.038 + 0.020 * p["brow_arch"],
        brow_tilt=0.015 + 0.012 * p["brow_tilt"],
        brow_thick=0.040 * float(np.exp(0.30 * p["brow_thickness"])),
        brow_in=eye_x - eye_w * 1.02 + 0.014 * p["brow_spacing"],
        brow_out=eye_x + eye_w * 1.36,
        nose_base=nose_base,
        nose_w=0.122 + 0.016 * p["nose_width"],
        nose_out=0.170 + 0.026 * p["nose_projection"],
        mouth_y=min(-0.615 - 0.03 * p["mouth_height"], nose_base - 0.155),
        mouth_w=0.235 + 0.020 * p["mouth_width"],
        upper_lip=0.046 * float(np.exp(0.22 * p["upper_lip"])),
        lower_lip=0.064 * float(np.exp(0.20 * p["lower_lip"])),
        corners=0.014 + 0.008 * p["mouth_corners"],
    )


@dataclass(frozen=True)
class Head:
    """The neutral surface and what the painter and the expressions need to know of it."""

    points: Grid  # (R, C, 3)
    phi: Grid  # (R, C), radians
    y0: Grid  # (R, C), height of the row before the jaw line was drawn
    features: Features

    def finer(self, factor: int) -> Head:
        """Return the same surface with `factor` times the rows and columns."""
        rows, cols = self.phi.shape
        size = (cols * factor, rows * factor)
        return Head(refine(self.points, size), refine(self.phi, size), refine(self.y0, size), self.features)


def refine(values: Grid, size: tuple[int, int]) -> Grid:
    """Return a grid interpolated to another size (columns, rows)."""
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32)


@lru_cache(maxsize=8)
def _angles(rows: int) -> tuple[Grid, Grid]:
    u = np.linspace(-1.0, 1.0, round(rows * COLUMNS_PER_ROW))
    phi = np.pi * (0.58 * u + 0.42 * u**3)
    t = np.linspace(0.0, 1.0, rows)
    # Rows crowd at the crown, where sections shrink quickly, and stay even over the face.
    y = 1.0 - 2.0 * (0.12 * t**0.5 * (1 - t) + t * (0.88 + 0.12 * t))
    phi, y = np.meshgrid(phi, y)
    return phi.astype(np.float32), y.astype(np.float32)


def build_head(p: Identity, rows: int) -> Head:
    """Return the neutral head of an identity on a grid of `rows` sections."""
    phi, y = _angles(rows)
    f = features_of(p)
    width = _section(y, _HALF_WIDTH) * (1 + 0.035 * p["head_width"])
    width *= 1 + 0.045 * p["cheekbones"] * np.exp(-(((y + 0.12) / 0.22) ** 2))
    width *= 1 + 0.075 * _blunted(p["jaw_width"]) * np.exp(-(((y + 0.62) / 0.26) ** 2))
    width *= 1 + 0.14 * _blunted(p["chin_width"]) * np.exp(-(((y + 0.97) / 0.16) ** 2))
    front = _section(y, _FRONT) + 0.03 * p["chin_forward"] * np.exp(-(((y + 0.95) / 0.2) ** 2))
    back = _section(y, _BACK) * np.where(y > -0.4, 1 + 0.03 * p["head_length"], 1.0)
    cos, sin = np.cos(phi), np.sin(phi)
    x = width * np.sign(sin) * np.abs(sin) ** 0.97
    z = np.where(cos >= 0, front, -back) * np.abs(cos) ** 0.80
    z = z + _relief(x, y, p, f) * smoothstep(0.05, 0.45, cos)
    y_out = _jaw_line(y, phi, p)
    y_out = y_out * np.where(
        y_out < 0, 1 + 0.045 * p["face_length"] + 0.03 * p["chin_length"] * smoothstep(-0.6, -0.8, y_out), 1.0
    )
    y_out = np.where(y > 0.25, 0.25 + (y - 0.25) * (1 + 0.06 * p["forehead_height"]), y_out)
    return Head(np.stack([x, y_out, z], axis=-1).astype(np.float32), phi, y, f)


def _blunted(amount: float) -> float:
    """Return a trait that goes less far down than up: a chin can be broad, but not a point."""
    return amount if amount > 0 else 0.75 * amount


def _section(y: Grid, values: NDArray[np.float64]) -> Grid:
    """Interpolate a profile over height, over the angle of y on a circle: straight lines there are round ends here."""
    angle, knots = np.arcsin(np.clip(y[:, 0], -1, 1)), np.arcsin(_PROFILE_Y[::-1])
    fine = np.linspace(-np.pi / 2, np.pi / 2, 721)
    table = np.interp(fine, knots, values[::-1])
    kernel = np.hanning(41) / np.hanning(41).sum()
    table[20:-20] = np.convolve(table, kernel, mode="valid")
    return np.repeat(np.interp(angle, fine, table)[:, None], y.shape[1], axis=1).astype(np.float32)


def _jaw_line(y: Grid, phi: Grid, p: Identity) -> Grid:
    """Lift the rows below the mouth towards the ears, or a head seen at three quarters is a cone."""
    side = smoothstep(np.radians(25), np.radians(108), np.abs(phi))
    start = -0.30
    lifted = start + (y - start) * (1 - (0.46 + 0.06 * p["jaw_height"]) * side)
    return np.where(y < start, lifted, y)


def _relief(x: Grid, y: Grid, p: Identity, f: Features) -> Grid:
    """Return what the features add to the depth of the bare skull, (R, C)."""
    ax = np.abs(x)
    z = (0.042 + 0.018 * p["brow_ridge"]) * gauss(ax, y, f.eye_x * 0.85, f.brow_y - 0.02, 0.17, 0.055)
    z -= (0.105 + 0.014 * p["eye_depth"]) * gauss(ax, y, f.eye_x * 0.93, f.eye_y + 0.012, 0.140, 0.088)
    z += 0.062 * gauss(ax, y, f.eye_x, f.eye_y, 0.092, 0.062)
    z += (0.034 + 0.014 * p["cheekbones"]) * gauss(ax, y, f.eye_x + 0.14, f.nose_base + 0.16, 0.13, 0.10)
    z -= (0.022 - 0.018 * p["cheek_fullness"]) * gauss(ax, y, 0.40, f.mouth_y + 0.02, 0.11, 0.15)
    z += _nose(x, y, p, f)
    z += 0.042 * gauss(x, y, 0, f.mouth_y + 0.015, 0.22, 0.14)
    z += 0.034 * gauss(x, y, 0, f.mouth_y + 0.55 * f.upper_lip, f.mouth_w * 0.58, f.upper_lip * 0.62)
    z += 0.044 * gauss(x, y, 0, f.mouth_y - 0.55 * f.lower_lip, f.mouth_w * 0.50, f.lower_lip * 0.58)
    z -= 0.026 * gauss(x, y, 0, f.mouth_y - f.lower_lip - 0.055, 0.13, 0.035)
    z -= 0.012 * gauss(x, y, 0, 0.5 * (f.mouth_y + f.nose_base), 0.024, 0.05)
    z += (0.055 + 0.02 * p["chin_forward"]) * gauss(x, y, 0, -0.875, 0.135, 0.080)
    fold = 0.012 * (1 + 0.7 * float(np.clip(p["age"], -1, 2)))
    z -= fold * gauss(ax - 0.20 - 0.35 * (f.nose_base - y), y, 0, f.nose_base - 0.09, 0.030, 0.10)
    return z


def _nose(x: Grid, y: Grid, p: Identity, f: Features) -> Grid:
    ax = np.abs(x)
    root = f.eye_y + 0.06
    t = np.clip((root - y) / (root - f.nose_base - 0.03), 0.0, 1.0)
    ridge = (
        0.045
        + (f.nose_out - 0.045) * t**1.35
        + 0.03 * p["nose_bridge"] * np.sin(np.pi * t**0.9) * (1 - 0.4 * t)
    )
    half = 0.044 + 0.030 * t
    under = smoothstep(f.nose_base - 0.050, f.nose_base + 0.015, y)
    above = 1.0 - smoothstep(root - 0.02, root + 0.12, y)
    z = ridge * np.exp(-((ax / (half * 1.55)) ** 2.0)) * under * above
    tip = 0.052 * float(np.exp(0.25 * p["nose_tip"]))
    z += 0.042 * gauss(x, y, 0, f.nose_base + 0.048, tip * 1.2, tip)
    z += 0.066 * gauss(ax, y, f.nose_w * 0.84, f.nose_base + 0.026, 0.036, 0.040)
    return np.asarray(z, np.float32)


def normals_of(points: Grid) -> Grid:
    """Return unit normals of the surface, (R, C, 3), pointing outward."""
    return np.asarray(cv2.merge(list(normal_planes(points.transpose(2, 0, 1)))), np.float32)


def normal_planes(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return unit normals (3, R, C) of a surface given as planes (3, R, C) of x, y and z."""

    def slopes(across: int, down: int) -> list[NDArray]:
        return [
            cv2.Sobel(
                np.ascontiguousarray(plane),
                cv2.CV_32F,
                across,
                down,
                ksize=3,
                borderType=cv2.BORDER_REPLICATE,
            )
            for plane in points
        ]

    ux, uy, uz = slopes(1, 0)
    vx, vy, vz = slopes(0, 1)
    normal = np.stack([vy * uz - vz * uy, vz * ux - vx * uz, vx * uy - vy * ux])
    normal /= np.sqrt(np.maximum(np.einsum("irc,irc->rc", normal, normal), 1e-18))
    return normal.astype(np.float32, copy=False)
