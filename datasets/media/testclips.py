"""Plain test clips: figures that are easy to tell apart move through a scene, and each frame says its number,
for people and for programs (frame_code). They need no licence and show nobody.

A figure stands for a person. The clip's `Behaviour` decides how well shape and colour are kept, so that two clips
of one scene can be compared as those of two generators would be: one steady, one that drifts, one that swaps.
"""

import enum
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .frame_code import STRIP_SHARE, stamp_frame_code

Frame = NDArray[np.uint8]
Colour = tuple[int, int, int]

_OUTLINE_POINTS = 96
# Figures are drawn at twice the size and halved: Pillow draws without smoothing.
_OVERSAMPLING = 2
_INK: Colour = (24, 26, 31)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What makes one figure itself: a colour, and an outline of `sides` flat sides (0: a disc)."""

    key: str
    name: str
    colour: Colour
    sides: int
    eyes: float  # distance between the eyes, in radii


FIGURES = (
    Figure(key="orange-disc", name="Orange disc", colour=(235, 146, 52), sides=0, eyes=0.70),
    Figure(key="blue-square", name="Blue square", colour=(72, 128, 222), sides=4, eyes=0.95),
    Figure(key="green-hexagon", name="Green hexagon", colour=(64, 168, 120), sides=6, eyes=0.50),
    Figure(key="pink-triangle", name="Pink triangle", colour=(222, 110, 160), sides=3, eyes=0.60),
)


class Behaviour(enum.Enum):
    """What becomes of the figures while the clip runs."""

    STEADY = "steady"  # each keeps its own looks
    DRIFT = "drift"  # the first slowly takes on the looks of the last
    SWAP = "swap"  # first and last exchange their looks, in the middle of the clip


@dataclass(frozen=True, kw_only=True)
class TestClip:
    """One test clip, complete: the same values give the same frames.

    `seed` decides paths and background, not looks: two clips with one seed show the same scene. Width and height
    are in pixels and even; `frames` counts from 1.
    """

    __test__ = False  # not a test class, whatever its name says to pytest

    figures: Sequence[Figure] = FIGURES[:2]
    behaviour: Behaviour = Behaviour.STEADY
    seed: int = 0
    width: int = 640
    height: int = 360
    frames: int = 72

    def __post_init__(self) -> None:
        if not self.figures:
            raise ValueError("a test clip needs at least one figure")
        if self.frames < 1:
            raise ValueError(f"a test clip needs at least one frame, not {self.frames}")
        if self.width % 2 or self.height % 2:
            raise ValueError(f"width and height must be even, not {self.width}x{self.height}")


def render_frames(clip: TestClip) -> Iterator[Frame]:
    """Yield the clip's frames, each (H, W, 3) uint8 RGB, one at a time, so that length costs no memory."""
    rng = np.random.default_rng(clip.seed)
    width, height = _OVERSAMPLING * clip.width, _OVERSAMPLING * clip.height
    background = _background(rng, width, height)
    paths = [_Path.drawn(rng, number, len(clip.figures)) for number in range(len(clip.figures))]
    font = ImageFont.load_default(size=max(24, height // 16))
    for index in range(clip.frames):
        image = background.copy()
        draw = ImageDraw.Draw(image)
        share = index / max(1, clip.frames - 1)
        for path, looks in zip(paths, _looks_at(clip, share), strict=True):
            _draw_figure(draw, looks, path.at(index), width, height, len(paths))
        draw.text((height // 24, height // 30), f"{index}", font=font, fill=(236, 238, 242))
        frame = np.array(image.reduce(_OVERSAMPLING))
        stamp_frame_code(frame, index)
        yield frame


def render_reference(figure: Figure, size: int = 320) -> Frame:
    """Return the figure's portrait, (size, size, 3) uint8 RGB."""
    side = _OVERSAMPLING * size
    image = Image.new("RGB", (side, side), (52, 57, 66))
    _draw_shape(ImageDraw.Draw(image), _Looks.of(figure), side / 2, side / 2, 0.33 * side)
    return np.array(image.reduce(_OVERSAMPLING))


@dataclass(frozen=True)
class _Looks:
    """Colour (3,), outline radii (_OUTLINE_POINTS,) relative to 1, and eye distance; these can be mixed."""

    colour: NDArray[np.float64]
    outline: NDArray[np.float64]
    eyes: float

    @classmethod
    def of(cls, figure: Figure) -> "_Looks":
        return cls(np.array(figure.colour, float), _outline(figure.sides), figure.eyes)

    def mixed(self, other: "_Looks", share: float) -> "_Looks":
        return _Looks(
            (1 - share) * self.colour + share * other.colour,
            (1 - share) * self.outline + share * other.outline,
            (1 - share) * self.eyes + share * other.eyes,
        )


@dataclass(frozen=True)
class _Path:
    """A slow closed curve around a figure's own place; positions are shares of width and height."""

    x: float
    y: float
    sway: tuple[float, float]
    phase: tuple[float, float]
    frames_a_round: tuple[float, float]

    @classmethod
    def drawn(cls, rng: np.random.Generator, number: int, count: int) -> "_Path":
        return cls(
            x=(number + 0.5) / count + rng.uniform(-0.02, 0.02),
            y=rng.uniform(0.42, 0.52),
            sway=(rng.uniform(0.04, 0.16) / count, rng.uniform(0.05, 0.12)),
            phase=tuple(rng.uniform(0, math.tau, 2)),
            frames_a_round=tuple(rng.uniform(48, 110, 2)),
        )

    def at(self, index: int) -> tuple[float, float]:
        angles = [p + math.tau * index / n for p, n in zip(self.phase, self.frames_a_round, strict=True)]
        return self.x + self.sway[0] * math.sin(angles[0]), self.y + self.sway[1] * math.sin(angles[1])


def _looks_at(clip: TestClip, share: float) -> list[_Looks]:
    """Return each figure's looks when `share` (0 to 1) of the clip has passed."""
    looks = [_Looks.of(figure) for figure in clip.figures]
    first, last = looks[0], looks[-1]
    if clip.behaviour is Behaviour.DRIFT:
        looks[0] = first.mixed(last, 0.85 * _ramp(share, 0.3, 1.0))
    elif clip.behaviour is Behaviour.SWAP:
        amount = _ramp(share, 0.45, 0.55)
        looks[0], looks[-1] = first.mixed(last, amount), last.mixed(first, amount)
    return looks


def _ramp(value: float, start: float, end: float) -> float:
    """Rise smoothly from 0 at `start` to 1 at `end`."""
    t = min(1.0, max(0.0, (value - start) / (end - start)))
    return t * t * (3 - 2 * t)


def _outline(sides: int) -> NDArray[np.float64]:
    """Return the radii of a rounded polygon that stands on a side, (_OUTLINE_POINTS,), clockwise from the top."""
    if sides == 0:
        return np.ones(_OUTLINE_POINTS)
    sector = math.tau / sides
    turn = sector / 2 if sides % 2 == 0 else 0.0
    angles = np.linspace(0, math.tau, _OUTLINE_POINTS, endpoint=False) + turn
    polygon = math.cos(sector / 2) / np.cos((angles % sector) - sector / 2)
    rounded = 0.75 * polygon + 0.25
    return rounded / rounded.mean()


def _background(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return a quiet wall and floor with two windows, so that motion against something can be seen."""
    tint = rng.uniform(0.85, 1.15, 3)
    shade = np.linspace(1.25, 0.75, height)[:, None, None]
    wall = np.clip(np.array([58.0, 66.0, 78.0]) * tint * shade, 0, 255)
    image = Image.fromarray(np.broadcast_to(wall, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for left in (rng.uniform(0.06, 0.2), rng.uniform(0.6, 0.75)):
        corners = [left * width, 0.1 * height, (left + 0.18) * width, 0.5 * height]
        draw.rectangle(corners, fill=(92, 108, 124))
    draw.rectangle([0, 0.8 * height, width, height], fill=(62, 50, 44))
    return image


def _draw_figure(
    draw: ImageDraw.ImageDraw, looks: _Looks, place: tuple[float, float], width: int, height: int, count: int
) -> None:
    usable = height * (1 - STRIP_SHARE)
    radius = min(0.24 * usable, 0.36 * width / count)
    _draw_shape(draw, looks, place[0] * width, place[1] * usable, radius)


def _draw_shape(draw: ImageDraw.ImageDraw, looks: _Looks, x: float, y: float, radius: float) -> None:
    """Draw outline, eyes and mouth around the centre (x, y), in pixels."""
    angles = np.linspace(0, math.tau, _OUTLINE_POINTS, endpoint=False)
    radii = radius * looks.outline
    points = np.stack([x + radii * np.sin(angles), y - radii * np.cos(angles)], axis=1)
    colour = tuple(int(channel) for channel in looks.colour.round())
    draw.polygon([(px, py) for px, py in points], fill=colour, outline=_INK, width=max(1, round(radius / 28)))
    eye = radius * 0.11
    for side in (-1, 1):
        eye_x, eye_y = x + side * looks.eyes * radius / 2, y - 0.2 * radius
        draw.ellipse([eye_x - eye, eye_y - eye, eye_x + eye, eye_y + eye], fill=_INK)
    mouth = [x - 0.32 * radius, y - 0.12 * radius, x + 0.32 * radius, y + 0.36 * radius]
    draw.arc(mouth, 25, 155, fill=_INK, width=max(2, round(radius / 14)))
