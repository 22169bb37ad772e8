"""A clip of the cast: people, a script and a place from one seed; its frames and the truth about them.

The same seed gives the same bytes, whatever the number of worker processes: every frame is a function of the seed and
its index alone.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing import get_context

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.actor import Actor, build_actor
from datasets.cast.compose import FaceTruth, compose
from datasets.cast.course import Course, held
from datasets.cast.identity import Identity, draw_identity
from datasets.cast.plates import PLATES, Picture, Plate, draw_plate
from datasets.cast.script import MOVING, Script, draw_script
from datasets.media.orphans import end_with_parent

_BLOCK = 6  # frames that a worker draws at a time
_UNIT_STEP = 1.12  # actors are built for sizes in steps of this ratio


@dataclass(frozen=True)
class Clip:
    """What defines a clip.

    Attributes:
        seed: of script, place, light, clothes and noise; the people come from `courses`.
        courses: who the people are, frame by frame.
        frames, fps, size: length, frames a second, (width, height) in pixels.
        place: one of `PLATES`, or None to let the seed choose.
        events: which of `script.EVENTS` happen, or None to let the seed choose.
        moving: which of `script.MOVING` change over time; the rest is held, see `script.draw_script`.
    """

    seed: int
    courses: tuple[Course, ...]
    frames: int = 120
    fps: Fraction = Fraction(24)
    size: tuple[int, int] = (640, 360)
    place: str | None = None
    events: tuple[str, ...] | None = None
    moving: tuple[str, ...] = MOVING

    def __post_init__(self) -> None:
        if min(self.size) < 96:
            raise ValueError(f"a picture needs sides of at least 96 pixels, got {self.size}")


def draw_clip(seed: int, people: int, **facts: object) -> Clip:
    """Return a clip of people drawn from the seed; facts as in `Clip`."""
    rng = np.random.default_rng([seed, 0x9E0])
    courses = tuple(held(draw_identity(int(s))) for s in rng.choice(1_000_000, people, replace=False))
    return Clip(seed=seed, courses=courses, **facts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class FrameTruth:
    """What is true of one frame: its faces, and for each person identity vector, pose and expression."""

    faces: tuple[FaceTruth, ...]
    identity: NDArray[np.float64]  # (P, traits)
    pose: NDArray[np.float32]  # (P, 3): yaw, pitch, roll; radians
    expression: NDArray[np.float32]  # (P, 7): blink, gaze right, gaze up, smile, opened, rounded, brows


Drawn = tuple[Picture, FrameTruth]


@dataclass
class Stage:
    """A clip made ready for drawing: script, plate, and the actors drawn last."""

    clip: Clip
    script: Script
    plate: Plate
    _actors: OrderedDict[tuple[int, float, bytes], Actor] = field(default_factory=OrderedDict)

    def draw(self, frame: int) -> tuple[Picture, FrameTruth]:
        """Return a frame (H, W, 3) uint8 RGB and its truth."""
        picture, faces = compose(
            self.script, self.plate, frame, lambda part, unit: self._actor(part, unit, frame), self.clip.seed
        )
        moments = [part.at(frame) for part in self.script.parts[: self.script.people]]
        return picture, FrameTruth(
            tuple(faces),
            np.stack([course.at(frame).vector for course in self.clip.courses]),
            np.array([(m.pose.yaw, m.pose.pitch, m.pose.roll) for m in moments], np.float32),
            np.array(
                [
                    (m.expression.blink, *m.expression.gaze, m.expression.smile, m.expression.opened,
                     m.expression.rounded, m.expression.brows)
                    for m in moments
                ],
                np.float32,
            ),
        )  # fmt: skip

    def _identity(self, part: int, frame: int) -> Identity:
        if part < len(self.clip.courses):
            return self.clip.courses[part].at(frame)
        return draw_identity(self.clip.seed + 7919 * part)

    def _actor(self, part: int, unit: float, frame: int) -> Actor:
        identity = self._identity(part, frame)
        # A ladder of sizes: what a person is built for must not depend on which frames were drawn before.
        built_for = float(_UNIT_STEP ** np.ceil(np.log(unit) / np.log(_UNIT_STEP)))
        key = (part, built_for, identity.vector.tobytes())
        if key not in self._actors:
            self._actors[key] = build_actor(identity, built_for, self.script.parts[part].clothes)
            while len(self._actors) > 3 * len(self.script.parts):
                self._actors.popitem(last=False)
        self._actors.move_to_end(key)
        return self._actors[key]


def script_of(clip: Clip) -> Script:
    """Draw the script of a clip."""
    return draw_script(
        seed=clip.seed, people=len(clip.courses), frames=clip.frames, fps=float(clip.fps), size=clip.size,
        events=clip.events, moving=clip.moving,
    )  # fmt: skip


def prepare(clip: Clip) -> Stage:
    """Draw the script and the plate of a clip."""
    script = script_of(clip)
    rng = np.random.default_rng([clip.seed, 0x71A])
    kind = clip.place or str(rng.choice(list(PLATES)))
    return Stage(clip, script, draw_plate(kind, rng, clip.size))


def render(clip: Clip, *, workers: int = 1) -> Iterator[tuple[Picture, FrameTruth]]:
    """Yield each frame, (H, W, 3) uint8 RGB, with its truth, in order.

    Args:
        clip: What to draw.
        workers: Processes that draw, this one among them. At most 4 blocks of frames a worker are held in memory.
    """
    if workers <= 1:
        stage = prepare(clip)
        for frame in range(clip.frames):
            yield stage.draw(frame)
        return
    with drawing_pool(clip, workers) as pool:
        yield from render_in(pool, clip, workers)


def drawing_pool(clip: Clip, workers: int) -> ProcessPoolExecutor:
    """Return the processes, one fewer than `workers`, that draw a clip beside this one."""
    # Started afresh, not forked: OpenCV's threads do not survive a fork.
    return ProcessPoolExecutor(workers - 1, get_context("spawn"), initializer=_start, initargs=(clip,))


def render_in(pool: ProcessPoolExecutor, clip: Clip, workers: int) -> Iterator[tuple[Picture, FrameTruth]]:
    """Yield the frames of a clip as `render` does, drawn by a pool of `drawing_pool` and by this process.

    Whoever is free takes the next block: this process draws instead of waiting.
    """
    blocks = [(s, min(s + _BLOCK, clip.frames)) for s in range(0, clip.frames, _BLOCK)]
    untaken = deque(range(len(blocks)))
    theirs: dict[int, Future[list[Drawn]]] = {}
    ours: dict[int, list[Drawn]] = {}
    stage: Stage | None = None

    def hand_out() -> None:
        while untaken and sum(not future.done() for future in theirs.values()) < 2 * (workers - 1):
            if len(theirs) + len(ours) >= 4 * workers:
                return
            number = untaken.popleft()
            theirs[number] = pool.submit(_draw_block, *blocks[number])

    for number in range(len(blocks)):
        hand_out()
        while number not in ours and not (number in theirs and theirs[number].done()):
            # The block that is wanted now if nobody has begun it, else a later one; none left: wait.
            if number in theirs and theirs[number].cancel():
                del theirs[number]
                mine = number
            elif untaken and len(ours) < 2:
                mine = untaken.popleft()
            else:
                break
            stage = stage or prepare(clip)
            ours[mine] = _drawn(stage, *blocks[mine])
            hand_out()
        yield from ours.pop(number) if number in ours else theirs.pop(number).result()


_stage: Stage | None = None  # of a worker process


def _start(clip: Clip) -> None:
    global _stage
    end_with_parent()
    cv2.setNumThreads(1)
    _stage = prepare(clip)


def _draw_block(start: int, end: int) -> list[Drawn]:
    assert _stage is not None
    return [_stage.draw(frame) for frame in range(start, end)]


def _drawn(stage: Stage, start: int, end: int) -> list[Drawn]:
    """Draw some frames without OpenCV's threads: the other cores have a process of their own."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return [stage.draw(frame) for frame in range(start, end)]
    finally:
        cv2.setNumThreads(before)
