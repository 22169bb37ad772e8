"""Clips of two people for the toy generator, put together from the pool's sprites: person 1 left, person 2 right.

A clip is FRAMES frames of HEIGHT x 2 WIDTH pixels. Apart from who is in it everything is nuisance: course,
light and clothes (in the sprites), the ground behind, brightness.

The pretraining set is sloppy on purpose, as captions and references of real collections are: in some clips
a person is somebody else, becomes the other person on the way, or stands in the other's place. A generator
that fits it perfectly still drifts, mixes and swaps; a reward has something to mend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.generators.toy.pool import COURSES, FRAMES, HEIGHT, REFERENCES, WIDTH, Pool

REPLACED, DRIFTING, EXCHANGED = 0.1, 0.5, 0.12


@dataclass(frozen=True)
class Scenes:
    """N clips and who was asked for.

    Attributes:
        frames: (N, FRAMES, HEIGHT, 2 WIDTH, 3) uint8 RGB.
        covers: (N, FRAMES, HEIGHT, 2 WIDTH) uint8 alpha of the person in each half.
        asked: (N, 2) places in the pool of the people asked for, left and right.
    """

    frames: NDArray[np.uint8]
    covers: NDArray[np.uint8]
    asked: NDArray[np.int64]


def draw_scenes(pool: Pool, count: int, rng: np.random.Generator, *, sloppy: bool) -> Scenes:
    """Draw clips of random pairs of different people; `sloppy` as the pretraining set is."""
    asked = np.stack([rng.integers(len(pool), size=count), rng.integers(1, len(pool), size=count)], axis=1)
    asked[:, 1] = (asked[:, 0] + asked[:, 1]) % len(pool)
    return draw_scenes_of(pool, asked, rng, sloppy=sloppy)


def draw_scenes_of(pool: Pool, asked: NDArray, rng: np.random.Generator, *, sloppy: bool = False) -> Scenes:
    """Draw one clip for each row of `asked` (N, 2): places in the pool."""
    count = len(asked)
    first, last = asked.copy(), asked.copy()
    if sloppy:
        replaced = rng.random((count, 2)) < REPLACED
        first = np.where(replaced, rng.integers(len(pool), size=(count, 2)), first)
        drifting = rng.random((count, 2)) < DRIFTING
        last = np.where(drifting & ~replaced, asked[:, ::-1], first)
        exchanged = rng.random(count) < EXCHANGED
        first[exchanged], last[exchanged] = first[exchanged, ::-1], last[exchanged, ::-1]
    # (N, 2, T, H, W, 4): each half's person; a drift fades from one to the other through the middle of the
    # clip.
    course = rng.integers(COURSES, size=(count, 2))
    sprites = pool.courses[first, course].astype(np.float32)
    moving = (first != last).any(1)
    if moving.any():
        share = np.clip(np.linspace(-0.5, 1.5, FRAMES), 0, 1).astype(np.float32).reshape(1, 1, -1, 1, 1, 1)
        sprites[moving] += share * (pool.courses[last[moving], course[moving]] - sprites[moving])
    halves = np.concatenate([sprites[:, 0], sprites[:, 1]], axis=3)
    rest = 1 - halves[..., 3:] / 255
    lit = (halves[..., :3] + rest * _grounds(count, rng)) * rng.uniform(0.85, 1.1, (count, 1, 1, 1, 1))
    return Scenes(np.clip(lit, 0, 255).astype(np.uint8), halves[..., 3].astype(np.uint8), asked)


def references_of(pool: Pool, asked: NDArray) -> NDArray[np.uint8]:
    """Return all references of the people asked for: (N, 2, REFERENCES, HEIGHT, WIDTH, 3)."""
    return pool.references[asked]


def draw_views(pool: Pool, places: NDArray, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return one random picture (N, HEIGHT, WIDTH, 3) of each person: a reference, or a frame over a random ground."""
    views = pool.references[places, rng.integers(REFERENCES, size=len(places))]
    filmed = np.flatnonzero(rng.random(len(places)) < 0.7)
    course, frame = rng.integers(COURSES, size=len(filmed)), rng.integers(FRAMES, size=len(filmed))
    sprites = pool.courses[places[filmed], course, frame].astype(np.float32)
    ground = _grounds(len(filmed), rng)[:, 0, :, :WIDTH]
    pictures = sprites[..., :3] + (1 - sprites[..., 3:] / 255) * ground
    views[filmed] = np.clip(pictures * rng.uniform(0.8, 1.15, (len(filmed), 1, 1, 1)), 0, 255)
    return views


def _grounds(count: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return (N, 1, HEIGHT, 2 WIDTH, 3): two colours that run into one another in a wave."""
    y, x = np.mgrid[0:HEIGHT, 0 : 2 * WIDTH] / (2 * WIDTH)
    colours = rng.uniform(70, 180, (count, 2, 1, 1, 1)) + rng.uniform(-30, 30, (count, 2, 1, 1, 3))
    fx, fy, phase = rng.uniform(-6, 6, (3, count, 1, 1, 1))
    wave = 0.5 + 0.5 * np.sin(fx * x[..., None] + fy * y[..., None] + phase)
    return (colours[:, 0] * wave + colours[:, 1] * (1 - wave)).astype(np.float32)[:, None]
