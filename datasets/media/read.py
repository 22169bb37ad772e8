"""Frames of a clip as RGB arrays."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.media.decode import decode_frames
from datasets.media.errors import MediaError
from datasets.media.geometry import FrameConverter, plan_geometry
from datasets.media.limits import DEFAULT_LIMITS, MIB, Limits
from datasets.media.probe import Scan, scan

MAX_ARRAY_BYTES = 2048 * MIB


def iter_frames(
    path: str | os.PathLike[str],
    *,
    indices: Sequence[int] | None = None,
    max_size: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    scanned: Scan | None = None,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield (frame index, picture) in ascending order, holding one picture at a time.

    Pictures are (H, W, 3) uint8 RGB as shown: upright and with square pixels.

    Args:
        path: The clip.
        indices: Which frames; all of them by default. Order and repeats do not matter here.
        max_size: Scale down so that neither side is longer, pixels.
        limits: Bounds on the source.
        scanned: The scan of `path`, if the caller has it.

    Raises:
        MediaError: the file cannot be read.
    """
    scanned = scanned or scan(path, limits)
    converter = FrameConverter(
        plan_geometry(scanned.stored, aspect=scanned.aspect, rotation=scanned.rotation, max_side=max_size)
    )
    wanted = None if indices is None else frozenset(indices)
    stop = None if wanted is None else max(wanted, default=-1) + 1
    for index, (_, frame) in enumerate(islice(decode_frames(path, scanned, limits=limits), stop)):
        if wanted is None or index in wanted:
            yield index, converter.to_rgb(frame)


def read_frames(
    path: str | os.PathLike[str],
    indices: Sequence[int] | None = None,
    *,
    max_size: int | None = None,
    max_bytes: int = MAX_ARRAY_BYTES,
    limits: Limits = DEFAULT_LIMITS,
    scanned: Scan | None = None,
) -> NDArray[np.uint8]:
    """Return frames as one array (T, H, W, 3) uint8 RGB, upright and with square pixels.

    Args:
        path: The clip.
        indices: Which frames, in the order wanted, repeats allowed; all of them by default.
        max_size: Scale down so that neither side is longer, pixels.
        max_bytes: Refuse to make a larger array; `iter_frames` has no such bound.
        limits: Bounds on the source.
        scanned: The scan of `path`, if the caller has it.

    Raises:
        MediaError: the file cannot be read, or the array would be too large.
        IndexError: the clip has no such frame.
    """
    scanned = scanned or scan(path, limits)
    name = Path(path).name
    width, height = plan_geometry(
        scanned.stored, aspect=scanned.aspect, rotation=scanned.rotation, max_side=max_size
    ).size
    count = scanned.probe.frames if indices is None else len(indices)
    if count * width * height * 3 > max_bytes:
        raise MediaError(
            name,
            f"would take {count * width * height * 3 / 1e9:.1f} GB as one array of {count} frames of {width}×{height}",
        )
    places: dict[int, list[int]] = defaultdict(list)
    for place, index in enumerate(range(count) if indices is None else indices):
        places[index].append(place)
    frames = np.empty((count, height, width, 3), dtype=np.uint8)
    found = 0
    for index, picture in iter_frames(
        path, indices=indices, max_size=max_size, limits=limits, scanned=scanned
    ):
        found = index + 1
        frames[places.pop(index, [])] = picture
    if indices is None:
        # A stream may hold fewer pictures than packets.
        return frames[:found]
    if places:
        raise IndexError(f"{name} has no frame {min(places)}: it has {scanned.probe.frames}")
    return frames
