"""From an actor and a moment to pixels: expression, pose, light, drawing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.actor import FINE, Actor, Fields
from datasets.cast.body import Patch
from datasets.cast.geometry import Grid, normal_planes, refine
from datasets.cast.light import (
    Light,
    Rotation,
    ShadowMap,
    diffuse_skin,
    irradiance,
    shade_points,
    shadow_map,
    skin_shine,
    tone,
    tone_of_product,
)
from datasets.cast.moving import Expression, paint_eye, paint_mouth
from datasets.cast.points import Loose, Planes
from datasets.cast.pose import Pose, pose_matrix, turned
from datasets.cast.splat import Layer, Tile, packed, project, splat
from datasets.cast.torso import draw_torso

__all__ = ["Pose", "Shot", "pose_matrix", "render_person"]


@dataclass(frozen=True)
class Shot:
    """A drawn person.

    Attributes:
        tile: pixels, with the share of each pixel that shows the face as flag.
        landmarks: (5, 2) float32 pixels: eyes, nose tip, mouth corners; the viewer's left first.
    """

    tile: Tile
    landmarks: NDArray[np.float32]


def render_person(
    actor: Actor, pose: Pose, expression: Expression, light: Light, centre: tuple[float, float], unit: float,
    bounds: tuple[int, int],
) -> Shot:  # fmt: skip
    """Draw a person.

    Args:
        actor: Who, built for at least this unit.
        centre: where the middle of the head (eye line) falls, pixels; may lie outside the picture.
        unit: pixels per head unit.
        bounds: (width, height) of the picture. The tile may reach beyond it at the sides and the top, so that the
            face's whole cover is known; it ends at the lower edge.
    """
    rot = pose_matrix(pose.yaw, pose.pitch, pose.roll)
    neck_rot = pose_matrix(0.35 * pose.yaw, 0.15 * pose.pitch, 0.4 * pose.roll + 0.5 * pose.lean)
    turn = 0.12 * pose.yaw
    body_rot = pose_matrix(turn, 0.0, pose.lean)
    window = _window(centre, unit, bounds)
    # In steps, so that few parts of a torso are drawn; a lean lifts one side into the picture.
    shown = actor.torso.down_to(np.floor(2 * (centre[1] - window[3]) / unit - 1.2) / 2)
    loose = actor.seen_hair(pose.yaw, pose.pitch)
    hair, neck, torso = (
        turned(loose.places, rot),
        turned(actor.neck.xyz, neck_rot),
        turned(shown.xyz, body_rot),
    )
    shadows = shadow_map(
        light,
        [
            turned(actor.throwing, rot),
            torso[:, ::2, ::2].reshape(3, -1),
        ],
    )
    body, backdrop = draw_torso(
        shown, actor.torso_plane(shown, turn), torso, turn, pose.lean, body_rot, light, shadows, centre, unit, window
    )  # fmt: skip
    layers = [
        _skin_layer(actor, expression, light, rot, shadows, centre, unit),
        _hair_layer(loose, hair, light, rot, shadows, centre, unit),
        _neck_layer(actor.neck, neck, light, neck_rot, shadows, centre, unit),
    ]
    head = splat(layers, window, backdrop)
    marks = turned(
        _expressed(actor.surface.reshape(3, -1)[:, actor.marks], actor.fields.flat().at(actor.marks), expression), rot
    )  # fmt: skip
    return Shot(_laid_over(body, head), project(marks, centre, unit)[:2].T)


def _window(centre: tuple[float, float], unit: float, bounds: tuple[int, int]) -> tuple[int, int, int, int]:
    x0, x1 = int(centre[0] - 2.4 * unit), int(centre[0] + 2.4 * unit) + 1
    y0 = int(centre[1] - 2.05 * unit)
    y1 = max(y0 + 8, min(bounds[1] + 4, int(centre[1] + 4.7 * unit)))
    return x0, y0, x1, max(y1, int(centre[1] + 1.2 * unit))


def _laid_over(body: Tile, head: Tile) -> Tile:
    """Return both as one tile, the head in front."""
    x, y = min(body.x, head.x), min(body.y, head.y)
    across = max(tile.x + tile.flagged.shape[1] for tile in (body, head)) - x
    down = max(tile.y + tile.flagged.shape[0] for tile in (body, head)) - y
    rgba, flagged = np.zeros((down, across, 4), np.uint8), np.zeros((down, across), np.uint8)

    def part(tile: Tile) -> tuple[slice, slice]:
        h, w = tile.flagged.shape
        return slice(tile.y - y, tile.y - y + h), slice(tile.x - x, tile.x - x + w)

    rgba[part(body)] = body.rgba
    rest = cv2.merge([255 - head.rgba[..., 3]] * 4)
    under = cv2.multiply(np.ascontiguousarray(rgba[part(head)]), rest, scale=1 / 255)
    rgba[part(head)] = cv2.add(under, head.rgba)
    flagged[part(head)] = head.flagged
    return Tile(rgba, flagged, x, y)


def _expressed(surface: Planes, f: Fields, e: Expression) -> Planes:
    """Return the surface (3, ...) with an expression."""
    x, y, z = surface
    smile = max(e.smile, 0.0)
    x = x + (0.024 * e.smile - 0.05 * e.rounded) * f.corner_out
    y = y + (0.030 * e.smile) * f.corner - (0.075 * e.opened) * f.jaw + (0.034 * e.brows) * f.brow
    if smile:
        y += (0.018 * smile) * f.cheek
    z = z + (0.026 * smile) * f.cheek - (0.012 * e.opened) * f.jaw + (0.035 * e.rounded) * f.lips
    return np.stack([x, y, z]).astype(np.float32, copy=False)


def _seen_columns(actor: Actor, rot: Rotation) -> slice:
    """Return the columns of the head's grid between which all of it lies that faces the viewer."""
    facing = (rot[2] @ actor.normal.reshape(3, -1)).reshape(actor.normal.shape[1:])
    seen = np.flatnonzero((facing > -0.25).any(axis=0))
    return slice(int(seen[0]), int(seen[-1]) + 1)


def _face_paint(actor: Actor, e: Expression, cols: slice) -> Grid:
    """Return the albedo of some columns of the fine grid, with eyes and mouth."""
    albedo, f = actor.skin[:, cols].copy(), actor.head.features
    painted = [
        (win, paint_eye(win, actor.bare(win), side, f, actor.palette, e))
        for win, side in zip(actor.eyes, (-1.0, 1.0), strict=True)
    ]
    painted.append((actor.mouth, paint_mouth(actor.mouth, actor.bare(actor.mouth), f, actor.palette, e)))
    for win, planes in painted:
        first, last = max(win.cols.start, cols.start), min(win.cols.stop, cols.stop)
        if first < last:
            part = cv2.merge(list(planes))[:, first - win.cols.start : last - win.cols.start]
            albedo[win.rows, first - cols.start : last - cols.start] = part
    return albedo


def _skin_layer(
    actor: Actor, e: Expression, light: Light, rot: Rotation, shadows: ShadowMap, centre: tuple[float, float],
    unit: float,
) -> Layer:  # fmt: skip
    cols = _seen_columns(actor, rot)
    surface = _expressed(actor.surface[..., cols], actor.fields.at((slice(None), cols)), e)
    placed = turned(surface, rot)
    normal = normal_planes(surface)
    occlusion = actor.occlusion[:, cols]
    lit = np.asarray(cv2.GaussianBlur(shadows.lit(placed), (0, 0), 0.022 / actor.spacing), np.float32)
    fall = irradiance(normal, light, rot, lit)
    fall *= occlusion
    fall = diffuse_skin(fall, actor.spacing)
    shine, turned_away = skin_shine(normal, light, rot, lit * occlusion, actor.oil)
    fall *= turned_away
    rows, columns = occlusion.shape
    size = (columns * FINE, rows * FINE)
    fine = slice(cols.start * FINE, cols.stop * FINE)
    albedo = _face_paint(actor, e, fine)
    # Brows, lashes and pupils are no skin: they do not shine like it.
    matt = np.clip(albedo[..., 1] * np.float32(1.25 / actor.palette.skin[1]) - np.float32(0.2), 0.05, 1)
    sheen = refine(shine, size) * matt
    sheens = np.asarray(cv2.merge([sheen * np.float32(c) for c in light.key]), np.float32)
    matt_light = np.asarray(cv2.multiply(albedo, refine(cv2.merge(list(fall)), size)), np.float32)
    colour = tone(matt_light, sheens)
    facing = (rot[2] @ normal.reshape(3, -1)).reshape(rows, columns)
    toward = np.asarray(cv2.resize(facing, size, interpolation=cv2.INTER_NEAREST)).ravel()
    keep = np.flatnonzero(toward > -0.12)
    flag = (actor.face[:, fine].ravel().take(keep) & (toward.take(keep) > 0.06)) * np.uint8(255)
    at = np.stack([refine(plane, size).ravel().take(keep) for plane in project(placed, centre, unit)])
    return Layer(at, packed(colour).take(keep), np.asarray(flag, np.uint8))


def _hair_layer(
    loose: Loose, places: Planes, light: Light, rot: Rotation, shadows: ShadowMap, centre: tuple[float, float],
    unit: float,
) -> Layer:  # fmt: skip
    lit = 0.35 + 0.65 * shadows.lit(places, bias=0.10)
    colour = tone(shade_points(loose, light, rot, np.asarray(lit, np.float32)))
    shown = cv2.merge([*colour, np.full(colour.shape[1], 255, np.uint8)]).view(np.uint32).ravel()
    return Layer(project(places, centre, unit), shown, np.zeros(len(shown), np.uint8), coarse=unit > 105)


def _neck_layer(
    neck: Patch, places: Planes, light: Light, rot: Rotation, shadows: ShadowMap, centre: tuple[float, float],
    unit: float,
) -> Layer:  # fmt: skip
    lit = np.asarray(cv2.GaussianBlur(shadows.lit(places), (0, 0), 1.2), np.float32)
    fall = irradiance(neck.normal, light, rot, lit)
    fall *= neck.occlusion
    fall = diffuse_skin(fall, 0.027)
    size = (neck.albedo.shape[1], neck.albedo.shape[0])
    shown = packed(tone_of_product(neck.albedo, refine(cv2.merge(list(fall)), size)))
    at = np.stack([refine(plane, size).ravel() for plane in project(places, centre, unit)])
    return Layer(at, shown, np.zeros(len(shown), np.uint8), coarse=True)
