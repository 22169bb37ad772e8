"""What carries a head: the neck, and a torso with shoulders and arms, in clothes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from datasets.cast.clothes import Clothes, paint_cloth
from datasets.cast.geometry import Grid, gauss, normal_planes, parameters, refine, smoothstep
from datasets.cast.identity import Identity
from datasets.cast.palette import Palette
from datasets.cast.points import Planes


@dataclass(frozen=True)
class Patch:
    """A painted surface: a coarse grid that is shaded, and a fine one of albedo that is drawn.

    Attributes:
        xyz: (3, R, C), head units. normal: (3, R, C). occlusion: (R, C), 0 to 1. albedo: (fR, fC, 3).
    """

    xyz: Planes
    normal: Planes
    occlusion: Grid
    albedo: Grid

    def down_to(self, y: float) -> Patch:
        """Return the upper rows, those that reach above a height in head units."""
        rows = max(2, int(np.count_nonzero(self.xyz[1].max(axis=1) > y)))
        fine = self.albedo.shape[0] // self.occlusion.shape[0]
        return Patch(
            self.xyz[:, :rows], self.normal[:, :rows], self.occlusion[:rows], self.albedo[: rows * fine]
        )


def build_neck(p: Identity, palette: Palette, rows: int) -> Patch:
    """Return the front of the neck."""
    phi, t = parameters(max(16, rows // 3), max(24, rows // 2), -1.8, 1.8, 0, 1)
    wide = (0.425 + 0.030 * p["jaw_width"] + 0.02 * p["head_width"] + 0.02 * p["brow_ridge"]) * (
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
        ]
    )
    cord = np.exp(-(((np.abs(phi) - 0.62 + 0.35 * t) / 0.13) ** 2)) * smoothstep(0.2, 0.6, t)
    apple = 0.018 * gauss(phi, t, 0, 0.52, 0.16, 0.10) * (p["brow_ridge"] > 0)
    xyz[2] += 0.018 * cord + apple
    xyz = xyz.astype(np.float32)
    fine = (phi.shape[1] * 2, phi.shape[0] * 2)
    tone = 1 - 0.22 * gauss(phi, t, 0, 0.86, 0.14, 0.07) - 0.10 * np.exp(-(((t - 0.42) / 0.016) ** 2))
    albedo = (
        palette.skin
        * np.array([0.97, 0.93, 0.90], np.float32)
        * np.float32(1 - 0.22 * palette.darkness)
        * refine(tone.astype(np.float32), fine)[..., None]
    )
    shadow = 0.50 + 0.50 * smoothstep(0.30, 0.66, t + 0.10 * np.abs(np.sin(phi)))
    return Patch(xyz, _outward(xyz), shadow, albedo.astype(np.float32))


def _outward(xyz: Planes) -> Planes:
    normal = normal_planes(xyz)
    return -normal if normal[2, normal.shape[1] // 2, normal.shape[2] // 2] < 0 else normal


# Half width of the torso by how far below the neck's base: neck, slope of the trapezius, round of the shoulder, arm.
_DROP = [0.0, 0.06, 0.14, 0.24, 0.34, 0.44, 0.56, 0.74, 1.1, 1.8, 3.2]
_REACH = [0.36, 0.52, 0.80, 1.13, 1.38, 1.55, 1.67, 1.77, 1.84, 1.90, 1.96]


LOWEST = -4.7
"""Where a torso ends, head units."""


def build_torso(p: Identity, palette: Palette, clothes: Clothes, rows: int, lowest: float = LOWEST) -> Patch:
    """Return shoulders, chest and upper arms in clothes, from the base of the neck down to a height."""
    phi, t = parameters(max(48, round(rows * 0.75)), max(64, round(rows * 1.15)), -1.75, 1.75, 0, 1)
    drop = 3.5 * t**1.55  # denser at the shoulders, which slope
    broad = 0.98 + 0.04 * p["jaw_width"] + 0.03 * p["head_width"] + 0.055 * p["brow_ridge"]
    outline = np.interp(drop, _DROP, _REACH)
    outline = cv2.GaussianBlur(outline, (0, 0), sigmaX=0.1, sigmaY=max(1.0, len(outline) / 45))
    x = (outline * broad * np.sin(phi)).astype(np.float32)
    y = (-1.20 - drop - 0.05 * smoothstep(0.2, 1.3, np.abs(x))).astype(np.float32)
    z = np.where(np.cos(phi) >= 0, _chest_and_arms(x, drop, broad), -0.5 * np.abs(np.cos(phi)) ** 0.75) - 0.25
    xyz = np.stack([x, y, z + _folds(x, y)]).astype(np.float32)
    fine = (x.shape[1] * 3, x.shape[0] * 3)
    # Painted to a little below what is wanted: only the last row is between nothing and something.
    made = max(2, int(np.count_nonzero(y.max(axis=1) > lowest)) + 1)
    down = slice(0, 3 * made)
    albedo, ridge = paint_cloth(
        refine(x, fine)[down], refine(-1.26 - drop.astype(np.float32), fine)[down], clothes, palette
    )
    under = 0.60 + 0.40 * smoothstep(0.0, 0.25, drop)
    crease = np.exp(-(((np.abs(x) - (_ARMPIT + 0.03 * drop) * broad) / 0.05) ** 2)) * smoothstep(
        0.6, 1.3, drop
    )
    occlusion = (under * (1 - 0.6 * crease)).astype(np.float32)
    painted = (albedo * ridge[..., None]).astype(np.float32)
    return Patch(xyz[:, :made], _outward(xyz)[:, :made], occlusion[:made], painted)


_ARMPIT, _ARM, _ARM_WIDE = 1.20, 1.50, 0.43  # across, in half widths of an average body


def _chest_and_arms(x: Grid, drop: Grid, broad: float) -> Grid:
    """Return how far the front stands out: a chest, and below the shoulders an arm at each side of it."""
    across = np.abs(x) / np.float32(broad)
    deep = np.interp(drop, [0, 0.1, 0.3, 0.8, 1.6, 3.1], [0.28, 0.40, 0.52, 0.66, 0.70, 0.66]).astype(
        np.float32
    )
    chest = deep * np.clip(1 - (across / 1.42) ** 2, 0, 1) ** 0.55
    arm = 0.40 * np.sqrt(np.clip(1 - ((across - _ARM) / _ARM_WIDE) ** 2, 0, 1))
    shoulder = deep * np.sqrt(np.clip(1 - (across / 1.99) ** 2, 0, 1))
    low = smoothstep(0.30, 0.95, drop)
    return np.asarray(shoulder * (1 - low) + np.maximum(chest, arm) * low, np.float32)


def _folds(x: Grid, y: Grid) -> Grid:
    pull = np.sin(9 * (y + 0.55 * np.abs(x)) + 2 * np.sin(3 * x)) * smoothstep(0.35, 0.9, np.abs(x))
    drape = np.sin(7 * x + 1.5 * np.sin(2.2 * y)) * smoothstep(-2.1, -2.9, y)
    return np.asarray(0.018 * pull + 0.020 * drape, np.float32)
