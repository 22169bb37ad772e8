"""How a head and a body are turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.cast.light import Rotation
from datasets.cast.points import Planes

PIVOT = np.array([0.0, -0.62, -0.22], np.float32)  # a head turns and nods about the top of the neck


@dataclass(frozen=True)
class Pose:
    """A head's turn in radians: yaw to the viewer's right, pitch up, roll clockwise; lean is the torso's roll."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    lean: float = 0.0


def pose_matrix(yaw: float, pitch: float, roll: float) -> Rotation:
    """Return the rotation of a head (radians)."""
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    ry = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    rx = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    rz = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(rz @ rx @ ry, np.float32)


def turned(places: Planes, rot: Rotation) -> Planes:
    """Return places (3, ...) turned about the top of the neck."""
    out = rot @ places.reshape(3, -1)
    out += (PIVOT - rot @ PIVOT)[:, None]
    return np.asarray(out.reshape(places.shape), np.float32)
