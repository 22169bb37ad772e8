"""The facts of a video file, apart from the decoder that finds them: whoever only shows them loads no codec."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Self


@dataclass(frozen=True)
class Probe:
    """Facts of one video file.

    Attributes:
        container: "mp4", "mov", "webm", "matroska", "avi" or "mpegts".
        codec: FFmpeg's name of the coding: "h264", "av1", …
        width, height: Size as shown: upright and with square pixels.
        fps: Frames a second, exact; the average where the rate varies.
        frames: Pictures in the stream.
        duration_s: From the first frame's start to the last one's end.
        rotation: Degrees counter-clockwise by which a player turns the stored picture (as FFmpeg states it): 0, 90, 180
            or 270.
        variable_rate: Whether frames lie off every constant grid.
        has_audio: Whether there is a sound track.
        pix_fmt: FFmpeg's name of the pixel format.
    """

    container: str
    codec: str
    width: int
    height: int
    fps: Fraction
    frames: int
    duration_s: float
    rotation: int
    variable_rate: bool
    has_audio: bool
    pix_fmt: str

    def as_json(self) -> dict[str, Any]:
        """Return a JSON-ready dict; `fps` becomes text such as "30000/1001"."""
        return asdict(self) | {"fps": str(self.fps)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        return cls(**(data | {"fps": Fraction(data["fps"])}))
