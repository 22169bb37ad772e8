"""The quality gate: what a distorted clip must satisfy to become half of a pair, measured on the result.

Each check has a number, a limit and, when it fails, a sentence. Everything is measured before encoding and against the
untouched clip in the same frame: clips drift by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from datasets.identity.backends.protocol import Backend, Embedder
from distortions.synthesis.calibrate import window
from distortions.synthesis.canonical import cut_out, into_frame, window_of
from distortions.synthesis.ghosts import ghost
from distortions.synthesis.masks import face_oval, warp_window
from distortions.synthesis.measure import Looks, change, look_at_all
from distortions.synthesis.recipe import Edit, Frames, Recipe
from distortions.synthesis.scene import Scene, Subject

LEAST_CORRELATION = 0.8
LEAST_PSNR = 40.0
LEAST_DETECTED = 0.95
MOST_FLICKER = 1.5
MOST_SEAM = 1.35
"""Gradient at the mask's edge against the untouched clip's; a face blended back into itself has 0.9 to 1.1."""
MOST_GHOST = 0.5
"""Detail that no movement explains, as a share of the face's own: double features were seen from 0.51 on, up to 0.46
none; controls have 0.1 to 0.4."""
MOST_CONTROL_CHANGE = 0.32
"""A control changes a face by less than a negative of severity 3 does."""
SAMPLES = 24
_SAME = 100.0  # dB, for equal pictures
# In boxes of the face: how wide hair and shoulders are, how far above and below its top they begin.
_HAIR_WIDE, _HAIR_ABOVE = 3.2, 0.6  # wide: in profile it lies behind the face
_SHOULDERS_WIDE, _SHOULDERS_BELOW = 4.6, 0.7


@dataclass(frozen=True)
class Check:
    """One check: its value is None where it does not apply."""

    name: str
    value: float | None
    passed: bool
    sentence: str = ""


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one result.

    Attributes:
        checks: In the order of this module's constants.
        frames: Sampled frame numbers.
        curve: Change (`measure.change`) at them, mean over the edited people; NaN where nobody edited is seen.
        cosine: The embedder's own similarity at full strength, mean.
        reported: Change at full strength by the second embedder, or None.
        reported_similarity: Its own similarity.
    """

    checks: tuple[Check, ...]
    frames: tuple[int, ...]
    curve: tuple[float, ...]
    similarity: float
    reported: float | None = None
    reported_similarity: float | None = None

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def reasons(self) -> list[str]:
        """Why it was refused, in sentences."""
        return [check.sentence for check in self.checks if not check.passed]

    def value(self, name: str) -> float | None:
        """Return the number of a check."""
        return next(check.value for check in self.checks if check.name == name)

    def as_dict(self) -> dict[str, object]:
        return asdict(self) | {"passed": self.passed}


def judge(
    frames: Frames, out: Frames, scene: Scene, edits: Sequence[Edit], strengths: NDArray[np.float32],
    recipe: Recipe, severity: int, backend: Backend, reporter: Embedder | None = None, looks: Looks | None = None,
) -> Verdict:  # fmt: skip
    """Return what the gate says of `out`, made of `frames` by edits of these effective strengths (edits, T).

    `looks` remembers how the untouched faces look.
    """
    people = [
        (scene.subject(e.subject), row) for e, row in zip(edits, strengths, strict=True) if e.subject >= 0
    ]
    if not people:  # the whole picture is one edit: everybody is looked at
        people = [(subject, strengths[0]) for subject in scene.subjects]
    samples = sample_frames(people, scene)
    looks = looks or Looks()
    faces = [_Faces(frames, out, subject, row, samples, backend, looks) for subject, row in people]
    reports = (
        [_Faces(frames, out, s, row, _full(row, samples)[::3], backend, looks, reporter) for s, row in people]
        if reporter
        else []
    )
    changed = float(np.mean([f.full_change for f in faces]))
    retimed = any(edit.area == "time" for edit in edits)  # every picture is the clip's own
    checks = (
        Check("change", None, True) if retimed else _change_check(changed, recipe, severity),
        Check("correlation", None, True) if recipe.kind == "control" else _order_check(faces),
        _outside_check(frames, out, scene, edits, samples),
        _others_check(frames, out, scene, edits, samples),
        Check("detected", None, True) if retimed else _detection_check(faces),
        Check("flicker", None, True) if retimed else _flicker_check(frames, out, people),
        _seam_check(frames, out, edits, people, samples),
        _ghost_check(frames, out, edits, people, samples),
    )
    curve = np.nanmean([f.curve(samples) for f in faces], axis=0) if samples else np.zeros(0)
    return Verdict(
        checks=checks,
        frames=tuple(samples),
        curve=tuple(round(float(c), 4) for c in curve),
        similarity=float(np.mean([f.full_similarity for f in faces])),
        reported=float(np.mean([r.full_change for r in reports])) if reports else None,
        reported_similarity=float(np.mean([r.full_similarity for r in reports])) if reports else None,
    )


def sample_frames(people: Sequence[tuple[Subject, NDArray[np.float32]]], scene: Scene) -> list[int]:
    """Return up to SAMPLES frames, evenly spread over those in which every edited person is well seen."""
    seen = np.flatnonzero(np.min([subject.seen for subject, _ in people], axis=0) > 0.5)
    if len(seen) <= SAMPLES:
        return [int(i) for i in seen]
    return [int(seen[round(place)]) for place in np.linspace(0, len(seen) - 1, SAMPLES)]


class _Faces:
    """One edited person at the sampled frames, untouched and changed."""

    def __init__(
        self, frames: Frames, out: Frames, subject: Subject, strength: NDArray[np.float32],
        samples: Sequence[int], backend: Backend, looks: Looks, embedder: Embedder | None = None,
    ) -> None:  # fmt: skip
        space = (embedder or backend.embedder).space
        self.samples, self.strength = list(samples), strength[list(samples)]
        before, found_before = look_at_all(
            [frames[i] for i in samples], subject, samples, backend, embedder, looks=looks
        )
        after, found_after = look_at_all([out[i] for i in samples], subject, samples, backend, embedder)
        self.change = change(space, before, after)
        self.similarity = space.pairwise(before, after)
        self.found, self.kept = int(found_before.sum()), int((found_before & found_after).sum())
        self.full = self.strength >= 0.9 * max(float(self.strength.max(initial=0.0)), 1e-6)

    @property
    def full_change(self) -> float:
        return float(self.change[self.full].mean()) if self.full.any() else 0.0

    @property
    def full_similarity(self) -> float:
        return float(self.similarity[self.full].mean()) if self.full.any() else 1.0

    def curve(self, samples: Sequence[int]) -> NDArray[np.float64]:
        values = dict(zip(self.samples, self.change.tolist(), strict=True))
        return np.array([values.get(i, np.nan) for i in samples])


def _full(strength: NDArray[np.float32], samples: Sequence[int]) -> list[int]:
    """Return at most eight of the sampled frames, in order, at which strength is full."""
    values = strength[list(samples)]
    full = [
        i for i, v in zip(samples, values, strict=True) if v >= 0.9 * max(float(values.max(initial=0)), 1e-6)
    ]
    return full[:: max(1, len(full) // 8)][:8]


def _change_check(changed: float, recipe: Recipe, severity: int) -> Check:
    if recipe.kind == "control":
        passed = changed <= MOST_CONTROL_CHANGE
        return Check(
            "change", changed, passed,
            f"The control changes the face by {changed:.2f}, more than the {MOST_CONTROL_CHANGE:.2f} allowed.",
        )  # fmt: skip
    low, high = window(severity)
    return Check(
        "change", changed, low <= changed <= high,
        f"The face changes by {changed:.2f} at full strength; severity {severity} is {low:.2f} to {high:.2f}.",
    )  # fmt: skip


def order_kept(strength: NDArray[np.float32], changes: NDArray[np.float32]) -> float:
    """Return the rank correlation of strength and change, -1 to 1, as a share of what ties in strength allow.

    A step has two strengths only, so that even a perfect answer to it has a Spearman correlation of 0.87.
    """
    best = np.lexsort((changes, strength))
    ideal = np.empty(len(best))
    ideal[best] = np.arange(len(best))
    attainable = float(spearmanr(strength, ideal).statistic)
    found = float(spearmanr(strength, changes).statistic)
    # Frames of no strength tie in both, which can lift the share over 1.
    return min(1.0, found / attainable) if attainable > 0 else 0.0


def _varies(strength: NDArray[np.float32]) -> bool:
    return len(strength) >= 5 and float(np.ptp(strength)) >= 0.5


def _order_check(faces: Sequence[_Faces]) -> Check:
    found = [order_kept(f.strength, f.change) for f in faces if _varies(f.strength)]
    if not found:
        return Check("correlation", None, True)
    value = min(found)
    return Check(
        "correlation", value, value > LEAST_CORRELATION,
        f"The change follows the schedule with a rank correlation of {value:.2f}, not above {LEAST_CORRELATION:.1f}.",
    )  # fmt: skip


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8], where: NDArray[np.bool_] | None = None) -> float:
    """Return the peak signal-to-noise ratio of two pictures (H, W, 3), dB, over some pixels (H, W); 100 if equal."""
    mask = None if where is None else where.astype(np.uint8)
    count = 3 * (a.shape[0] * a.shape[1] if mask is None else cv2.countNonZero(mask))
    error = float(cv2.norm(a, b, cv2.NORM_L2SQR, mask)) / count if count else 0.0
    return min(_SAME, 10 * float(np.log10(255**2 / error))) if error > 0 else _SAME


def _outside_check(
    frames: Frames, out: Frames, scene: Scene, edits: Sequence[Edit], samples: Sequence[int]
) -> Check:
    if any(edit.area in ("picture", "time") for edit in edits) or not samples:
        return Check("outside", None, True)
    worst = min(psnr(frames[i], out[i], ~changed_area(scene, edits, i)) for i in samples)
    return Check(
        "outside", worst, worst > LEAST_PSNR,
        f"Outside the mask the picture changes: {worst:.1f} dB, not above {LEAST_PSNR:.0f}.",
    )  # fmt: skip


def changed_area(scene: Scene, edits: Sequence[Edit], index: int) -> NDArray[np.bool_]:
    """Return (H, W) where the edits may have changed a frame."""
    area = np.zeros((scene.size[1], scene.size[0]), np.float32)
    for edit in edits:
        subject = scene.subject(edit.subject)
        if edit.area == "person":
            box = subject.box(index)
            wide, high = (float(v) for v in box[2:] - box[:2])
            middle, top = float(box[0] + box[2]) / 2, float(box[1])
            for share, below in ((_HAIR_WIDE, -_HAIR_ABOVE), (_SHOULDERS_WIDE, _SHOULDERS_BELOW)):
                x0, x1 = (max(0, round(middle + side * share * wide / 2)) for side in (-1, 1))
                area[max(0, round(top + below * high)) :, x0:x1] = 1
            continue
        matrix = subject.matrix(index)
        x0, y0, x1, y1 = place = window_of(matrix, subject.side, scene.size)
        if x1 - x0 > 1 and y1 - y0 > 1:
            oval = face_oval(subject.side, float(subject.yaw[index]))
            mask = (np.maximum(warp_window(subject.side), oval) > 0).astype(np.float32)
            part = area[y0:y1, x0:x1]
            np.maximum(part, into_frame(mask, matrix, place), out=part)
    return area > 0


def _others_check(
    frames: Frames, out: Frames, scene: Scene, edits: Sequence[Edit], samples: Sequence[int]
) -> Check:
    edited = {edit.subject for edit in edits}
    others = [subject for place, subject in enumerate(scene.subjects) if place not in edited]
    if -1 in edited or not others or not samples:
        return Check("others", None, True)
    found = []
    for index in samples:
        own = changed_area(scene, edits, index)
        for subject in others:
            if subject.seen[index] < 0.5:
                continue
            x0, y0, x1, y1 = np.clip(subject.box(index).round().astype(int), 0, scene.size * 2)
            # Faces that touch share pixels; those belong to the one that is edited.
            free = ~own[y0:y1, x0:x1]
            if free.mean() > 0.3:
                found.append(psnr(frames[index][y0:y1, x0:x1], out[index][y0:y1, x0:x1], free))
    worst = min(found, default=_SAME)
    return Check(
        "others",
        worst,
        worst > LEAST_PSNR,
        f"Another person's face changes: {worst:.1f} dB, not above {LEAST_PSNR:.0f}.",
    )


def _detection_check(faces: Sequence[_Faces]) -> Check:
    found, kept = sum(f.found for f in faces), sum(f.kept for f in faces)
    share = kept / found if found else 1.0
    return Check(
        "detected", share, share >= LEAST_DETECTED,
        f"A detector finds the face in {share:.0%} of the frames where it did before, not in {LEAST_DETECTED:.0%}.",
    )  # fmt: skip


def _still_pairs(subject: Subject, strength: NDArray[np.float32], count: int = 24) -> list[int]:
    """Return frames that are changed as much as the next one, so that flicker is not the schedule's."""
    steady = (np.abs(np.diff(strength)) < 0.08) & (np.minimum(strength[:-1], strength[1:]) > 0.2)
    places = np.flatnonzero(steady & (np.minimum(subject.seen[:-1], subject.seen[1:]) > 0.5))
    return [int(i) for i in places[:: max(1, len(places) // count)]]


def _flicker_check(
    frames: Frames, out: Frames, people: Sequence[tuple[Subject, NDArray[np.float32]]]
) -> Check:
    ratios = []
    for subject, strength in people:
        before, after = [], []
        for i in _still_pairs(subject, strength):
            oval = face_oval(subject.side, float(subject.yaw[i]))[..., None]
            crops = [
                cut_out(source[k], subject.matrix(k), subject.side)
                for source in (frames, out)
                for k in (i, i + 1)
            ]
            before.append(float((np.abs(crops[1] - crops[0]) * oval).mean()))
            after.append(float((np.abs(crops[3] - crops[2]) * oval).mean()))
        if before:
            ratios.append(sum(after) / max(sum(before), 1e-3))
    return _at_most(
        "flicker", ratios, MOST_FLICKER,
        "The face changes {value:.2f} times as much from frame to frame as before, more than {limit}.",
    )  # fmt: skip


def _seam_check(
    frames: Frames, out: Frames, edits: Sequence[Edit], people: Sequence[tuple[Subject, NDArray[np.float32]]],
    samples: Sequence[int],
) -> Check:  # fmt: skip
    if any(edit.area != "face" for edit in edits):
        return Check("seam", None, True)
    ratios = []
    for subject, strength in people:
        found = [seam(frames[i], out[i], subject, i) for i in samples if strength[i] >= 0.6 * strength.max()]
        if found:
            ratios.append(float(np.median(found)))
    return _at_most(
        "seam", ratios, MOST_SEAM,
        "The mask's edge shows: its gradient is {value:.2f} times the untouched one, more than {limit}.",
    )  # fmt: skip


def _ghost_check(
    frames: Frames, out: Frames, edits: Sequence[Edit], people: Sequence[tuple[Subject, NDArray[np.float32]]],
    samples: Sequence[int],
) -> Check:  # fmt: skip
    if any(edit.area != "face" for edit in edits):
        return Check("ghost", None, True)
    levels = []
    for subject, strength in people:
        full = _full(strength, samples)
        if full and strength[full[0]] > 0:
            levels.append(float(np.median([ghost(frames[i], out[i], subject, i) for i in full])))
    return _at_most(
        "ghost", levels, MOST_GHOST,
        "Features show double or in blotches: {value:.2f} of the face's detail is new, more than {limit:.2f}.",
    )  # fmt: skip


def _at_most(name: str, values: Sequence[float], limit: float, sentence: str) -> Check:
    """Hold the worst of the people to a limit; nothing to measure passes. The sentence names {value} and {limit}."""
    if not values:
        return Check(name, None, True)
    value = max(values)
    return Check(name, value, value <= limit, sentence.format(value=value, limit=limit))


def seam(frame: NDArray[np.uint8], out: NDArray[np.uint8], subject: Subject, index: int) -> float:
    """Return the mean gradient along the mask's edge against that of the untouched frame."""
    mask = face_oval(subject.side, float(subject.yaw[index]))
    ring = (mask > 0.08) & (mask < 0.92)
    strengths = []
    for source in (frame, out):
        grey = cut_out(source, subject.matrix(index), subject.side).mean(axis=2)
        gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        strengths.append(float(np.hypot(gx, gy)[ring].mean()))
    return strengths[1] / max(strengths[0], 1e-3)
