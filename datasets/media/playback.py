"""The playback copy: what the browser gets instead of the original."""

from __future__ import annotations

import os
from pathlib import Path

from datasets.media.decode import Progress, decode_frames
from datasets.media.encode import PLAYBACK, PlaybackEncoder
from datasets.media.errors import MediaError
from datasets.media.facts import Probe
from datasets.media.geometry import FrameConverter, plan_geometry
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.probe import Scan, probe, scan
from datasets.media.timing import resample


def make_playback(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    *,
    limits: Limits = DEFAULT_LIMITS,
    scanned: Scan | None = None,
    progress: Progress | None = None,
) -> Probe:
    """Write the playback copy of a clip, and return the facts of the copy.

    H.264 in MP4 with the index in front, yuv420p, BT.709, constant frame rate (the source's own where
    it is constant), a keyframe every 24 frames, no B-frames, no sound, no metadata; upright, square
    pixels, even sides, at most 1920 pixels long. The same source gives the same bytes.

    A damaged source is refused: an annotator would judge the damage and not the generator.

    Args:
        src: The clip.
        dst: Where the copy goes; it appears when it is complete.
        limits: Bounds on the source.
        scanned: The scan of `src`, if the caller has it.
        progress: Called now and then with the share done, 0 to 1.

    Raises:
        MediaError: the source cannot be used.
    """
    scanned = scanned or scan(src, limits)
    geometry = plan_geometry(
        scanned.stored,
        aspect=scanned.aspect,
        rotation=scanned.rotation,
        max_side=PLAYBACK.long_side,
        even=True,
    )
    expected = max(1, round(scanned.timing.duration_s * scanned.timing.playback_rate))
    if expected > limits.frames:
        raise MediaError(Path(src).name, f"would have more frames than a clip may have ({limits.frames})")
    converter = FrameConverter(geometry)
    frames = decode_frames(src, scanned, limits=limits, strict=True)
    with PlaybackEncoder(dst, size=geometry.size, fps=scanned.timing.playback_rate) as encoder:
        shown = ((time_s, converter.to_yuv420p(frame)) for time_s, frame in frames)
        for count, frame in enumerate(resample(shown, scanned.timing), start=1):
            if count > limits.frames:
                raise MediaError(
                    Path(src).name, f"would have more frames than a clip may have ({limits.frames})"
                )
            encoder.add(frame)
            if progress is not None:
                progress(min(1.0, count / expected))
    return probe(dst)
