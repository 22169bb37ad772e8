"""Points to pixels.

The depth of each point, with its number in the digits behind, is written into a buffer of twice the size, in which
the largest stays; a maximum filter then grows each point to a block, so that what is in front hides what is behind.
The buffer is shrunk at the end, which gives soft edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.points import Planes

PERSPECTIVE = 0.075
FAR = -9.0  # a depth behind everything
_NUMBERS = 1 << 20  # more than there are points
_FINE = cv2.getStructuringElement(cv2.MORPH_RECT, (2, 2))
_COARSE = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))


@dataclass(frozen=True)
class Layer:
    """Points to draw: pixels and depth (3, N), colour as packed bytes (N,), a flag (N,), and the block's size."""

    at: Planes
    colour: NDArray[np.uint32]
    flag: NDArray[np.uint8]
    coarse: bool = False


@dataclass(frozen=True)
class Tile:
    """A drawn person or thing: RGBA bytes (h, w, 4), colour multiplied by cover; flagged share (h, w); its corner."""

    rgba: NDArray[np.uint8]
    flagged: NDArray[np.uint8]
    x: int
    y: int


@dataclass(frozen=True)
class Backdrop:
    """How deep the picture is already filled: depth (h, w) of what is there, `FAR` where nothing is; its corner."""

    depth: NDArray[np.float32]
    x: int
    y: int


def project(places: Planes, centre: tuple[float, float], unit: float) -> Planes:
    """Return pixels and depth (3, ...) of places (3, ...) in the viewer's axes; centre is where the origin falls."""
    out = np.empty(places.shape, np.float32)
    scale = np.float32(unit) / (1 - np.float32(PERSPECTIVE) * places[2])
    np.multiply(places[0], scale, out=out[0])
    np.multiply(places[1], -scale, out=out[1])
    out[0] += np.float32(centre[0])
    out[1] += np.float32(centre[1])
    out[2] = places[2]
    return out


def packed(rgb: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the bytes (h, w, 3) of colours as one number each (h * w,), opaque."""
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)).view(np.uint32).ravel()


def splat(layers: Sequence[Layer], window: tuple[int, int, int, int], backdrop: Backdrop) -> Tile:
    """Draw layers into a window (x0, y0, x1, y1) of the picture; what lies behind the backdrop is left out."""
    x0, y0, x1, y1 = window
    w, h = 2 * (x1 - x0), 2 * (y1 - y0)
    x, y, z = np.concatenate([layer.at for layer in layers], axis=1)
    px, py = ((2 * v - np.float32(2 * corner)).astype(np.int32) for v, corner in ((x, x0), (y, y0)))
    inside = (px >= 1) & (px < w - 1) & (py >= 1) & (py < h - 1)
    inside = np.flatnonzero(inside & ~_hidden(px + 2 * x0, py + 2 * y0, z, backdrop))
    if len(inside) == 0:
        return Tile(np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1), np.uint8), x0, y0)
    px, py = px.take(inside), py.take(inside)
    # Only the part of the window that holds anything; whole pixels, with a rim for the blocks.
    left, top = (int(px.min()) // 2 - 1) * 2, (int(py.min()) // 2 - 1) * 2
    w, h = (int(px.max()) // 2 + 2) * 2 - left, (int(py.max()) // 2 + 2) * 2 - top
    coarse = np.repeat([layer.coarse for layer in layers], [len(layer.flag) for layer in layers])
    shown = frontmost((py - top) * w + (px - left), z.take(inside), coarse.take(inside), (w, h))
    shown = np.append(inside + 1, 0).take(shown - 1)
    image = _shown([layer.colour for layer in layers], shown).view(np.uint8).reshape(h, w, 4)
    flags = _shown([layer.flag for layer in layers], shown)
    size = (w // 2, h // 2)
    return Tile(
        np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8),
        np.asarray(cv2.resize(flags, size, interpolation=cv2.INTER_AREA), np.uint8),
        x0 + left // 2,
        y0 + top // 2,
    )


def _hidden(
    px: NDArray[np.int32], py: NDArray[np.int32], z: NDArray[np.float32], backdrop: Backdrop
) -> NDArray[np.bool_]:
    """Return which points, in half pixels of the picture, lie behind the backdrop, (N,)."""
    h, w = backdrop.depth.shape
    column, row = (px >> 1) - np.int32(backdrop.x), (py >> 1) - np.int32(backdrop.y)
    over = np.flatnonzero((column >= 0) & (column < w) & (row >= 0) & (row < h))
    out = np.zeros(len(z), np.bool_)
    depth = backdrop.depth.ravel().take(row.take(over) * np.int32(w) + column.take(over))
    out[over] = z.take(over) < depth
    return out


def frontmost(
    at: NDArray[np.integer], z: NDArray[np.float32], coarse: NDArray[np.bool_], size: tuple[int, int]
) -> NDArray[np.intp]:
    """Return for each pixel of a buffer (w, h) the number of the nearest point there, from 1; 0 where there is none.

    at: flat places of the points. z: their depths, -3 to 3. coarse: which are drawn as larger blocks. All (N,).
    """
    w, h = size
    # 53 bits of a float64 hold both, and OpenCV has no wider whole numbers.
    key = z.astype(np.float64)
    key += 3
    key *= 10000
    np.floor(key, out=key)
    key *= _NUMBERS
    key += np.arange(1, len(at) + 1)
    fine, large = np.flatnonzero(~coarse), np.flatnonzero(coarse)
    sharp = np.zeros((h, w))
    np.maximum.at(sharp.ravel(), at.take(fine), key.take(fine))
    drawn = np.asarray(cv2.dilate(sharp, _FINE)) if len(fine) else np.zeros((h, w))
    if len(large):
        places = at.take(large)
        # A neck takes up little of the buffer: only the rows that hold one are looked at.
        part = slice(max(0, int(places.min()) // w - 1), int(places.max()) // w + 2)
        wide = np.zeros((len(range(h)[part]), w))
        np.maximum.at(wide.ravel(), places - part.start * w, key.take(large))
        cv2.max(drawn[part], cv2.dilate(wide, _COARSE), dst=drawn[part])
    if len(fine):
        # Where a surface stretches, a gap of a pixel is left between its points: neighbours close it.
        filled = (drawn > 0).astype(np.uint8)
        gaps = np.flatnonzero(filled < cv2.dilate(filled, _COARSE))
        drawn.ravel()[gaps] = np.asarray(cv2.dilate(sharp, _COARSE)).ravel().take(gaps)
    return drawn.astype(np.intp) & (_NUMBERS - 1)


def _shown(parts: Sequence[NDArray], points: NDArray[np.intp]) -> NDArray:
    """Return what each pixel shows, of points numbered from 1 over all parts; 0 is nothing."""
    return np.concatenate([np.zeros(1, parts[0].dtype), *parts]).take(points)
