"""Which place of one canonical face is which place of another: dense flow, and smooth fields through five points."""

from __future__ import annotations

import threading
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator

from distortions.synthesis.canonical import Image, Points, canonical_points, eye_pixels
from distortions.synthesis.warp import Field

_local = threading.local()
_WORKING = 128  # side at which flow is found
_ACROSS_CAP = 0.18  # of the distance between the eyes: two people differ by no more
_FINEST = 1  # DIS stops at half resolution


def sampled(image: NDArray, field: Field) -> Image:
    """Return image(place + field(place)), float32; edges are continued."""
    side = field.shape[0]
    grid = _grid(side)
    return np.asarray(
        cv2.remap(
            image,
            field[..., 0] + grid[0],
            field[..., 1] + grid[1],
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.float32,
    )


def resized(field: Field, side: int) -> Field:
    """Return a field for a square of another side."""
    if field.shape[0] == side:
        return field
    scaled = cv2.resize(field, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled * np.float32(side / field.shape[0]), np.float32)


def followed(source: NDArray[np.uint8], target: NDArray[np.uint8], side: int) -> Field:
    """Return the field by which the same person's `source` is sampled to look like `target`.

    Args:
        source, target: Canonical pictures as `flow_picture` returns them.
        side: Of the field.
    """
    return resized(_smooth_flow(target, source, 0.02, fine=False), side)


def across(donor: Image, donor_points: Points, target: Image, side: int) -> Field:
    """Return the field by which a donor's canonical face is sampled so that its features lie where the target's do.

    Args:
        donor, target: Canonical crops (side, side, 3), 0 to 255.
        donor_points: The donor's landmarks in its crop.
        side: Of crops and field.
    """
    first = through_points(canonical_points(side), donor_points, side)
    moved = sampled(donor, first)
    flow = _smooth_flow(flow_picture(target, blur=2.0), flow_picture(moved, blur=2.0), 0.05, fine=True)
    cap = _ACROSS_CAP * eye_pixels(_WORKING)
    length = np.linalg.norm(flow, axis=2, keepdims=True)
    flow *= np.minimum(1, cap / np.maximum(length, 1e-6))
    fine = resized(flow, side)
    return sampled(first, fine) + fine


def explained(before: Image, after: Image) -> Image:
    """Return the canonical face `before` (side, side, 3), moved by a smooth field to be as like `after` as it can."""
    side = before.shape[0]
    flow = _smooth_flow(flow_picture(after), flow_picture(before), 0.04, fine=True)
    return sampled(before, resized(flow, side))


def through_points(places: Points, others: Points, side: int) -> Field:
    """Return a smooth field that leads from five places to five others, still at the square's corners."""
    corners = np.array([[0, 0], [0, side], [side, 0], [side, side]], float)
    known = np.concatenate([places, corners])
    moves = np.concatenate([others - places, np.zeros((4, 2))])
    coarse = 24
    steps = (np.arange(coarse) + 0.5) / coarse * side
    x, y = np.meshgrid(steps, steps)
    values = RBFInterpolator(known, moves, kernel="thin_plate_spline", smoothing=0.0)(
        np.stack([x.ravel(), y.ravel()], axis=1)
    ).reshape(coarse, coarse, 2)
    return np.asarray(
        cv2.resize(values.astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC), np.float32
    )


def flow_picture(crop: Image, *, blur: float = 0.8) -> NDArray[np.uint8]:
    """Return a canonical crop as flow sees it: grey, small, of equal contrast everywhere, (128, 128) uint8."""
    grey = cv2.cvtColor(np.clip(crop, 0, 255) / np.float32(255), cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, (_WORKING, _WORKING), interpolation=cv2.INTER_AREA)
    grey = cv2.GaussianBlur(grey, (0, 0), blur)
    mean = cv2.GaussianBlur(grey, (0, 0), 12)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur((grey - mean) ** 2, (0, 0), 12), 0)) + 0.02
    return np.clip(128 + 45 * (grey - mean) / spread, 0, 255).astype(np.uint8)


def _smooth_flow(target: NDArray[np.uint8], source: NDArray[np.uint8], sigma: float, *, fine: bool) -> Field:
    """Return DIS flow from target to source, smoothed by a share of the side."""
    name = "fine" if fine else "fast"
    if not hasattr(_local, name):  # an engine of its own for each thread
        preset = cv2.DISOPTICAL_FLOW_PRESET_MEDIUM if fine else cv2.DISOPTICAL_FLOW_PRESET_FAST
        engine = cv2.DISOpticalFlow.create(preset)
        engine.setFinestScale(_FINEST)
        setattr(_local, name, engine)
    flow = np.zeros((*target.shape, 2), np.float32)
    flow = np.asarray(getattr(_local, name).calc(target, source, flow), np.float32)
    return np.asarray(cv2.GaussianBlur(flow, (0, 0), sigma * _WORKING), np.float32)


@lru_cache(maxsize=4)
def _grid(side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    return x, y
