"""What every recipe is made of. See the package's docstring for the anatomy of a recipe's file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.identity.space import Space
from distortions.synthesis.donors import EXPECTED, Donor
from distortions.synthesis.errors import BadParameter
from distortions.synthesis.measure import Looks, change
from distortions.synthesis.procedural import Procedural
from distortions.synthesis.scene import Scene, part_of
from distortions.synthesis.schedule import KINDS, Kind, Schedule

Frames = NDArray[np.uint8]  # (T, H, W, 3), RGB
Frame = NDArray[np.uint8]  # (H, W, 3), RGB
SEVERITIES = (1, 2, 3, 4, 5)
ALIKE = 0.71
"""MobileFaceNet's distance at its threshold: turns a change into a cosine of that embedder."""


@dataclass(frozen=True, kw_only=True)
class Params:
    """What all recipes' parameters share.

    Attributes:
        amount: How strong the recipe is where the schedule is full, 0 (nothing) to 1 (all that it can do). What
            calibration solves for.
        schedule: Strength over time.
        subject: Whose face, by place in `Scene.subjects`; -1 for the whole picture.
        seed: Of everything random in the recipe.
    """

    amount: float = 1.0
    schedule: Schedule = field(default_factory=Schedule)
    subject: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        self.within("amount", 0, 1)

    def within(self, name: str, low: float, high: float) -> None:
        """Raise BadParameter unless a parameter lies between two values."""
        value = getattr(self, name)
        if not low <= value <= high:
            raise BadParameter(f"{name} lies between {low:g} and {high:g}, got {value}.")

    def numbers(self, name: str, count: int, low: float, high: float) -> None:
        """Raise BadParameter unless a parameter is so many numbers between two values."""
        values = getattr(self, name)
        if len(values) != count or not all(low <= value <= high for value in values):
            raise BadParameter(f"{name} is {count} numbers between {low:g} and {high:g}, got {values}.")

    def as_dict(self) -> dict[str, object]:
        """Return all parameters as plain values."""
        return asdict(self)


class Effect(Protocol):
    """One subject's change, made ready: everything slow is done, and any frame can be drawn at any strength."""

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        """Change `out`, a copy of frame number `index`, in place; strength is 0 (exclusive) to 1."""
        ...


@dataclass(frozen=True, eq=False)
class Edit:
    """What happens to one subject.

    Attributes:
        subject: Place in `Scene.subjects`, or -1 for the whole picture.
        reach: (T,) float32, 0 to 1: the share of the schedule's strength that the recipe shows at each frame; less
            than 1 where the face turns away, is hidden or not there.
        effect: How to draw it.
        donor: Whose features come in, by name; nothing if nobody's.
        area: What may change: the face, the person (drawn anew), the whole picture, or which picture is shown.
    """

    subject: int
    reach: NDArray[np.float32]
    effect: Effect
    donor: str = ""
    area: Literal["face", "person", "picture", "time"] = "face"


@dataclass(frozen=True, eq=False)
class Material:
    """What a recipe works on beside the frames.

    Attributes:
        scene: Who is where.
        donors: Who could lend a face.
        space: Of the embeddings of subjects and donors, if they have any.
        procedural: What the clip was drawn from, if it is one of the procedural cast.
        looks: How its untouched faces look to embedders, remembered.
    """

    scene: Scene
    donors: Sequence[Donor] = ()
    space: Space | None = None
    procedural: Procedural | None = None
    looks: Looks = field(default_factory=Looks)

    def part(self, indices: Sequence[int]) -> Material:
        """Return the material of some frames alone, in the order given."""
        drawn_from = self.procedural.part(indices) if self.procedural else None
        return replace(self, scene=part_of(self.scene, indices), procedural=drawn_from, looks=Looks())

    def lenders(self, frames: Frames, subject: int) -> list[Donor]:
        """Return who may lend features to a subject: the donors, or without any the other people of the clip."""
        if self.donors:
            return list(self.donors)
        others = [place for place in range(len(self.scene.subjects)) if place != subject]
        return [donor for place in others for donor in self.portraits(frames, place)]

    def likeness(self, donor: Donor, subject: int) -> float:
        """Return how alike a donor and a subject are, as a cosine of MobileFaceNet's; EXPECTED if nobody can say."""
        own = self.scene.subject(subject).embedding
        if self.space is None or own is None or donor.embedding is None:
            return EXPECTED
        return 1 - ALIKE * float(change(self.space, own[None], donor.embedding[None])[0])

    def portraits(self, frames: Frames, subject: int, count: int = 6) -> list[Donor]:
        """Return a person of the clip as a donor, at the best of its frames.

        Without an embedding: people of one clip mix with one another however little alike they are.
        """
        person = self.scene.subject(subject)
        worth = np.where(person.seen >= 0.99, person.quality + 0.01, 0) * np.exp(-((person.yaw / 0.25) ** 2))
        apart = max(1, self.scene.frames // (2 * count))
        return [Donor(person.name, frames[i], person.points[i]) for i in best_apart(worth, count, apart)]


def best_apart(worth: NDArray[np.floating], count: int, apart: int) -> list[int]:
    """Return up to `count` frames of highest worth (T,), above 0 and so many frames apart, in order of time."""
    chosen: list[int] = []
    for index in np.argsort(-worth, kind="stable").tolist():
        if worth[index] <= 0 or len(chosen) == count:
            break
        if all(abs(index - other) >= apart for other in chosen):
            chosen.append(index)
    return sorted(chosen)


PrepareEdits = Callable[[Frames, Material, Any], tuple[Edit, ...]]


@dataclass(frozen=True)
class Recipe:
    """One row of RECIPES.

    Attributes:
        name: As in configurations and tables.
        kind: "negative" changes who somebody is, "control" keeps it.
        people: How many subjects the clip must have.
        severities: Which of 1 to 5 it can reach and still look like film.
        schedules: Which courses over time it has in real failures.
        params: Its parameter class.
        sample_params: Draws parameters for a severity.
        prepare: Makes edits ready for a clip.
        about: One line for a person who chooses.
    """

    name: str
    kind: Literal["negative", "control"]
    params: type[Params]
    sample_params: Callable[[np.random.Generator, int], Params]
    prepare: PrepareEdits
    about: str
    people: int = 1
    severities: tuple[int, ...] = SEVERITIES
    schedules: tuple[Kind, ...] = KINDS

    def check_severity(self, severity: int) -> None:
        """Raise BadParameter unless the recipe has this severity."""
        if severity not in SEVERITIES:
            raise BadParameter(f"Severities are 1 to 5, got {severity}.")
        if severity not in self.severities:
            raise BadParameter(
                f"{self.name} reaches severity {max(self.severities)} at the most: beyond it faces stop looking real."
            )

    def check_schedule(self, kind: Kind) -> None:
        """Raise BadParameter unless the recipe runs to this schedule."""
        if kind not in self.schedules:
            raise BadParameter(f"{self.name} has no {kind} schedule: it has {', '.join(self.schedules)}.")

    def apply(self, frames: Frames, material: Material, params: Params) -> Frames:
        """Return new frames, distorted; no frames of none."""
        return (
            apply_edits(frames, self.prepare(frames, material, params), params)
            if len(frames)
            else frames.copy()
        )

    def make_params(self, **values: object) -> Params:
        """Return checked parameters. Raises BadParameter for one that does not exist or is out of range."""
        known = {each.name for each in fields(self.params)}
        if unknown := sorted(set(values) - known):
            raise BadParameter(
                f"{self.name} has no parameter {unknown[0]!r}: it has {', '.join(sorted(known))}."
            )
        return self.params(**values)  # type: ignore[arg-type]


def apply_edits(frames: Frames, edits: Sequence[Edit], params: Params, *, threads: int = 0) -> Frames:
    """Return new frames with some edits; a frame in which nothing has any strength keeps its bytes."""
    out = np.empty_like(frames)
    for index, frame in enumerate(drawn(frames, edits, params, threads=threads)):
        out[index] = frame
    return out


def effective_strengths(count: int, edits: Sequence[Edit], params: Params) -> NDArray[np.float32]:
    """Return how much of its full amount each edit shows at each frame, (edits, T), 0 to 1."""
    if not count or not edits:
        return np.zeros((len(edits), count), np.float32)
    planned = params.schedule.strengths(count)
    strengths = planned[None] * np.stack([edit.reach for edit in edits]).astype(np.float32)
    return strengths if params.amount > 0 else np.zeros_like(strengths)


def drawn(frames: Frames, edits: Sequence[Edit], params: Params, *, threads: int = 0) -> Iterator[Frame]:
    """Yield each frame with its edits, in order. Frames do not depend on one another, nor on `threads`."""
    strengths = effective_strengths(len(frames), edits, params)

    def draw(index: int) -> Frame:
        return draw_frame(frames[index], index, edits, params.amount * strengths[:, index])

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with ThreadPoolExecutor(threads or min(2, os.cpu_count() or 1)) as pool:
            yield from pool.map(draw, range(len(frames)))
    finally:
        cv2.setNumThreads(before)


def draw_frame(frame: Frame, index: int, edits: Sequence[Edit], strengths: NDArray[np.floating]) -> Frame:
    """Return one frame with its edits at given strengths; the frame itself where there are none."""
    active = [(edit, float(s)) for edit, s in zip(edits, strengths, strict=True) if s > 1e-3]
    if not active:
        return frame
    out = frame.copy()
    for edit, strength in active:
        edit.effect.draw(frame, out, index, strength)
    return out
