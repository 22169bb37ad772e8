"""The truth of a clip as one compressed .npz beside it.

T frames, P people, K traits:

    version     ()            this schema, 1
    traits      (K,) str      names of the vector's entries
    seed, fps   (), (2,)      of the clip; fps as numerator and denominator
    size        (2,)          width, height
    boxes       (T, P, 4)     x0, y0, x1, y1 in pixels round the whole face, hidden parts included; NaN: not there
    visible     (T, P)        share of the face's pixels that can be seen, 0 to 1
    landmarks   (T, P, 5, 2)  eyes, nose tip, mouth corners; the viewer's left first; NaN: not there
    identity    (T, P, K)     identity vector that was drawn
    pose        (T, P, 3)     yaw to the viewer's right, pitch up, roll clockwise; radians
    expression  (T, P, 7)     blink, gaze right, gaze up, smile, opened, rounded, brows
    events      (E,) str      what happens

What the clip was asked to be, so that it can be drawn again (files of before have none of it):

    place       () str        where; empty: the seed chose
    by_seed     () bool       whether the seed chose the events
    moving      (M,) str      what changes over time
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from datasets.cast.clip import Clip, FrameTruth
from datasets.cast.identity import TRAITS
from datasets.cast.script import MOVING

VERSION = 1


@dataclass(frozen=True)
class Truth:
    """The truth of a whole clip; arrays as in the module's docstring.

    `asked` are the events that were asked for, None where the seed chose them: it then drew more than their names.
    """

    seed: int
    fps: Fraction
    size: tuple[int, int]
    boxes: NDArray[np.float32]
    visible: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    identity: NDArray[np.float64]
    pose: NDArray[np.float32]
    expression: NDArray[np.float32]
    events: tuple[str, ...]
    asked: tuple[str, ...] | None
    place: str | None
    moving: tuple[str, ...]


def gather(frames: list[FrameTruth], clip: Clip, *, events: tuple[str, ...]) -> Truth:
    """Return the truth of a clip from that of its frames, and what happens in it."""
    return Truth(
        seed=clip.seed,
        fps=clip.fps,
        size=clip.size,
        boxes=np.stack([[face.box for face in f.faces] for f in frames]).astype(np.float32),
        visible=np.array([[face.visible for face in f.faces] for f in frames], np.float32),
        landmarks=np.stack([[face.landmarks for face in f.faces] for f in frames]).astype(np.float32),
        identity=np.stack([f.identity for f in frames]),
        pose=np.stack([f.pose for f in frames]),
        expression=np.stack([f.expression for f in frames]),
        events=events,
        asked=clip.events,
        place=clip.place,
        moving=clip.moving,
    )


def save_truth(truth: Truth, path: Path) -> None:
    """Write a clip's truth."""
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            version=np.array(VERSION),
            traits=np.array(TRAITS),
            seed=np.array(truth.seed),
            fps=np.array([truth.fps.numerator, truth.fps.denominator]),
            size=np.array(truth.size),
            boxes=truth.boxes,
            visible=truth.visible,
            landmarks=truth.landmarks,
            identity=truth.identity,
            pose=truth.pose,
            expression=truth.expression,
            events=np.array(truth.events, dtype=np.str_),
            place=np.array(truth.place or ""),
            by_seed=np.array(truth.asked is None),
            moving=np.array(truth.moving, dtype=np.str_),
        )


def load_truth(path: Path | BinaryIO) -> Truth:
    """Read a clip's truth from its file, by name or open.

    Raises:
        ValueError: written by another version of the schema, or for other traits.
    """
    with np.load(path, allow_pickle=False) as data:
        if int(data["version"]) != VERSION or tuple(data["traits"]) != TRAITS:
            raise ValueError(f"{getattr(path, 'name', 'this')} holds truth of another version of the cast")
        numerator, denominator = (int(v) for v in data["fps"])
        width, height = (int(v) for v in data["size"])
        events = tuple(str(e) for e in data["events"])
        return Truth(
            seed=int(data["seed"]),
            fps=Fraction(numerator, denominator),
            size=(width, height),
            boxes=data["boxes"],
            visible=data["visible"],
            landmarks=data["landmarks"],
            identity=data["identity"],
            pose=data["pose"],
            expression=data["expression"],
            events=events,
            asked=None if "by_seed" in data and bool(data["by_seed"]) else events,
            place=str(data["place"]) or None if "place" in data else None,
            moving=tuple(str(m) for m in data["moving"]) if "moving" in data else MOVING,
        )
