"""References: still pictures of one person, sharp and well lit, each different in view or light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from datasets.cast.actor import Actor, build_actor
from datasets.cast.clothes import draw_clothes
from datasets.cast.compose import paste
from datasets.cast.identity import Identity, identity_of
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.plates import PLATES, Picture, draw_plate
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
    plate = draw_plate(str(rng.choice(list(PLATES))), rng, (side, side))
    soft = np.asarray(cv2.GaussianBlur(plate.picture, (0, 0), side / 90), np.uint8)
    picture = np.ascontiguousarray(soft[:side, :side])
    light = Light(how.azimuth, how.elevation).changed(warmth=how.warm)
    unit = 0.29 * side
    actor = _undressed(identity.vector.tobytes(), unit).dressed(draw_clothes(rng))
    shot = render_person(actor, how.pose, how.expression, light, (side / 2, 0.46 * side), unit, (side, side))
    paste(picture, shot.tile)
    noise = rng.normal(0, 1.0, (side, side, 1))
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


@lru_cache(maxsize=2)
def _undressed(vector: bytes, unit: float) -> Actor:
    """Return a person in any clothes: several references are taken of one person, and all but clothes stays."""
    clothes = draw_clothes(np.random.default_rng(0))
    return build_actor(identity_of(np.frombuffer(vector)), unit, clothes)
