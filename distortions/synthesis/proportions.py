"""A face's proportions: which changes there are, how far one may go, and how to draw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import canonical_points, eye_pixels
from distortions.synthesis.masks import face_oval, smoothstep, warp_window
from distortions.synthesis.recipe import Frame
from distortions.synthesis.scene import Subject
from distortions.synthesis.visibility import Visibility
from distortions.synthesis.warp import Field, largest_amplitude, warp_frame

LARGEST = 0.11
"""rms displacement at amount 1 in distances between the eyes, if the fold guard allows it."""
_FADE_YAW = (0.35, 0.55)

Bump = tuple[tuple[float, float], tuple[float, float], str]
# Middle (x, y) on the right half, spread (x, y), and which way it pushes: all in distances between the eyes, from the
# middle between them. "out" is away from the face's middle line, "grow" away from the bump's own middle.
# Eye tilt is left out: it is the first to look absurd, and what embedders answer to most.
_BUMPS: dict[str, Bump] = {
    "cheek_width": ((0.75, 0.70), (0.32, 0.40), "out"),
    "jaw_width": ((0.62, 1.30), (0.36, 0.34), "out"),
    "nose_width": ((0.20, 0.58), (0.16, 0.24), "out"),
    "mouth_width": ((0.42, 1.15), (0.24, 0.22), "out"),
    "eye_distance": ((0.50, 0.00), (0.30, 0.26), "out"),
    "eye_size": ((0.50, 0.00), (0.26, 0.20), "grow"),
    "brow_height": ((0.50, -0.36), (0.36, 0.20), "down"),
    "nose_length": ((0.00, 0.66), (0.30, 0.24), "down"),
    "mouth_height": ((0.00, 1.15), (0.50, 0.26), "down"),
    "lip_fullness": ((0.00, 1.15), (0.42, 0.15), "grow_y"),
    "chin_length": ((0.00, 1.66), (0.46, 0.30), "down"),
}
BUMPS = tuple(_BUMPS)
_ROUGH = 64  # side at which directions are compared


@lru_cache(maxsize=4)
def _bases(side: int) -> NDArray[np.float32]:
    fields = bump_fields(_BUMPS, side)
    fields.flags.writeable = False
    return fields


def bump_fields(bumps: Mapping[str, Bump], side: int) -> NDArray[np.float32]:
    """Return each bump's field (bumps, side, side, 2), of rms 1 over the face."""
    points, unit = canonical_points(side), eye_pixels(side)
    middle = points[:2].mean(axis=0)
    x, y = np.meshgrid((np.arange(side) - middle[0]) / unit, (np.arange(side) - middle[1]) / unit)
    weight = face_oval(side, 0.0)
    fields = []
    for (cx, cy), (sx, sy), way in bumps.values():
        field = np.zeros((side, side, 2))
        for sign in (1, -1) if cx else (1,):
            u, v = (x - sign * cx) / sx, (y - cy) / sy
            bump = np.exp(-(u * u + v * v) / 2)
            push = {
                "out": (sign, 0.0), "down": (0.0, 1.0), "grow": (u, v), "grow_y": (0.0, v),
                "up_out": (0.4 * sign, -1.0),
            }[way]  # fmt: skip
            field += np.stack([bump * push[0], bump * push[1]], axis=2)
        rms = np.sqrt((field**2).sum(axis=2) @ np.ones(side) @ np.ones(side) / weight.sum())
        fields.append(field / rms)
    return np.array(fields, np.float32)


def proportions_field(weights: NDArray[np.floating], side: int) -> Field:
    """Return the field that changes proportions, of rms 1 pixel over the face, falling to 0 at the square's rim.

    Args:
        weights: (len(BUMPS),), sign and size of each change.
        side: Of the square.
    """
    field = np.tensordot(np.asarray(weights, np.float32), _bases(side), axes=1) * warp_window(side)[..., None]
    oval = face_oval(side, 0.0)
    rms = np.sqrt(((field**2).sum(axis=2) * oval).sum() / oval.sum())
    return (field / max(float(rms), 1e-6)).astype(np.float32)


def random_direction(rng: np.random.Generator, *, of: int = 1) -> tuple[float, ...]:
    """Return signs and sizes (0.5 to 1) for all bumps: of so many draws the one that can go farthest without folding.

    Choosing by the fold guard and not by an embedder: a direction chosen by an embedder fools that embedder.
    """
    drawn = [
        rng.choice([-1.0, 1.0], len(BUMPS)) * rng.uniform(0.5, 1.0, len(BUMPS)) for _ in range(max(1, of))
    ]
    best = max(drawn, key=lambda w: largest_amplitude(proportions_field(w, _ROUGH))) if of > 1 else drawn[0]
    return tuple(round(float(each), 4) for each in best)


def guarded_field(weights: tuple[float, ...], side: int, *, largest: float = LARGEST) -> Field:
    """Return the field at amount 1: `largest` distances between the eyes, or as far as it goes without folding."""
    field = proportions_field(np.array(weights), side)
    return (field * min(largest * eye_pixels(side), largest_amplitude(field))).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Proportions:
    """Moves a subject along a field, in pixels of the canonical square at strength 1; what is in front stays."""

    subject: Subject
    field: Field
    visible: Visibility

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        self.draw_field(frame, out, index, self.field_at(index, strength))

    def field_at(self, index: int, strength: float) -> Field:
        """Return the field for a frame: less wide on a turned face, still where something is in front."""
        scaled = self.field * np.float32(strength)
        # A turned face shows its width foreshortened: so is a change of width.
        scaled[..., 0] *= np.sqrt(max(1 - (1.6 * float(self.subject.yaw[index])) ** 2, 0.2))
        scaled *= cv2.resize(self.visible[index], scaled.shape[:2])[..., None]
        return scaled

    def draw_field(self, frame: Frame, out: Frame, index: int, field: Field) -> None:
        """Write the frame, moved along a field, into `out`."""
        warp_frame(frame, out, field, self.subject.matrix(index))


def geometry_reach(subject: Subject) -> NDArray[np.float32]:
    """Return (T,) how much of a change of proportions a face can show, 0 to 1: nothing in profile."""
    low, high = _FADE_YAW
    return (subject.seen * smoothstep((high - np.abs(subject.yaw)) / (high - low))).astype(np.float32)
