"""Crops of faces over time, for strips."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.identity.faces import Frame
from datasets.identity.tracks import Track
from datasets.media.read import iter_frames

SIDE = 96
ROOM = 0.62
"""Half of the crop's side, in sides of the face's box: hair and chin are in."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A face at a moment, or nothing where it is not seen."""

    frame: int
    picture: Frame | None


def moments(frames: int, count: int = 14) -> list[int]:
    """Return `count` frame indices spread over a clip, each in the middle of its share; fewer for a short clip."""
    count = min(count, frames)
    return sorted({int((i + 0.5) * frames / count) for i in range(count)})


def crop_strips(
    path: str | os.PathLike[str],
    persons: Sequence[Sequence[Track]],
    frames: Sequence[int],
    *,
    width: int,
    side: int = SIDE,
) -> list[list[Crop]]:
    """Return a strip for each person: the same moments for all of them, from one pass over the clip.

    Args:
        path: The clip.
        persons: Each person's tracks.
        frames: The moments, frame indices.
        width: Of the clip, pixels, which boxes refer to.
        side: Of a crop, pixels.

    Raises:
        MediaError: the clip cannot be read.
    """
    strips: list[list[Crop]] = [[] for _ in persons]
    for index, picture in iter_frames(path, indices=frames):
        scale = picture.shape[1] / width
        for strip, tracks in zip(strips, persons, strict=True):
            boxes = (track.box_at(index) for track in tracks)
            box = next((box for box in boxes if box is not None), None)
            strip.append(Crop(index, None if box is None else face_crop(picture, box * scale, side)))
    return strips


def face_crop(picture: Frame, box: NDArray[np.floating], side: int = SIDE) -> Frame:
    """Return the square around a face's box as (side, side, 3); what lies outside the picture is grey."""
    centre = (box[:2] + box[2:]) / 2
    half = ROOM * float(max(box[2] - box[0], box[3] - box[1]))
    x0, y0 = (centre - half).round().astype(int)
    size = max(round(2 * half), 2)
    whole = np.full((size, size, 3), 127, np.uint8)
    top, left = max(y0, 0), max(x0, 0)
    bottom, right = min(y0 + size, picture.shape[0]), min(x0 + size, picture.shape[1])
    if bottom > top and right > left:
        whole[top - y0 : bottom - y0, left - x0 : right - x0] = picture[top:bottom, left:right]
    return fitted(whole, side)


def fitted(picture: Frame, side: int) -> Frame:
    """Return a picture scaled to (side, side, 3)."""
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


def data_url(picture: Frame, quality: int = 82) -> str:
    """Return a picture as a JPEG inside a URL."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"
