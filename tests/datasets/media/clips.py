"""Small clips made on the spot, well-formed and otherwise."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream

Frames = np.ndarray

MILLISECOND = Fraction(1, 1000)


def moving_square(frames: int = 30, width: int = 96, height: int = 64) -> Frames:
    """Return (T, H, W, 3) frames in which a bright square goes from left to right."""
    clip = np.full((frames, height, width, 3), (40, 60, 90), np.uint8)
    for index in range(frames):
        left = round(index / max(1, frames - 1) * (width - 16))
        clip[index, height // 2 - 8 : height // 2 + 8, left : left + 16] = (230, 200, 60)
    return clip


def grey_levels(frames: int, width: int = 96, height: int = 64) -> Frames:
    """Return frames of one grey each, 16 apart, so that a frame tells its number."""
    return np.stack([np.full((height, width, 3), 16 * index, np.uint8) for index in range(frames)])


def noise(frames: int, width: int = 96, height: int = 64) -> Frames:
    """Return frames that take many bytes to code, so that a file cut anywhere is cut among its pictures."""
    return np.random.default_rng(0).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)


def encode(
    path: Path,
    frames: Frames,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    fps: int | Fraction = 10,
    times_ms: Sequence[int] | None = None,
    pix_fmt: str = "yuv420p",
    keyframe_every: int = 250,
    rotation: int = 0,
    aspect: Fraction | None = None,
) -> Path:
    """Write a clip as some other program might have: any codec, container, time stamps, rotation, pixel shape."""
    with av.open(str(path), "w", format=container) as output:
        stream = output.add_stream(codec, rate=fps)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pix_fmt
        stream.gop_size = keyframe_every
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if times_ms is not None:
            stream.codec_context.time_base = MILLISECOND
        for index, picture in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index if times_ms is None else times_ms[index]
            frame.time_base = 1 / Fraction(fps) if times_ms is None else MILLISECOND
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    """Keep the first `share` of a file's bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path
