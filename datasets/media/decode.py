"""Decoding all of a clip, and being strict about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from datasets.media.errors import MediaError
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.probe import Scan
from datasets.media.source import open_video

Progress = Callable[[float], None]


def decode_frames(
    path: str | os.PathLike[str], scanned: Scan, *, limits: Limits = DEFAULT_LIMITS, strict: bool = False
) -> Iterator[tuple[float, VideoFrame]]:
    """Yield (time in seconds, frame) in display order.

    Args:
        path: The file.
        scanned: Its scan.
        limits: Bounds on frames and picture size.
        strict: Refuse a damaged file instead of yielding what can be read of it.

    Raises:
        MediaError: nothing can be decoded, or `strict` and something cannot.
    """
    name = Path(path).name
    if strict and scanned.missing:
        raise MediaError(name, f"is damaged: {scanned.missing}")
    step_s = float(1 / scanned.timing.playback_rate)
    time_s, count, faults = -step_s, 0, 0
    with open_video(path, limits) as (container, stream):
        for frame in _frames_and_faults(container, stream):
            if frame is None or frame.is_corrupt:
                faults += 1
            if frame is None:
                continue
            count += 1
            _check(frame, count, name, limits)
            time_s = frame.time if frame.pts is not None and frame.time is not None else time_s + step_s
            yield time_s, frame
    if count == 0:
        raise MediaError(name, "is damaged: none of its pictures can be decoded")
    if strict and faults:
        frames = scanned.probe.frames
        raise MediaError(
            name, f"is damaged: {min(faults, frames)} of its {frames} frames cannot be decoded properly"
        )


def _frames_and_faults(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame | None]:
    """Yield decoded frames, and None for each packet that the decoder refused."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.InvalidDataError, av.error.EOFError):
            packet = None
        try:
            # A packet of None drains the frames that the decoder still holds.
            frames = stream.codec_context.decode(packet)
        except av.error.MemoryError:
            raise
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            yield None
            frames = []
        yield from frames
        if packet is None or (packet.size == 0 and packet.pts is None and packet.dts is None):
            return


def _check(frame: VideoFrame, count: int, name: str, limits: Limits) -> None:
    if count > limits.frames:
        raise MediaError(name, f"has more frames than a clip may have ({limits.frames})")
    if frame.width * frame.height > limits.pixels:
        raise MediaError(name, f"has pictures of {frame.width}×{frame.height}, larger than a clip may be")
