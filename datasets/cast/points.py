"""Loose surface points and surface patches, the two things that are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]  # (N, 3)
Planes = NDArray[np.float32]  # (3, ...): x, y and z, or red, green and blue, each in one piece of memory


@dataclass(frozen=True)
class Points:
    """N surface points in head units: place, unit normal, albedo (linear RGB), direction of a strand, gloss (N,)."""

    xyz: Rows
    normal: Rows
    albedo: Rows
    tangent: Rows
    gloss: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.xyz)

    def seen(self, keep: NDArray[np.intp]) -> Loose:
        """Return the points that an index array names, ready to be shaded."""
        return Loose(
            places=_planes(self.xyz, keep),
            ways=np.concatenate([_planes(self.normal, keep), _planes(self.tangent, keep)]),
            albedo=_planes(self.albedo, keep),
            gloss=np.maximum(self.gloss[keep], 0),
        )


@dataclass(frozen=True)
class Loose:
    """Loose points for drawing: places (3, N), normals and strands' directions (6, N), albedo (3, N), gloss (N,)."""

    places: Planes
    ways: NDArray[np.float32]
    albedo: Planes
    gloss: NDArray[np.float32]


def _planes(rows: Rows, keep: NDArray[np.intp]) -> Planes:
    return np.ascontiguousarray(rows[keep].T)


def scattered(
    xyz: NDArray, normal: NDArray, albedo: NDArray, tangent: NDArray | None = None, gloss: float = 1.0
) -> Points:
    """Return points from arrays of shape (..., 3) that broadcast against the first."""
    along = np.zeros(3) if tangent is None else tangent
    places, normals, colours, strands = (
        np.ascontiguousarray(np.broadcast_to(values, xyz.shape).reshape(-1, 3), dtype=np.float32)
        for values in (xyz, normal, albedo, along)
    )
    return Points(places, normals, colours, strands, np.full(len(places), gloss, np.float32))


def joined(parts: list[Points]) -> Points:
    """Return all points of some parts as one; no points for no parts."""
    if not parts:
        return scattered(np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    return Points(
        np.concatenate([p.xyz for p in parts]),
        np.concatenate([p.normal for p in parts]),
        np.concatenate([p.albedo for p in parts]),
        np.concatenate([p.tangent for p in parts]),
        np.concatenate([p.gloss for p in parts]),
    )
