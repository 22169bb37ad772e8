"""What a video file is: container, codec, size as shown, frame rate from the time stamps."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from datasets.media.errors import MediaError
from datasets.media.facts import Probe
from datasets.media.geometry import plan_geometry, quarter_turns
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.source import open_video
from datasets.media.timing import Timing, measure

MIN_SIDE = 16


@dataclass(frozen=True)
class Scan:
    """A probe and what decoding needs besides.

    Attributes:
        probe: The facts.
        timing: The rate, and how to resample to a constant one.
        aspect: Pixel aspect ratio of the stored picture.
        rotation: Display matrix rotation, degrees counter-clockwise.
        stored: Width and height of the stored picture.
        missing: A sentence's end that says what the file announces and does not hold, or "".
    """

    probe: Probe
    timing: Timing
    aspect: Fraction | None
    rotation: int
    stored: tuple[int, int]
    missing: str


def probe(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Probe:
    """Return the facts of a video file.

    All packets are read and one picture is decoded, so that frame count and rate are those of the
    stream and not what a header says.

    Raises:
        MediaError: the file is no video that can be used, or is beyond `limits`.
    """
    return scan(path, limits).probe


def scan(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Scan:
    """Read all packets and decode one picture of a video file. Raises MediaError as `probe` does."""
    name = Path(path).name
    with open_video(path, limits) as (container, stream):
        _check_size(name, stream.width, stream.height, limits)
        first = _first_picture(container, stream, name)
    _check_size(name, first.width, first.height, limits)
    # A fresh reader: decoding may have read ahead, and not every container can seek back.
    with open_video(path, limits) as (container, stream):
        packets = _read_packets(container, stream, name, limits)
        timing = measure(
            packets.times,
            tick_s=float(stream.time_base or 0),
            declared=(stream.guessed_rate, stream.average_rate, stream.base_rate),
            last_s=packets.last_s,
        )
        if timing.duration_s > limits.video_seconds:
            raise MediaError(
                name,
                f"lasts {timing.duration_s:.1f} s, longer than a clip may be ({limits.video_seconds:g} s)",
            )
        stored, aspect = (first.width, first.height), stream.sample_aspect_ratio
        width, height = plan_geometry(stored, aspect=aspect, rotation=first.rotation).size
        facts = Probe(
            container=_container_name(container, path),
            codec=stream.codec_context.codec.canonical_name,
            width=width,
            height=height,
            fps=timing.rate,
            frames=len(packets.times),
            duration_s=timing.duration_s,
            rotation=quarter_turns(first.rotation) * 90,
            variable_rate=timing.variable,
            has_audio=bool(container.streams.audio),
            pix_fmt=first.format.name,
        )
        return Scan(facts, timing, aspect, first.rotation, stored, packets.missing)


def _check_size(name: str, width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise MediaError(
            name,
            f"has pictures of {width}×{height}, larger than a clip may be ({limits.pixels / 1e6:.1f} million pixels)",
        )
    if 0 < min(width, height) < MIN_SIDE:
        raise MediaError(
            name, f"has pictures of {width}×{height}, too small to judge (at least {MIN_SIDE} pixels a side)"
        )


def _first_picture(container: InputContainer, stream: VideoStream, name: str) -> VideoFrame:
    try:
        for frame in container.decode(stream):
            return frame
    except av.error.MemoryError:
        raise
    except av.error.FFmpegError as error:
        raise MediaError(name, "is damaged: none of its pictures can be decoded") from error
    raise MediaError(name, "holds a video track without a single picture")


@dataclass(frozen=True)
class _Packets:
    times: list[float]
    last_s: float | None
    missing: str


def _read_packets(container: InputContainer, stream: VideoStream, name: str, limits: Limits) -> _Packets:
    """Read every packet: the pictures' times (ascending, seconds), and whether the file ends early."""
    times: list[float] = []
    stored, end_s, last_s = 0, 0.0, None
    base = float(stream.time_base or 0)
    for packet in _demux(container):
        if packet.size == 0:
            continue
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None and packet.time_base:
            end_s = max(end_s, float((stamp + (packet.duration or 0)) * packet.time_base))
        if packet.stream_index != stream.index:
            continue
        stored += 1
        if packet.is_discard or _is_hidden(packet, stream):
            continue
        if len(times) >= limits.frames:
            raise MediaError(name, f"has more frames than a clip may have ({limits.frames})")
        times.append(stamp * base if stamp is not None else (times[-1] if times else 0.0))
        last_s = packet.duration * base if packet.duration else None
    if not times:
        raise MediaError(name, "holds a video track without a single picture")
    times.sort()
    return _Packets(times, last_s, _missing(container, stream, stored, end_s))


def _demux(container: InputContainer) -> Any:
    """Yield packets until the data end, be it early: what is missing shows in the counts."""
    try:
        yield from container.demux()
    except (av.error.InvalidDataError, av.error.EOFError):
        return


def _is_hidden(packet: Packet[VideoStream], stream: VideoStream) -> bool:
    # VP8 has packets that are only referred to and never shown: bit 4 of the frame tag (RFC 6386, 9.1).
    return stream.codec_context.codec.canonical_name == "vp8" and not bytes(packet)[0] & 0x10


def _missing(container: InputContainer, stream: VideoStream, stored: int, end_s: float) -> str:
    if "mp4" in container.format.name:
        # Its index says where each frame lies; the stated count would not do, as a trimmed clip shows fewer.
        entries = list(stream.index_entries)
        stated = len(entries)
        stored = sum(entry.pos + entry.size <= container.size for entry in entries)
    else:
        stated = stream.frames
    if stored < stated:
        return f"only {stored} of its {stated} frames are there"
    # Matroska keeps no count; its stated length is that of the longest track, so any track reaching it will do.
    stated_s = container.duration / av.time_base if container.duration else 0.0
    start_s = container.start_time / av.time_base if container.start_time else 0.0
    if not stream.frames and end_s - start_s < stated_s - max(0.5, 0.02 * stated_s):
        return f"it ends after {end_s - start_s:.1f} of its {stated_s:.1f} s"
    return ""


def _container_name(container: InputContainer, path: str | os.PathLike[str]) -> str:
    names = container.format.name.split(",")
    if "mp4" in names:
        return "mov" if container.metadata.get("major_brand", "").strip() == "qt" else "mp4"
    if "matroska" in names:
        with Path(path).open("rb") as file:
            return "webm" if b"webm" in file.read(64) else "matroska"
    return names[0]
