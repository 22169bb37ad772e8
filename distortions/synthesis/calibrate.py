"""Severity: how far a face goes from itself, the same for all recipes, solved for on a few frames of each clip.

Recipes answer to their `amount` very differently from face to face (the tenth and ninetieth percentile of the cosine
at one amount lie 0.3 apart), so the amount is found by bisection instead of being fixed. Solving for an embedder's
distance and judging by the same embedder is circular: results are reported with another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.protocol import Backend
from distortions.synthesis.errors import Unreachable
from distortions.synthesis.measure import Looks, change, look_at_all
from distortions.synthesis.recipe import Edit, Frames, Params, best_apart, draw_frame
from distortions.synthesis.scene import Scene

# Cosine to the untouched frame with MobileFaceNet, whose threshold for one person is 0.29.
TARGET_COSINES: Mapping[int, float] = MappingProxyType({1: 0.92, 2: 0.84, 3: 0.74, 4: 0.64, 5: 0.54})
TARGETS: Mapping[int, float] = MappingProxyType(
    {severity: (1 - cosine) / (1 - 0.29) for severity, cosine in TARGET_COSINES.items()}
)
"""Change of a face at full schedule (`measure.change`): 0 is the same picture, 1 the threshold for one person."""

PROBES = 6
STEPS = 6
CLOSE = 0.04
"""Near enough to a target, as a share of it."""
SHORT = 0.82
"""A recipe that reaches less than this share of a target at its full amount cannot do the severity."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was solved for.

    Attributes:
        amount: Of the recipe.
        target, achieved: Mean change of the probe frames, `measure.change`.
        space: Of the embedder that calibrated.
        frames: Probe frames.
    """

    amount: float
    target: float
    achieved: float
    space: str
    frames: tuple[int, ...]


def window(severity: int) -> tuple[float, float]:
    """Return the changes that count as a severity: half-way to its neighbours."""
    middle = [TARGETS[s] for s in sorted(TARGETS)]
    edges = [0.5 * middle[0], *((a + b) / 2 for a, b in pairwise(middle)), 1.6]
    return edges[severity - 1], edges[severity]


def probe_frames(scene: Scene, edits: Sequence[Edit], params: Params, count: int = PROBES) -> list[int]:
    """Return frames on which a recipe shows fully: face large, frontal and well seen, spread over the clip.

    Frames in which the schedule is strong are preferred: they decide what people see.
    """
    if not scene.frames:
        return []
    planned = params.schedule.strengths(scene.frames)
    worth = np.min([edit.reach for edit in edits], axis=0) * (0.25 + planned)
    for edit in edits:
        worth = worth * (0.2 + scene.subject(edit.subject).quality)
    return best_apart(worth, count, max(1, scene.frames // (3 * count)))


def changes_at(
    frames: Frames, edits: Sequence[Edit], scene: Scene, probes: Sequence[int], amount: float, backend: Backend,
    originals: Mapping[int, NDArray[np.float32]],
) -> float:  # fmt: skip
    """Return the mean change over probe frames and subjects at an amount, the recipe's reach included."""
    found = []
    drawn = [draw_frame(frames[i], i, edits, amount * np.array([e.reach[i] for e in edits])) for i in probes]
    for subject in sorted({edit.subject for edit in edits}):
        embeddings, _ = look_at_all(drawn, scene.subject(subject), probes, backend)
        found.append(change(backend.space, originals[subject], embeddings))
    return float(np.mean(found))


def calibrate(
    frames: Frames, edits: Sequence[Edit], scene: Scene, params: Params, severity: int, backend: Backend,
    looks: Looks | None = None,
) -> Calibration:  # fmt: skip
    """Return the amount at which the faces have changed as much as a severity asks for.

    Args:
        frames: The untouched clip.
        edits: Of the recipe, made ready.
        scene: Of the clip.
        params: Of the recipe; the amount in it is ignored.
        severity: 1 to 5.
        backend: Detector and embedder that calibrate.
        looks: Of the untouched clip.

    Raises:
        Unreachable: the recipe's full amount changes this face too little.
    """
    target = TARGETS[severity]
    probes = probe_frames(scene, edits, params)
    if not probes:
        raise Unreachable("The face is never turned to the camera far enough for this recipe to show.")
    originals = {
        s: look_at_all([frames[i] for i in probes], scene.subject(s), probes, backend, looks=looks)[0]
        for s in {edit.subject for edit in edits}
    }

    def measured(amount: float) -> float:
        return changes_at(frames, edits, scene, probes, amount, backend, originals)

    amount, achieved = _solve(measured, target)
    if achieved < SHORT * target:
        raise Unreachable(
            f"Severity {severity} asks for a change of {target:.2f}; on this face the recipe reaches {achieved:.2f}."
        )
    return Calibration(amount, target, achieved, backend.space.key, tuple(probes))


def _solve(measured: object, target: float) -> tuple[float, float]:
    """Return (amount, value) with the value near a target, by interval halving guided by the values at its ends."""
    assert callable(measured)
    low, at_low = 0.0, 0.0
    high, at_high = 1.0, float(measured(1.0))
    if at_high <= target * (1 + CLOSE):
        return high, at_high
    best = (high, at_high)
    for _ in range(STEPS):
        # Between the straight line through both ends and the middle: changes grow faster than amounts at first.
        share = np.clip((target - at_low) / max(at_high - at_low, 1e-6), 0.15, 0.85)
        middle = low + (high - low) * float(0.5 * share + 0.25)
        value = float(measured(middle))
        if abs(value - target) < abs(best[1] - target):
            best = (middle, value)
        if abs(value - target) <= CLOSE * target:
            break
        if value < target:
            low, at_low = middle, value
        else:
            high, at_high = middle, value
    return best


def calibrated(params: Params, found: Calibration) -> Params:
    """Return the parameters with the amount that was found."""
    return replace(params, amount=round(found.amount, 4))
