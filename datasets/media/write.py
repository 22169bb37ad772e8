"""Frames to a clip at the playback setting."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from datasets.media.encode import PlaybackEncoder
from datasets.media.facts import Probe
from datasets.media.geometry import FrameConverter, plan_geometry
from datasets.media.probe import probe


def write_video(
    frames: Iterable[NDArray[np.uint8]], dst: str | os.PathLike[str], *, fps: Fraction | int
) -> Probe:
    """Write RGB frames as an MP4 at the playback setting, and return its facts.

    Args:
        frames: (T, H, W, 3) uint8 RGB, or an iterable of (H, W, 3); all of one size, at least 16
            pixels a side. An odd last column or row is cropped.
        dst: The file; it appears when it is complete.
        fps: Frames a second, exact.

    Raises:
        ValueError: no frames, or frames of a wrong shape, type or size.
    """
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise ValueError("write_video needs at least one frame")
    _check(first, first.shape)
    geometry = plan_geometry((first.shape[1], first.shape[0]), even=True)
    converter = FrameConverter(geometry)
    with PlaybackEncoder(dst, size=geometry.size, fps=Fraction(fps)) as encoder:
        encoder.add(converter.to_yuv420p(_video_frame(first)))
        for frame in iterator:
            _check(frame, first.shape)
            encoder.add(converter.to_yuv420p(_video_frame(frame)))
    return probe(dst)


def _check(frame: NDArray[np.uint8], shape: tuple[int, ...]) -> None:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or min(frame.shape[:2]) < 16:
        raise ValueError(
            f"a frame must be (H, W, 3) uint8 with sides of at least 16, got {frame.shape} {frame.dtype}"
        )
    if frame.shape != shape:
        raise ValueError(f"all frames must have one size: the first is {shape}, another {frame.shape}")


def _video_frame(frame: NDArray[np.uint8]) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
