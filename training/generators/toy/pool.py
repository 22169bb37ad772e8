"""The small world's people: sprites of the procedural cast, drawn once and kept, so that clips cost nothing.

A person of the cast takes about 0.4 s to draw this small (`datasets.cast` builds a body, then draws a frame
in 13 ms), a clip put together from sprites well under a millisecond. Each person is drawn in two sets of
clothes: one for the clips, one for the references, so that clothes never tell who somebody is.

    python -m training.generators.toy.pool FOLDER --first 0 --people 1500

Files hold 50 people each and are written whole, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.cast import draw_identity
from datasets.cast.actor import Actor, build_actor
from datasets.cast.clothes import draw_clothes
from datasets.cast.light import Light
from datasets.cast.moving import Expression
from datasets.cast.render import Pose, render_person

HEIGHT, WIDTH, FRAMES = 32, 24, 6  # of one person's half of a clip
COURSES, REFERENCES = 3, 4
PEOPLE_A_FILE = 50
_UNIT = 10.5  # pixels per head unit: a face is about 15 pixels wide

Sprites = NDArray[np.uint8]


@dataclass(frozen=True)
class Pool:
    """Sprites of P people.

    Attributes:
        people: (P,) int64 seeds of their identities.
        courses: (P, COURSES, FRAMES, HEIGHT, WIDTH, 4) uint8, colour multiplied by alpha.
        references: (P, REFERENCES, HEIGHT, WIDTH, 3) uint8 RGB on plain grounds of several colours.
    """

    people: NDArray[np.int64]
    courses: Sprites
    references: Sprites

    def __len__(self) -> int:
        return len(self.people)


def load_pool(folder: Path, people: range) -> Pool:
    """Read the sprites of a range of people. FileNotFoundError names the command that draws them."""
    parts = []
    for start in _files(people):
        path = _path(folder, start)
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is missing: draw it with python -m training.generators.toy.pool {folder} "
                f"--first {people.start} --people {len(people)}"
            )
        with np.load(path) as held:
            wanted = np.isin(held["people"], people)
            parts.append(tuple(held[name][wanted] for name in ("people", "courses", "references")))
    return Pool(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def draw_pool(folder: Path, people: range, until: float = float("inf")) -> int:
    """Draw the files of a range of people that are not there yet, and return how many were drawn.

    No file is begun after `until`, a `time.monotonic()`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [start for start in _files(people) if not _path(folder, start).is_file()]
    for number, start in enumerate(missing):
        if time.monotonic() >= until:
            return number
        seeds = range(start, start + PEOPLE_A_FILE)
        drawn = [_draw_person(seed) for seed in seeds]
        path = _path(folder, start)
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(
            partial,
            people=np.array(seeds, np.int64),
            courses=np.stack([courses for courses, _ in drawn]),
            references=np.stack([references for _, references in drawn]),
        )
        partial.rename(path)
    return len(missing)


def _files(people: range) -> Iterable[int]:
    return range(people.start - people.start % PEOPLE_A_FILE, people.stop, PEOPLE_A_FILE)


def _path(folder: Path, start: int) -> Path:
    return folder / f"people-{start:05d}.npz"


def _draw_person(seed: int) -> tuple[Sprites, Sprites]:
    """Return the courses and references of one person."""
    rng = np.random.default_rng([seed, 0x70F])
    identity = draw_identity(seed)
    filmed = build_actor(identity, _UNIT, draw_clothes(rng))
    posing = build_actor(identity, _UNIT, draw_clothes(rng))
    courses = np.stack([_draw_course(filmed, rng) for _ in range(COURSES)])
    return courses, np.stack([_draw_reference(posing, rng, view) for view in range(REFERENCES)])


def _draw_course(actor: Actor, rng: np.random.Generator) -> Sprites:
    """Draw FRAMES frames in which the head wanders, turns and speaks a little, in one light."""
    x0, x1 = rng.uniform(-1.8, 1.8, 2)
    y0, y1 = rng.uniform(-1.2, 1.2, 2)
    yaw0, yaw1 = rng.uniform(-0.35, 0.35, 2)
    pitch, roll = rng.uniform(-0.1, 0.1, 2)
    smile, opened = rng.uniform(0.0, 0.7), rng.uniform(0.0, 0.6, FRAMES)
    light = Light(rng.uniform(-0.9, 0.9), rng.uniform(0.3, 0.7))
    unit = _UNIT * rng.uniform(0.94, 1.04)
    frames = []
    for frame, along in enumerate(np.linspace(0, 1, FRAMES)):
        pose = Pose(yaw=yaw0 + (yaw1 - yaw0) * along, pitch=pitch, roll=roll)
        centre = (WIDTH / 2 + x0 + (x1 - x0) * along, 14 + y0 + (y1 - y0) * along)
        frames.append(
            _sprite(actor, pose, Expression(smile=smile, opened=opened[frame]), light, centre, unit)
        )
    return np.stack(frames)


def _draw_reference(actor: Actor, rng: np.random.Generator, view: int) -> Sprites:
    """Draw a still: from the front, from both sides, smiling."""
    yaw = (0.0, -0.4, 0.4, 0.1)[view] + rng.uniform(-0.08, 0.08)
    light = Light(rng.uniform(-0.8, 0.8), rng.uniform(0.35, 0.65))
    smile = 0.8 if view == 3 else rng.uniform(0.0, 0.3)
    sprite = _sprite(actor, Pose(yaw=yaw), Expression(smile=smile), light, (WIDTH / 2, 14), _UNIT)
    return over(sprite, rng.uniform(60, 200, 3))


def over(sprites: NDArray, ground: NDArray) -> Sprites:
    """Lay sprites (..., 4) over a ground (..., 3) that broadcasts, both 0 to 255."""
    rest = 1 - sprites[..., 3:].astype(np.float32) / 255
    return np.clip(sprites[..., :3] + rest * ground, 0, 255).astype(np.uint8)


def _sprite(
    actor: Actor, pose: Pose, expression: Expression, light: Light, centre: tuple[float, float], unit: float
) -> Sprites:
    tile = render_person(actor, pose, expression, light, centre, unit, (WIDTH, HEIGHT)).tile
    sprite = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    y0, x0 = max(tile.y, 0), max(tile.x, 0)
    y1, x1 = min(tile.y + tile.rgba.shape[0], HEIGHT), min(tile.x + tile.rgba.shape[1], WIDTH)
    if y1 > y0 and x1 > x0:
        sprite[y0:y1, x0:x1] = tile.rgba[y0 - tile.y : y1 - tile.y, x0 - tile.x : x1 - tile.x]
    return sprite


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the small world's people.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--people", type=int, default=1500)
    given = parser.parse_args()
    drawn = draw_pool(given.folder, range(given.first, given.first + given.people))
    print(f"{drawn} files drawn in {given.folder}")


if __name__ == "__main__":
    main()
