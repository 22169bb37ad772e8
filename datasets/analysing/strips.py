"""One picture with the faces of a clip: a row for each person, a column for each moment.

Moments are multiples of a step that is a power of two of a second, so that any two clips have moments in common.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.identity.report.strips import SIDE, crop_strips
from datasets.identity.tracks import Analysis, Track

MAX_COLUMNS = 32
FINEST_STEP_S = 1 / 8
ABSENT = 0
"""The grey of a moment in which the face is not seen: black, which the page's frame covers."""


@dataclass(frozen=True, slots=True)
class Moments:
    """The columns: `frames` are indices, `step` is in seconds."""

    frames: list[int]
    step: float


def clip_moments(frames: int, fps: float) -> Moments:
    """Return at most MAX_COLUMNS moments, from the first frame on, over a clip of so many frames."""
    step = FINEST_STEP_S
    while math.ceil(frames / fps / step) > MAX_COLUMNS:
        step *= 2
    count = max(1, math.ceil(frames / fps / step))
    indices = (min(math.floor(i * step * fps + 1e-6), frames - 1) for i in range(count))
    return Moments(list(indices), step)


def strips_jpeg(
    path: Path, analysis: Analysis, persons: Sequence[Sequence[Track]], moments: Moments, side: int = SIDE
) -> bytes:
    """Return a JPEG of len(persons) x side by len(moments.frames) x side pixels; nothing without people.

    Raises:
        MediaError: the clip cannot be read.
    """
    if not persons:
        return b""
    wanted = sorted(set(moments.frames))
    strips = crop_strips(path, persons, wanted, width=analysis.width, side=side)
    empty = np.full((side, side, 3), ABSENT, np.uint8)
    rows = []
    for strip in strips:
        crops = {crop.frame: crop.picture for crop in strip}
        found = (crops.get(frame) for frame in moments.frames)
        rows.append(np.concatenate([empty if picture is None else picture for picture in found], axis=1))
    stream = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(stream, "JPEG", quality=85)
    return stream.getvalue()
