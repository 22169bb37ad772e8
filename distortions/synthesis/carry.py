"""Changes made at key frames and carried to all others by the person's own flow, so that expression survives."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import Image, cut_out
from distortions.synthesis.flow import flow_picture, followed, sampled
from distortions.synthesis.masks import face_oval, smoothstep
from distortions.synthesis.recipe import best_apart
from distortions.synthesis.scene import Subject
from distortions.synthesis.visibility import Visibility

_TOLERATED = 14.0  # mean difference of colours, 0 to 255: what flow explains no better is not carried
_SOFTNESS = 512.0
_FADE_YAW = (0.18, 0.38)  # from the nearest key's
_SHARE_YAW = 0.10
_ENOUGH = 0.12
_REMEMBERED = 12  # changes, half a megabyte each


@dataclass(frozen=True, eq=False)
class Key:
    """A key frame: its number, the face there as flow sees it, its colours, and the change (side, side, 3)."""

    index: int
    picture: NDArray[np.uint8]
    crop: Image
    change: Image


@dataclass(frozen=True, eq=False)
class Carried:
    """A subject's keys. The change at any frame is the keys' nearest in yaw, moved there."""

    subject: Subject
    keys: tuple[Key, ...]
    visible: Visibility
    _first: dict[int, Image] = field(default_factory=dict, repr=False)

    @cached_property
    def reach(self) -> NDArray[np.float32]:
        """(T,) how much can be carried to each frame: less the more the face has turned from all keys."""
        yaw = self.subject.yaw
        gap = np.min([np.abs(yaw - yaw[key.index]) for key in self.keys], axis=0)
        low, high = _FADE_YAW
        return (smoothstep((high - gap) / (high - low)) * self.subject.seen).astype(np.float32)

    def change_at(self, frame: NDArray[np.uint8], index: int) -> Image:
        """Return the change (side, side, 3) for a frame, 0 where the face is hidden or not the key's.

        The first frames asked for are remembered: calibration draws the same few again and again.
        """
        if index in self._first:
            return self._first[index]
        change = self._change(frame, index)
        if len(self._first) < _REMEMBERED:
            self._first[index] = change
        return change

    def _change(self, frame: NDArray[np.uint8], index: int) -> Image:
        side = self.subject.side
        crop = cut_out(frame, self.subject.matrix(index), side)
        picture = flow_picture(crop)
        total = np.zeros_like(crop)
        for key, weight in self._weights(index):
            move = followed(key.picture, picture, side)
            residual = np.abs(sampled(key.crop, move) - crop).mean(axis=2)
            residual = cv2.GaussianBlur(residual, (0, 0), 0.015 * side)
            sure = np.exp(-(np.maximum(residual - _TOLERATED, 0) ** 2) / _SOFTNESS)
            total += sampled(key.change, move) * (weight * sure)[..., None]
        mask = face_oval(side, float(self.subject.yaw[index])) * cv2.resize(self.visible[index], (side, side))
        return np.asarray(total * mask[..., None], np.float32)

    def _weights(self, index: int) -> list[tuple[Key, np.float32]]:
        yaw = self.subject.yaw
        gaps = np.array([float(yaw[key.index] - yaw[index]) for key in self.keys])
        weights = np.exp(-(((np.abs(gaps) - np.abs(gaps).min()) / _SHARE_YAW) ** 2))
        weights = np.where(weights < _ENOUGH, 0, weights - _ENOUGH)
        weights /= weights.sum()
        return [(key, np.float32(w)) for key, w in zip(self.keys, weights, strict=True) if w > 0]


def key_candidates(subject: Subject, visible: Visibility, *, count: int = 10) -> list[int]:
    """Return frames in which a face is well seen and near to the camera's axis, spread over its poses and the clip."""
    hidden = 1 - visible.reshape(len(visible), -1).mean(axis=1)
    worth = (subject.seen >= 0.99) * (np.abs(subject.yaw) < 0.3) * np.maximum(subject.quality, 0.05)
    worth = worth * np.exp(-hidden / 0.08)
    return best_apart(worth, count, max(1, len(worth) // (2 * count)))
