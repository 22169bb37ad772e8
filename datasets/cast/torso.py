"""The torso as a picture: its points are drawn once for a turn of the body, then lit and moved for each frame.

A body turns little and slowly beside a head. So its albedo, its place on the lit surface and its depth are kept as
pictures, one set for each small step of its turn; what is left of the turn is a shift by depth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.body import Patch
from datasets.cast.geometry import Grid, refine
from datasets.cast.light import Light, Rotation, ShadowMap, irradiance, tone_of_product
from datasets.cast.points import Planes
from datasets.cast.pose import PIVOT, turned
from datasets.cast.splat import FAR, PERSPECTIVE, Backdrop, Tile, frontmost, project

TURN_STEP = 0.025  # radians between two sets of pictures: half of it moves an arm by less than a pixel


@dataclass(frozen=True)
class Plane:
    """A torso seen at one turn, `unit` pixels a head unit, all (h, w).

    Attributes:
        albedo: (h, w, 3). cover: (h, w, 3), 0 to 255, all alike.
        u, v: where on the patch's grid a pixel lies, columns and rows.
        depth: head units towards the viewer, `FAR` where nothing is.
        x, y: of the corner, pixels from the origin of the head's axes.
    """

    unit: float
    turn: float
    albedo: Grid
    cover: NDArray[np.uint8]
    u: Grid
    v: Grid
    depth: Grid
    x: int
    y: int


def flatten(torso: Patch, rot: Rotation, turn: float, unit: float) -> Plane:
    """Draw a torso's points at a turn, whose rotation is `rot`, into pictures at `unit` pixels a head unit."""
    rows, cols = torso.albedo.shape[:2]
    places = np.stack([refine(plane, (cols, rows)) for plane in torso.xyz]).reshape(3, -1)
    x, y, z = project(turned(places, rot), (0.0, 0.0), unit)
    px, py = (np.floor(2 * v).astype(np.int32) for v in (x, y))
    left, top = (int(px.min()) // 2 - 2) * 2, (int(py.min()) // 2 - 2) * 2
    w, h = (int(px.max()) // 2 + 3) * 2 - left, (int(py.max()) // 2 + 3) * 2 - top
    shown = frontmost((py - top) * w + (px - left), z, np.ones(len(z), np.bool_), (w, h))
    drawn = np.flatnonzero(shown)
    points = shown.ravel().take(drawn) - 1
    cover = _shrunk((shown > 0).astype(np.float32).reshape(h, w))
    fine = rows // torso.occlusion.shape[0]
    row, col = np.divmod(np.arange(rows * cols, dtype=np.float32), np.float32(cols))
    where = np.stack([(col + 0.5) / fine - 0.5, (row + 0.5) / fine - 0.5, z], axis=1)

    def mean(values: NDArray) -> Grid:
        kept = np.zeros((h * w, 3), np.float32)
        kept[drawn] = values.take(points, axis=0)
        return _shrunk(kept.reshape(h, w, 3)) / np.maximum(cover, 1e-3)[..., None]

    u, v, depth = (np.ascontiguousarray(plane) for plane in mean(where).transpose(2, 0, 1))
    return Plane(
        unit=unit,
        turn=turn,
        albedo=mean(torso.albedo.reshape(-1, 3)),
        cover=np.asarray(cv2.merge([np.rint(255 * cover).astype(np.uint8)] * 3), np.uint8),
        u=u,
        v=v,
        depth=np.where(cover > 0.5, depth, np.float32(FAR)),
        x=left // 2,
        y=top // 2,
    )


def _shrunk(values: Grid) -> Grid:
    size = (values.shape[1] // 2, values.shape[0] // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def draw_torso(
    torso: Patch, plane: Plane, places: Planes, turn: float, lean: float, rot: Rotation, light: Light,
    shadows: ShadowMap, centre: tuple[float, float], unit: float, window: tuple[int, int, int, int],
) -> tuple[Tile, Backdrop]:  # fmt: skip
    """Draw a torso into a window (x0, y0, x1, y1) of the picture.

    Args:
        torso: The surface that is lit; places: the same, turned (3, R, C).
        plane: Its pictures at about this turn.
        turn, lean: of the body, radians; rot: both as a rotation.
        centre, unit: where the head's origin falls, and pixels a head unit.
    """
    corner, across = _placing(plane, lean, centre, unit)
    x0, y0, x1, y1 = _bounds(plane, across, corner, window)
    if x1 <= x0 or y1 <= y0:
        nothing = Backdrop(np.full((1, 1), FAR, np.float32), window[0], window[1])
        return Tile(np.zeros((1, 1, 4), np.uint8), np.zeros((1, 1), np.uint8), window[0], window[1]), nothing
    # Where each pixel of the window lies in the pictures.
    back = np.linalg.inv(across)
    gx = np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - corner[0])
    gy = np.arange(y0, y1, dtype=np.float32)[:, None] + np.float32(0.5 - corner[1])
    map_x = np.float32(back[0, 0]) * gx + np.float32(back[0, 1]) * gy - np.float32(0.5)
    map_y = np.float32(back[1, 0]) * gx + np.float32(back[1, 1]) * gy - np.float32(0.5)
    first, last = max(0, int(map_y.min()) - 1), min(len(plane.depth), int(map_y.max()) + 3)
    if turn != plane.turn:
        near = np.clip(cv2.remap(plane.depth, map_x, map_y, cv2.INTER_LINEAR), -0.3, 0.9)
        map_x -= (near - PIVOT[2]) * np.float32(1.03 * plane.unit * (turn - plane.turn))
    shown = _lit(torso, plane, places, rot, light, shadows, slice(first, last))
    rgba = cv2.remap(shown, map_x, map_y - np.float32(first), cv2.INTER_LINEAR)
    depth = cv2.remap(plane.depth, map_x, map_y, cv2.INTER_NEAREST, borderValue=FAR)
    tile = Tile(np.asarray(rgba, np.uint8), np.zeros(map_x.shape, np.uint8), x0, y0)
    return tile, Backdrop(np.asarray(depth, np.float32), x0, y0)


def _placing(
    plane: Plane, lean: float, centre: tuple[float, float], unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the pictures' corner falls in the frame (2,), and how they are scaled and leant (2, 2)."""
    cos, sin = np.cos(lean), np.sin(lean)
    leant = np.array([[cos, -sin], [sin, cos]])
    pivot = np.array([PIVOT[0], -PIVOT[1]]) / (1 - PERSPECTIVE * 0.2)
    scale = unit / plane.unit
    origin = np.asarray(centre) + unit * (pivot - leant @ pivot)
    return origin + scale * leant @ [plane.x, plane.y], scale * leant


def _bounds(
    plane: Plane, across: NDArray[np.float64], corner: NDArray[np.float64], window: tuple[int, int, int, int]
) -> tuple[int, int, int, int]:
    h, w = plane.depth.shape
    corners = np.array([[0, 0], [w, 0], [0, h], [w, h]]) @ across.T + corner
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return (
        max(window[0], int(low[0])), max(window[1], int(low[1])),
        min(window[2], int(high[0])), min(window[3], int(high[1])),
    )  # fmt: skip


def _lit(
    torso: Patch, plane: Plane, places: Planes, rot: Rotation, light: Light, shadows: ShadowMap, rows: slice
) -> NDArray[np.uint8]:
    """Return some rows of the picture under a light, RGBA, colour multiplied by cover."""
    lit = np.asarray(cv2.GaussianBlur(shadows.lit(places), (0, 0), 1.2), np.float32)
    fall = irradiance(torso.normal, light, rot, lit)
    fall *= torso.occlusion
    on_picture = cv2.remap(
        cv2.merge(list(fall)), plane.u[rows], plane.v[rows], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    colour = tone_of_product(plane.albedo[rows], np.asarray(on_picture, np.float32))
    cover = plane.cover[rows]
    rgba = cv2.cvtColor(cv2.multiply(colour, cover, scale=1 / 255), cv2.COLOR_RGB2RGBA)
    rgba[..., 3] = cover[..., 0]
    return np.asarray(rgba, np.uint8)
