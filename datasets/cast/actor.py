"""Everything about a person that is made once for a size: surface, paint, hair, clothes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.body import LOWEST, Patch, build_neck, build_torso
from datasets.cast.clothes import Clothes
from datasets.cast.geometry import Grid, Head, build_head, gauss, normals_of, smoothstep
from datasets.cast.hair import grow_beard, grow_hair
from datasets.cast.identity import Identity
from datasets.cast.moving import Window, eye_window, mouth_window
from datasets.cast.paint import paint_skin
from datasets.cast.palette import Palette, palette_of
from datasets.cast.parts import build_ears, build_glasses
from datasets.cast.points import Loose, Planes, Points, joined
from datasets.cast.pose import pose_matrix
from datasets.cast.scalp import scalp_mask, style_of
from datasets.cast.torso import TURN_STEP, Plane, flatten

FINE = 2  # paint is this many times finer than the surface that is shaded
_HAIR_STEP = np.radians(10)
_KEPT = 8  # turns of hair and torso that are kept for each actor


@dataclass(frozen=True)
class Actor:
    """A person ready to be drawn at about `unit` pixels per head unit."""

    identity: Identity
    unit: float
    head: Head
    palette: Palette
    skin: Grid  # (FINE R, FINE C, 3) albedo
    face: NDArray[np.bool_]  # (FINE R, FINE C): the face, as far as boxes and visibility are concerned
    eyes: tuple[Window, Window]
    mouth: Window
    occlusion: Grid  # (R, C)
    spacing: float
    hair: Points  # and beard, ears and glasses
    neck: Patch
    torso: Patch
    surface: Planes  # (3, R, C): the neutral head
    normal: Planes  # (3, R, C): its normals
    fields: Fields
    marks: NDArray[np.intp]  # (5,) flat indices of the landmarks on the grid
    oil: float
    _seen: OrderedDict[tuple[int, int], Loose] = field(default_factory=OrderedDict, repr=False, compare=False)
    _planes: OrderedDict[tuple[int, int], Plane] = field(
        default_factory=OrderedDict, repr=False, compare=False
    )

    @cached_property
    def throwing(self) -> Planes:
        """The points of the head that throw shadows, (3, N)."""
        surface = self.surface[:, ::2, ::2].reshape(3, -1)
        return np.ascontiguousarray(np.concatenate([surface, self.hair.xyz[::9].T], axis=1))

    def bare(self, win: Window) -> Planes:
        """Return the skin's albedo in a window, (3, R, C)."""
        return np.ascontiguousarray(self.skin[win.rows, win.cols].transpose(2, 0, 1))

    def seen_hair(self, yaw: float, pitch: float) -> Loose:
        """Return the loose points that can be seen at about a turn of the head (radians).

        Those that face the viewer, and all that hang below the ears. Kept for steps of the turn: what is drawn is a
        function of the turn alone, whatever was drawn before.
        """
        step = (round(yaw / _HAIR_STEP), round(pitch / _HAIR_STEP))
        if step not in self._seen:
            view = pose_matrix(step[0] * _HAIR_STEP, step[1] * _HAIR_STEP, 0.0)[2]
            keep = np.flatnonzero((self.hair.normal @ view > -0.37) | (self.hair.xyz[:, 1] < -0.35))
            _kept(self._seen, step, self.hair.seen(keep))
        return self._seen[step]

    def torso_plane(self, torso: Patch, turn: float) -> Plane:
        """Return the pictures of the torso, or of its upper rows, at about a turn of the body (radians)."""
        step = (round(turn / TURN_STEP), len(torso.occlusion))
        if step not in self._planes:
            exact = step[0] * TURN_STEP
            plane = flatten(torso, pose_matrix(exact, 0.0, 0.0), exact, self.unit)
            _kept(self._planes, step, plane)
        return self._planes[step]

    def dressed(self, clothes: Clothes, lowest: float = LOWEST) -> Actor:
        """Return the same person in other clothes, of which no more than what lies above a height is made."""
        torso = build_torso(self.identity, self.palette, clothes, self.head.phi.shape[0], lowest)
        return replace(self, torso=torso, _planes=OrderedDict())


@dataclass(frozen=True)
class Fields:
    """How far expressions move each place of the surface, each (R, C), or as few of them as are wanted."""

    jaw: Grid
    corner: Grid
    corner_out: Grid  # `corner`, negative on the viewer's left
    cheek: Grid
    brow: Grid
    lips: Grid

    def at(self, where: Any) -> Fields:
        """Return the part that an index names, of fields that were made flat if the index is flat."""
        return Fields(*(getattr(self, f.name)[where] for f in fields(self)))

    def flat(self) -> Fields:
        """Return each field as one row."""
        return Fields(*(getattr(self, f.name).ravel() for f in fields(self)))


_K = TypeVar("_K")
_V = TypeVar("_V")


def _kept(kept: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    kept[key] = value
    while len(kept) > _KEPT:
        kept.popitem(last=False)


def build_actor(identity: Identity, unit: float, clothes: Clothes, lowest: float = LOWEST) -> Actor:
    """Build a person.

    Args:
        identity: Who.
        unit: Pixels per head unit (half the height of a head) at which it will be drawn at most; grids and hair get
            as dense as that needs.
        clothes: What is worn.
        lowest: Height, in head units, above which the torso is made.
    """
    rows = int(np.clip(round(1.6 * unit), 72, 440))
    head = build_head(identity, rows)
    fine = head.finer(FINE)
    palette, style = palette_of(identity), style_of(identity)
    scalp = scalp_mask(fine, identity, style)
    normals = normals_of(head.points)
    loose = [
        build_ears(identity, palette, unit),
        grow_hair(head, normals, identity, style, palette, unit),
        grow_beard(head, normals, identity, palette, unit),
    ]
    glasses = build_glasses(identity, head.features, unit)
    if glasses is not None:
        loose.append(glasses)
    face = (np.abs(fine.phi) < np.radians(72)) & (scalp < 0.5) & (np.abs(fine.y0 + 0.17) < 0.79)
    return Actor(
        identity=identity,
        unit=unit,
        head=head,
        palette=palette,
        skin=paint_skin(fine, identity, palette, scalp),
        face=face,
        eyes=(eye_window(fine, -1.0), eye_window(fine, 1.0)),
        mouth=mouth_window(fine),
        occlusion=_occlusion(head, rows),
        spacing=2.0 / rows,
        hair=joined(loose),
        neck=build_neck(identity, palette, rows),
        torso=build_torso(identity, palette, clothes, rows, lowest),
        surface=np.ascontiguousarray(head.points.transpose(2, 0, 1)),
        normal=np.ascontiguousarray(normals.transpose(2, 0, 1)),
        fields=_fields(head),
        marks=_landmarks(head),
        oil=1.0 + 0.35 * palette.darkness - 0.2 * float(np.clip(identity["age"], -1, 1.5)),
    )


def _occlusion(head: Head, rows: int) -> Grid:
    """Return how much sky hollows see, (R, C): places deeper than their surroundings see less."""
    z = head.points[..., 2]
    wide = z - cv2.GaussianBlur(z, (0, 0), rows / 14)
    near = z - cv2.GaussianBlur(z, (0, 0), rows / 34)
    shade = 1 + 4.2 * np.minimum(wide, 0.003) + 9.0 * np.minimum(near, 0.003)
    front = smoothstep(0.15, 0.5, np.cos(head.phi))
    below = 1 - 0.35 * smoothstep(-0.86, -1.0, head.y0)
    return np.asarray((1 + (np.clip(shade, 0.42, 1.0) - 1) * front) * below, np.float32)


def _fields(head: Head) -> Fields:
    f, x, y = head.features, head.points[..., 0], head.y0
    ax = np.abs(x)
    # Between the lips the edge is sharp; out on the cheeks the skin stretches.
    reach = 0.035 + 0.20 * smoothstep(0.7 * f.mouth_w, 2.0 * f.mouth_w, ax)
    jaw = smoothstep(0.6, -1.4, (y - f.mouth_y) / reach)
    jaw = jaw * smoothstep(np.radians(85), np.radians(45), np.abs(head.phi))
    front = np.cos(head.phi) > 0
    corner = np.asarray(gauss(ax, y, f.mouth_w, f.mouth_y, 0.10, 0.09) * front, np.float32)
    return Fields(
        jaw=jaw.astype(np.float32),
        corner=corner,
        corner_out=np.asarray(corner * np.sign(x), np.float32),
        cheek=gauss(ax, y, 0.33, f.nose_base + 0.10, 0.12, 0.10) * front,
        brow=gauss(ax, y, f.eye_x * 0.95, f.brow_y, 0.24, 0.075) * front,
        lips=gauss(x, y, 0, f.mouth_y, 0.15, 0.08) * front,
    )


def _landmarks(head: Head) -> NDArray[np.intp]:
    """Return the grid places of both eyes (viewer's left first), nose tip and mouth corners."""
    f = head.features
    wanted = [
        (-f.eye_x, f.eye_y), (f.eye_x, f.eye_y), (0.0, f.nose_base + 0.045),
        (-f.mouth_w, f.mouth_y + f.corners), (f.mouth_w, f.mouth_y + f.corners),
    ]  # fmt: skip
    x, y = head.points[..., 0], head.y0
    behind = np.where(np.cos(head.phi) > 0, 0.0, 9.0)
    return np.array([int(np.argmin((x - a) ** 2 + (y - b) ** 2 + behind)) for a, b in wanted], np.intp)
