"""The one setting in which every clip is shown, and the encoder that holds to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from datasets.media.atomic import replacing

# x264 writes its version and settings into a message (NAL unit type 6) of the first frame; captions
# and other messages of the source would land there too.
_DROP_MESSAGES = "filter_units=remove_types=6"


@dataclass(frozen=True, kw_only=True)
class PlaybackSetting:
    """How a playback copy is coded. One for all clips: nothing but the pictures may differ between two sides.

    A keyframe every `keyframe_every` frames exactly (closed groups, no scene cuts) makes any frame
    cheap to reach, equally on both sides; without B-frames decoding order is display order. The
    thread count is fixed since it changes the bytes.
    """

    preset: str = "veryfast"
    crf: int = 18
    keyframe_every: int = 24
    threads: int = 2
    long_side: int = 1920

    def options(self) -> dict[str, str]:
        """Return the encoder's options."""
        structure = {
            "keyint": self.keyframe_every,
            "min-keyint": self.keyframe_every,
            "scenecut": 0,
            "open-gop": 0,
            "bframes": 0,
        }
        threading = {"threads": self.threads, "lookahead-threads": 1, "sliced-threads": 0}
        params = ":".join(f"{key}={value}" for key, value in (structure | threading).items())
        return {"preset": self.preset, "crf": str(self.crf), "x264-params": params}


PLAYBACK = PlaybackSetting()


class PlaybackEncoder:
    """Writes yuv420p frames of one size to an MP4 file that appears when all of them are in.

    Use as a context manager; an error inside leaves no file.
    """

    def __init__(self, target: str | os.PathLike[str], *, size: tuple[int, int], fps: Fraction) -> None:
        self._fps = fps
        self._frames = 0
        self._size = size
        self._replacing = replacing(target)

    def __enter__(self) -> Self:
        partial = self._replacing.__enter__()
        try:
            self._container = av.open(
                f"file:{partial}",
                mode="w",
                format="mp4",
                options={"movflags": "+faststart", "fflags": "+bitexact"},
            )
            self._stream = self._add_stream()
            self._filter = BitStreamFilterContext(_DROP_MESSAGES, self._stream)
        except BaseException as error:
            self._replacing.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def _add_stream(self) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self._fps, options=PLAYBACK.options())
        stream.width, stream.height = self._size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / self._fps
        context.gop_size = PLAYBACK.keyframe_every
        context.thread_count = PLAYBACK.threads
        context.flags |= av.codec.context.Flags.bitexact
        context.color_range = ColorRange.MPEG
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        return stream

    def add(self, frame: VideoFrame) -> None:
        """Append one frame (yuv420p, of the encoder's size)."""
        frame.pts = self._frames
        frame.time_base = 1 / self._fps
        # Otherwise the encoder copies the source's keyframes.
        frame.pict_type = av.video.frame.PictureType.NONE
        self._frames += 1
        self._mux(self._stream.encode(frame))

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        for packet in packets:
            for kept in self._filter.filter(packet):
                kept.stream = self._stream
                self._container.mux(kept)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._mux(self._stream.encode(None))
                for kept in self._filter.filter(None):
                    kept.stream = self._stream
                    self._container.mux(kept)
            self._container.close()
        except BaseException as late:
            self._replacing.__exit__(type(late), late, late.__traceback__)
            raise
        self._replacing.__exit__(kind, error, trace)
