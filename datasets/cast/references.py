"""References: still pictures of one person, sharp and well lit, each different in view or light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from datasets.cast.actor import Actor, build_actor
from datasets.cast.clothes import draw_clothes
from datasets.cast.compose import paste
from datasets.cast.identity import Identity, identity_of
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.plates import MARGIN, PLATES, Picture, draw_plate
from datasets.cast.pose import Pose
from datasets.cast.render import render_person


@dataclass(frozen=True)
class View:
    """How a reference is taken."""

    pose: Pose
    expression: Expression
    azimuth: float
    elevation: float
    warm: float = 0.0


VIEWS: dict[str, View] = {
    "neutral": View(Pose(), Expression(smile=0.08), -0.55, 0.50),
    "left": View(Pose(yaw=-0.52, pitch=0.03), Expression(smile=0.15, gaze=(-0.2, 0.0)), -0.75, 0.45),
    "right": View(Pose(yaw=0.52, pitch=-0.03), Expression(smile=0.15, gaze=(0.2, 0.0)), -0.35, 0.55),
    "sidelit": View(Pose(yaw=0.10, roll=0.05), Expression(smile=0.1), 0.95, 0.30, warm=0.8),
    "smiling": View(Pose(yaw=-0.15, pitch=0.04), Expression(smile=0.85, opened=0.12, brows=0.3), 0.30, 0.70),
}


def draw_reference(identity: Identity, view: str, *, seed: int = 0, side: int = 512) -> Picture:
    """Draw a reference.

    Args:
        identity: Who.
        view: One of `VIEWS`.
        seed: of clothes and background.
        side: of the square picture, pixels; at least 96.

    Returns:
        (side, side, 3) uint8 RGB.
    """
    if view not in VIEWS:
        raise ValueError(f"no view {view!r}; there are {', '.join(VIEWS)}")
    if side < 96:
        raise ValueError(f"a reference has a side of at least 96 pixels, got {side}")
    how = VIEWS[view]
    rng = np.random.default_rng([seed, 0x4EF, list(VIEWS).index(view)])
    picture = _background(str(rng.choice(list(PLATES))), rng, side)
    light = Light(how.azimuth, how.elevation).changed(warmth=how.warm)
    unit = 0.29 * side
    # The torso as far as the picture shows it; render_person asks for 1.3 head units more at most.
    lowest = -0.54 * side / unit - 1.3
    actor = _undressed(identity.vector.tobytes(), unit).dressed(draw_clothes(rng), lowest)
    shot = render_person(actor, how.pose, how.expression, light, (side / 2, 0.46 * side), unit, (side, side))
    paste(picture, shot.tile)
    noise = rng.standard_normal((side, side), dtype=np.float32)
    return np.asarray(cv2.add(picture, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)


def _background(kind: str, rng: np.random.Generator, side: int) -> Picture:
    """Return a plate far out of focus, (side, side, 3); it is painted at half the size, of which nothing is seen."""
    small = max(96, side // 2)
    plate = draw_plate(kind, rng, (small, small)).picture
    soft = cv2.GaussianBlur(plate, (0, 0), small / 90)
    whole = round(side * MARGIN)
    soft = cv2.resize(soft, (whole, whole), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(soft[:side, :side], np.uint8)


@lru_cache(maxsize=2)
def _undressed(vector: bytes, unit: float) -> Actor:
    """Return a person in any clothes: several references are taken of one person, and all but clothes stays."""
    clothes = draw_clothes(np.random.default_rng(0))
    return build_actor(identity_of(np.frombuffer(vector)), unit, clothes, lowest=-1.3)


@dataclass(frozen=True)
class Wanted:
    """A reference to take: of whom, which view, clothes and background by seed, and the PNG to write."""

    identity: Identity
    view: str
    seed: int
    path: Path


def write_references(wanted: Sequence[Wanted]) -> None:
    """Take references and write them."""
    # A picture with noise packs little better at more effort: level 6 takes five times as long for a tenth.
    how = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    for each in wanted:
        each.path.parent.mkdir(exist_ok=True)
        picture = draw_reference(each.identity, each.view, seed=each.seed)
        _, packed = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), how)
        each.path.write_bytes(packed.tobytes())
