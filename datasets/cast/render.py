"""From an actor and a moment to pixels: expression, pose, light, drawing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.actor import FINE, Actor, refined
from datasets.cast.body import Patch
from datasets.cast.geometry import Grid, normals_of, refine
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
)
from datasets.cast.moving import Expression, paint_eye, paint_mouth
from datasets.cast.points import Rows
from datasets.cast.splat import Layer, Tile, project, splat

_PIVOT = np.array([0.0, -0.62, -0.22], np.float32)  # a head turns and nods about the top of the neck


@dataclass(frozen=True)
class Pose:
    """A head's turn in radians: yaw to the viewer's right, pitch up, roll clockwise; lean is the torso's roll."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    lean: float = 0.0


@dataclass(frozen=True)
class Shot:
    """A drawn person.

    Attributes:
        tile: pixels, with the share of each pixel that shows the face as flag.
        landmarks: (5, 2) float32 pixels: eyes, nose tip, mouth corners; the viewer's left first.
    """

    tile: Tile
    landmarks: NDArray[np.float32]


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
    body_rot = pose_matrix(0.12 * pose.yaw, 0.0, pose.lean)
    points = _expressed(actor, expression)
    placed = _turned(points, rot)
    hair_seen = _seen_hair(actor, rot)
    hair_xyz = _turned(actor.hair.xyz[hair_seen], rot)
    neck_xyz, torso_xyz = _turned(actor.neck.xyz, neck_rot), _turned(actor.torso.xyz, body_rot)
    shadows = shadow_map(
        light,
        [
            placed[::2, ::2].reshape(-1, 3),
            _turned(actor.hair.xyz[::9], rot),
            torso_xyz[::2, ::2].reshape(-1, 3),
        ],
    )
    skin_layer = _skin_layer(actor, points, placed, expression, light, rot, shadows)
    hair = actor.hair.taken(hair_seen)
    hair_lit = 0.35 + 0.65 * shadows.lit(hair_xyz, bias=0.10)
    hair_colour = tone(shade_points(hair, light, rot, hair_lit))
    layers = [
        skin_layer,
        Layer(hair_xyz, hair_colour, np.zeros(len(hair_xyz), np.uint8), coarse=unit > 105),
        _patch_layer(actor.neck, neck_xyz, light, neck_rot, shadows, skin=True),
        _patch_layer(actor.torso, torso_xyz, light, body_rot, shadows, skin=False),
    ]
    window = _window(centre, unit, bounds)
    marks = project(placed.reshape(-1, 3)[actor.marks], centre, unit)
    return Shot(splat(layers, centre, unit, window), marks)


def _window(centre: tuple[float, float], unit: float, bounds: tuple[int, int]) -> tuple[int, int, int, int]:
    x0, x1 = int(centre[0] - 2.4 * unit), int(centre[0] + 2.4 * unit) + 1
    y0 = int(centre[1] - 2.05 * unit)
    y1 = max(y0 + 8, min(bounds[1] + 4, int(centre[1] + 4.7 * unit)))
    return x0, y0, x1, max(y1, int(centre[1] + 1.2 * unit))


def _turned(xyz: NDArray[np.float32], rot: Rotation) -> NDArray[np.float32]:
    return np.asarray((xyz - _PIVOT) @ rot.T + _PIVOT, np.float32)


def _expressed(actor: Actor, e: Expression) -> Grid:
    f = actor.fields
    points = actor.head.points.copy()
    points[..., 1] += (
        (0.030 * e.smile) * f["corner"] - (0.075 * e.opened) * f["jaw"] + (0.034 * e.brows) * f["brow"]
    )
    points[..., 1] += (0.018 * max(e.smile, 0)) * f["cheek"]
    points[..., 0] += ((0.024 * e.smile) * f["corner"] - (0.05 * e.rounded) * f["corner"]) * np.sign(
        points[..., 0]
    )
    points[..., 2] += (
        (0.026 * max(e.smile, 0)) * f["cheek"]
        - (0.012 * e.opened) * f["jaw"]
        + (0.035 * e.rounded) * f["lips"]
    )
    return points


def _face_paint(actor: Actor, e: Expression) -> Grid:
    albedo, f = actor.skin.copy(), actor.head.features
    for win, side in zip(actor.eyes, (-1.0, 1.0), strict=True):
        albedo[win.rows, win.cols] = paint_eye(win, albedo[win.rows, win.cols], side, f, actor.palette, e)
    win = actor.mouth
    albedo[win.rows, win.cols] = paint_mouth(win, albedo[win.rows, win.cols], f, actor.palette, e)
    return albedo


def _skin_layer(
    actor: Actor, points: Grid, placed: Grid, e: Expression, light: Light, rot: Rotation, shadows: ShadowMap
) -> Layer:
    normal = normals_of(points)
    lit = np.asarray(cv2.GaussianBlur(shadows.lit(placed), (0, 0), 0.022 / actor.spacing), np.float32)
    fall = irradiance(normal, light, rot, lit) * actor.occlusion[..., None]
    fall = diffuse_skin(fall, actor.spacing)
    shine, turned = skin_shine(normal, light, rot, lit * actor.occlusion, actor.oil)
    fall *= turned[..., None]
    facing = normal @ (rot.T @ np.array([0, 0, 1], np.float32))
    size = (points.shape[1] * FINE, points.shape[0] * FINE)
    toward = np.asarray(cv2.resize(facing, size, interpolation=cv2.INTER_NEAREST)).ravel()
    keep = np.flatnonzero(toward > -0.12)

    def kept(values: Grid) -> Rows:
        return np.asarray(values.reshape(-1, values.shape[-1]).take(keep, axis=0), np.float32)

    albedo = kept(_face_paint(actor, e))
    # Brows, lashes and pupils are no skin: they do not shine like it.
    matt = np.clip(albedo[:, 1] * (1.25 / actor.palette.skin[1]) - 0.2, 0.05, 1)
    sheen = refine(shine, size).ravel().take(keep) * matt
    colour = albedo * kept(refine(fall, size)) + sheen[:, None] * np.asarray(light.key, np.float32)
    flag = (actor.face.ravel().take(keep) & (toward.take(keep) > 0.06)) * np.uint8(255)
    return Layer(kept(refine(placed, size)), tone(colour), np.asarray(flag, np.uint8))


def _seen_hair(actor: Actor, rot: Rotation) -> NDArray[np.intp]:
    """Return the loose points that can be seen: those that face the viewer, and all that hang below the ears."""
    view = rot.T @ np.array([0, 0, 1], np.float32)
    return np.flatnonzero((actor.hair.normal @ view > -0.25) | (actor.hair.xyz[:, 1] < -0.35))


def _patch_layer(
    patch: Patch, xyz: Grid, light: Light, rot: Rotation, shadows: ShadowMap, *, skin: bool
) -> Layer:
    lit = np.asarray(cv2.GaussianBlur(shadows.lit(xyz), (0, 0), 1.2), np.float32)
    fall = irradiance(patch.normal, light, rot, lit) * patch.occlusion[..., None]
    if skin:
        fall = diffuse_skin(fall, 0.027)
    colour = tone((patch.albedo * refined(patch, fall)).reshape(-1, 3))
    places: Rows = refined(patch, xyz).reshape(-1, 3)
    return Layer(places, colour, np.zeros(len(places), np.uint8), coarse=True)
