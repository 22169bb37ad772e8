"""Points to pixels.

Points are sorted by depth and their ranks written far to near into a buffer of twice the size; a maximum filter then
grows each point to a block, so that what is in front hides what is behind. The buffer is shrunk at the end, which
gives soft edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.points import Rows

PERSPECTIVE = 0.075
_FINE = cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2))
_COARSE = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


@dataclass(frozen=True)
class Layer:
    """Points to draw: places (N, 3) in the viewer's axes, colour bytes (N, 3), a flag (N,), and the block's size."""

    xyz: Rows
    colour: NDArray[np.uint8]
    flag: NDArray[np.uint8]
    coarse: bool = False


@dataclass(frozen=True)
class Tile:
    """A drawn person or thing: RGBA bytes (h, w, 4), colour multiplied by cover; flagged share (h, w); its corner."""

    rgba: NDArray[np.uint8]
    flagged: NDArray[np.uint8]
    x: int
    y: int


def project(xyz: Rows, centre: tuple[float, float], unit: float) -> NDArray[np.float32]:
    """Return pixels (N, 2) of places (N, 3) in the viewer's axes; centre is where the origin falls."""
    scale = unit / (1 - PERSPECTIVE * xyz[:, 2])
    return np.stack([centre[0] + xyz[:, 0] * scale, centre[1] - xyz[:, 1] * scale], axis=1).astype(np.float32)


def splat(
    layers: list[Layer], centre: tuple[float, float], unit: float, window: tuple[int, int, int, int]
) -> Tile:
    """Draw layers into a window (x0, y0, x1, y1) of the picture."""
    x0, y0, x1, y1 = window
    w, h = 2 * (x1 - x0), 2 * (y1 - y0)
    xyz = np.concatenate([layer.xyz for layer in layers])
    scale = np.float32(2 * unit) / (1 - np.float32(PERSPECTIVE) * xyz[:, 2])
    px = (xyz[:, 0] * scale + np.float32(2 * (centre[0] - x0))).astype(np.int32)
    py = (np.float32(2 * (centre[1] - y0)) - xyz[:, 1] * scale).astype(np.int32)
    inside = np.flatnonzero((px >= 1) & (px < w - 1) & (py >= 1) & (py < h - 1))
    if len(inside) == 0:
        return Tile(np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1), np.uint8), x0, y0)
    px, py = px.take(inside), py.take(inside)
    # Only the part of the window that holds anything; whole pixels, with a rim for the blocks.
    left, top = (int(px.min()) // 2 - 1) * 2, (int(py.min()) // 2 - 1) * 2
    w, h = (int(px.max()) // 2 + 2) * 2 - left, (int(py.max()) // 2 + 2) * 2 - top
    depth = np.clip((xyz[:, 2].take(inside) + 3) * 10000, 0, 65535).astype(np.uint16)
    far_to_near = np.argsort(depth, kind="stable")  # 16 bits: numpy's radix sort
    order = inside.take(far_to_near)
    at = ((py - top) * w + (px - left)).take(far_to_near)
    shown = _frontmost(at, _coarse(layers).take(order), (w, h))
    image = _looked_up(layers, order).take(shown).view(np.uint8).reshape(h, w, 4)
    flags = np.zeros(len(order) + 1, np.uint8)
    flags[1:] = np.concatenate([layer.flag for layer in layers]).take(order)
    size = (w // 2, h // 2)
    return Tile(
        np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(flags.take(shown), size, interpolation=cv2.INTER_AREA), np.uint8),
        x0 + left // 2,
        y0 + top // 2,
    )


def _coarse(layers: list[Layer]) -> NDArray[np.bool_]:
    return np.concatenate([np.full(len(layer.xyz), layer.coarse) for layer in layers])


def _frontmost(at: NDArray[np.intp], coarse: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.int32]:
    """Return for each pixel of a buffer (w, h) the rank of the nearest point there, from 1; 0 where there is none.

    at: flat places of the points, far to near. coarse: which are drawn as larger blocks.
    """
    w, h = size
    ranks = np.arange(1, len(at) + 1, dtype=np.float32)
    sharp, wide = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    for buffer, chosen in ((sharp, np.flatnonzero(~coarse)), (wide, np.flatnonzero(coarse))):
        buffer.ravel()[at.take(chosen)] = ranks.take(
            chosen
        )  # Far to near: the last write, the nearest, stays.
    drawn = np.asarray(cv2.max(cv2.dilate(sharp, _FINE), cv2.dilate(wide, _COARSE)))
    # Where a surface stretches, a gap of a pixel is left between its points: neighbours close it.
    gaps = np.flatnonzero((drawn == 0) & (np.asarray(cv2.blur(drawn, (3, 3))) > 0))
    closed = np.asarray(cv2.dilate(sharp, _COARSE)).ravel().take(gaps)
    drawn.ravel()[gaps] = closed
    return np.asarray(drawn, np.int32)


def _looked_up(layers: list[Layer], order: NDArray[np.intp]) -> NDArray[np.uint32]:
    """Return the four bytes of each rank, packed; rank 0 is nothing."""
    rgba = np.full((sum(len(layer.colour) for layer in layers), 4), 255, np.uint8)
    rgba[:, :3] = np.concatenate([layer.colour for layer in layers])
    packed = np.zeros(len(order) + 1, np.uint32)
    packed[1:] = rgba.view(np.uint32)[:, 0].take(order)
    return packed
