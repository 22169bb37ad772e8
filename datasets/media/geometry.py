"""From a decoder's frame to the picture as it should be seen: upright, square pixels, known colours."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from numpy.typing import NDArray

# Without these the scaler's fast paths make every picture one level darker.
_EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
_SHARP = Interpolation.BICUBIC | _EXACT
# For RGB of the same size, where only chroma is interpolated: 40 % cheaper, 0.1 levels from the sharp one.
_PLAIN = Interpolation.BILINEAR | _EXACT

# ITU-T H.273 matrix coefficients -> the scaler's names. 2 is "unspecified".
_MATRICES: dict[int, Colorspace] = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}
_HD_LINES = 720
# Pixel aspect ratios outside this are a broken header rather than a picture.
_SANE_ASPECT = (Fraction(1, 4), Fraction(4))


@dataclass(frozen=True)
class Geometry:
    """How stored pictures become shown ones.

    Attributes:
        scaled: Size after scaling to square pixels (and to a maximum), before cropping and turning.
        cropped: Size after cropping right and bottom, before turning.
        turns: Quarter turns counter-clockwise.
    """

    scaled: tuple[int, int]
    cropped: tuple[int, int]
    turns: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as shown."""
        width, height = self.cropped
        return (height, width) if self.turns % 2 else (width, height)


def quarter_turns(rotation: int) -> int:
    """Return a display matrix' rotation (degrees, counter-clockwise) as quarter turns, 0 to 3."""
    return round(rotation / 90) % 4


def plan_geometry(
    stored: tuple[int, int],
    *,
    aspect: Fraction | None = None,
    rotation: int = 0,
    max_side: int | None = None,
    even: bool = False,
) -> Geometry:
    """Work out the shown size of a stored picture.

    Args:
        stored: Width and height in the stream.
        aspect: Width of a stored pixel over its height. Pixels are made square by enlarging the
            shorter direction, so that no detail is lost.
        rotation: The display matrix' rotation, degrees counter-clockwise.
        max_side: Scale down so that neither side is longer.
        even: Make both sides even, as 4:2:0 needs. One column or row is cropped rather than padded
            or scaled: every other pixel stays what and where it was, and no black edge appears.
    """
    width, height = Fraction(stored[0]), Fraction(stored[1])
    if aspect and aspect != 1 and _SANE_ASPECT[0] <= aspect <= _SANE_ASPECT[1]:
        width, height = (width * aspect, height) if aspect > 1 else (width, height / aspect)
    scale = min(Fraction(1), Fraction(max_side) / max(width, height)) if max_side else Fraction(1)
    scaled = (max(1, round(width * scale)), max(1, round(height * scale)))
    if even and scaled != stored:
        scaled = (max(2, scaled[0] // 2 * 2), max(2, scaled[1] // 2 * 2))
    cropped = (scaled[0] // 2 * 2, scaled[1] // 2 * 2) if even else scaled
    return Geometry(scaled=scaled, cropped=cropped, turns=quarter_turns(rotation))


class FrameConverter:
    """Converts decoded frames to RGB arrays or to the encoder's frames; keeps its scaler between frames."""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self._reformatter = VideoReformatter()

    def to_rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Return the picture as (H, W, 3) uint8 RGB, full range, contiguous."""
        width, height = self.geometry.scaled
        shown = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            src_colorspace=_source_matrix(frame),
            dst_colorspace=Colorspace.ITU709,
            interpolation=_PLAIN if (width, height) == (frame.width, frame.height) else _SHARP,
            src_color_range=_source_range(frame),
            dst_color_range=ColorRange.JPEG,
            threads=1,
        ).to_ndarray()
        picture: NDArray[np.uint8] = np.asarray(shown, dtype=np.uint8)
        picture = picture[: self.geometry.cropped[1], : self.geometry.cropped[0]]
        return np.ascontiguousarray(np.rot90(picture, self.geometry.turns))

    def to_yuv420p(self, frame: VideoFrame) -> VideoFrame:
        """Return the picture as a yuv420p frame, BT.709, limited range."""
        width, height = self.geometry.scaled
        shown = self._reformatter.reformat(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=_source_matrix(frame),
            dst_colorspace=Colorspace.ITU709,
            interpolation=_SHARP,
            src_color_range=_source_range(frame),
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        if self.geometry.turns or self.geometry.cropped != self.geometry.scaled:
            shown = _crop_and_turn(shown, self.geometry)
        shown.colorspace = Colorspace.ITU709
        shown.color_range = ColorRange.MPEG
        shown.color_primaries = ColorPrimaries.BT709
        shown.color_trc = ColorTrc.BT709
        return shown


def _source_matrix(frame: VideoFrame) -> Colorspace:
    """Return the frame's matrix; untagged video is taken as browsers take it: 601 below 720 lines, 709 from there."""
    guess = Colorspace.ITU601 if min(frame.width, frame.height) < _HD_LINES else Colorspace.ITU709
    return _MATRICES.get(frame.colorspace, guess)


def _source_range(frame: VideoFrame) -> ColorRange:
    name = frame.format.name
    full = frame.color_range == ColorRange.JPEG or name.startswith(("yuvj", "rgb", "bgr", "gbr", "pal"))
    return ColorRange.JPEG if full else ColorRange.MPEG


def _crop_and_turn(frame: VideoFrame, geometry: Geometry) -> VideoFrame:
    width, height = geometry.cropped
    planes = []
    for index, plane in enumerate(frame.planes):
        columns, rows = (width, height) if index == 0 else (width // 2, height // 2)
        pixels = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[
            :rows, :columns
        ]
        planes.append(np.rot90(pixels, geometry.turns))
    shown_width, shown_height = geometry.size
    packed = np.concatenate([plane.ravel() for plane in planes]).reshape(shown_height * 3 // 2, shown_width)
    return VideoFrame.from_ndarray(packed, format="yuv420p")
