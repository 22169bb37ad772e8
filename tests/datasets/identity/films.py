"""Small films of textured squares that move, with the truth of who each square is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from datasets.identity.backends.protocol import Backend
from datasets.identity.backends.truth import FilmTruth, truth_backend, truth_space
from datasets.identity.faces import Face
from datasets.identity.references import Person, Reference
from datasets.media.write import write_video

SPACE = truth_space(32)
WIDTH, HEIGHT, FPS, DIMENSION, SIDE = 256, 144, 25, 32, 40


def identity(person: int) -> np.ndarray:
    """Return a person's identity vector; two of them are nearly orthogonal."""
    return np.random.default_rng(1000 + person).normal(size=DIMENSION)


@dataclass
class Film:
    """What happens: each square's middle per frame (NaN: out of the picture), and who it is in each frame."""

    centres: np.ndarray
    who: np.ndarray
    side: int = SIDE
    noise: float = 0.2
    cuts: tuple[int, ...] = ()
    frozen: tuple[int, ...] = ()
    grey: bool = False
    backgrounds: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def truth(self) -> FilmTruth:
        half = self.side / 2
        boxes = np.concatenate([self.centres - half, self.centres + half], axis=2)
        return FilmTruth(
            boxes=boxes,
            visibility=np.where(np.isfinite(self.centres[..., 0]), 1.0, 0.0),
            identity=self.who,
            noise=self.noise,
        )

    @property
    def backend(self) -> Backend:
        return truth_backend(self.truth, rate=12)

    def write(self, path: Path) -> Path:
        write_video((self.frame(i) for i in range(len(self.centres))), path, fps=FPS)
        return path

    def frame(self, index: int) -> np.ndarray:
        shot = sum(index >= cut for cut in self.cuts)
        if shot not in self.backgrounds:
            rng = np.random.default_rng(shot)
            coarse = rng.integers(20, 235, (5, 8, 3)) * (0.6 if shot % 2 else 1.0)
            self.backgrounds[shot] = np.kron(coarse, np.ones((HEIGHT // 5 + 1, WIDTH // 8, 1)))[
                :HEIGHT, :WIDTH
            ]
        frame = np.roll(self.backgrounds[shot], 2 * index, axis=1).copy()
        for person in range(self.centres.shape[1]):
            centre = self.centres[index, person]
            if np.isfinite(centre).all():
                self._draw(frame, person, centre, index)
        if self.grey:
            frame[:] = frame.mean(axis=2, keepdims=True)
        return frame.astype(np.uint8)

    def _draw(self, frame: np.ndarray, person: int, centre: np.ndarray, index: int) -> None:
        rng = np.random.default_rng((7, person))
        cell = max(self.side // 8, 1)
        texture = np.kron(rng.integers(0, 255, (8, 8, 3)), np.ones((cell, cell, 1)))
        if person not in self.frozen:
            texture = texture + 25 * np.sin(0.7 * index + person)
        x, y = (centre - texture.shape[0] / 2).round().astype(int)
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = min(x + texture.shape[1], WIDTH), min(y + texture.shape[0], HEIGHT)
        if x1 > x0 and y1 > y0:
            frame[y0:y1, x0:x1] = np.clip(texture[y0 - y : y1 - y, x0 - x : x1 - x], 0, 255)


def standing(*xs: float, frames: int = 75, sway: float = 6.0) -> np.ndarray:
    """Return the middles (T, P, 2) of people who stand beside one another and sway."""
    times = np.arange(frames) / FPS
    return np.stack(
        [
            np.stack([x + sway * np.sin(2 * times + i), HEIGHT / 2 + 3 * np.cos(3 * times + i)], axis=1)
            for i, x in enumerate(xs)
        ],
        axis=1,
    )


def constant(people: int, frames: int = 75) -> np.ndarray:
    """Return identity vectors (T, P, K) of people who stay themselves."""
    return np.tile(np.stack([identity(p) for p in range(people)])[None], (frames, 1, 1))


def crossing(frames: int = 75) -> Film:
    """Two people who walk past one another, the second hidden while they meet."""
    times = np.linspace(0, 1, frames)
    left_to_right = np.stack([50 + 150 * times, np.full(frames, 70.0)], axis=1)
    right_to_left = np.stack([200 - 150 * times, np.full(frames, 74.0)], axis=1)
    centres = np.stack([left_to_right, right_to_left], axis=1)
    hidden = np.abs(centres[:, 0, 0] - centres[:, 1, 0]) < 0.6 * SIDE
    centres[hidden, 1] = np.nan
    return Film(centres, constant(2, frames))


def make_person(number: int, *, references: int = 3, noise: float = 0.2, name: str = "") -> Person:
    """Return a person whose references are the identity vector with noise."""
    rng = np.random.default_rng((5, number))
    made = []
    for i in range(references):
        vector = identity(number) / np.linalg.norm(identity(number))
        vector = vector + rng.normal(0, noise, DIMENSION) / np.sqrt(DIMENSION)
        made.append(
            Reference(
                name=f"{i}.jpg",
                face=Face(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 0.9),
                embedding=(vector / np.linalg.norm(vector)).astype(np.float32),
                thumb=rng.integers(0, 255, (32, 32)).astype(np.uint8),
                crop=np.zeros((8, 8, 3), np.uint8),
            )
        )
    return Person(name or f"person {number}", tuple(made), SPACE)
