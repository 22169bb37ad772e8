"""One clip, one order, one result: parameters are drawn, solved for, applied and judged, and drawn again if refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.identity.backends.protocol import Backend, Embedder
from distortions.synthesis.calibrate import calibrate, calibrated
from distortions.synthesis.errors import BadParameter, NoDonor, SynthesisError, Unreachable
from distortions.synthesis.gate import Verdict, judge
from distortions.synthesis.recipe import (
    Edit,
    Frames,
    Material,
    Params,
    Recipe,
    apply_edits,
    effective_strengths,
)
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.schedule import Kind, Schedule, draw_schedule
from distortions.synthesis.truth import Truth, truth_of

TRIES = 4


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for.

    Attributes:
        recipe: A key of RECIPES.
        severity: 1 to 5.
        seed: Of everything that is drawn.
        schedule: A kind, whose onset and end are drawn, or a schedule; one of the recipe's kinds if None.
        subject: Whose face, by place in `Scene.subjects`; drawn if None.
        values: Parameters that are fixed instead of drawn.
        tries: How often other parameters are drawn after a refusal.
    """

    recipe: str
    severity: int
    seed: int = 0
    schedule: Kind | Schedule | None = None
    subject: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    tries: int = TRIES


@dataclass(frozen=True, eq=False)
class Made:
    """A result, passed or refused.

    Attributes:
        frames: (T, H, W, 3) uint8 RGB.
        truth: What was done.
        verdict: The gate's.
        refusals: Why earlier tries were not taken, a sentence each.
    """

    frames: Frames
    truth: Truth
    verdict: Verdict
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Plan:
    """Parameters and edits of one try; `calibration` is empty for recipes that are not solved for."""

    params: Params
    edits: tuple[Edit, ...]
    strengths: NDArray[np.float32]
    calibration: Mapping[str, Any]


def recipe_named(name: str) -> Recipe:
    """Return a recipe. Raises BadParameter if there is none of that name."""
    if name not in RECIPES:
        raise BadParameter(f"There is no recipe {name!r}: choose {', '.join(RECIPES)}.")
    return RECIPES[name]


def distort(
    frames: Frames, material: Material, order: Order, backend: Backend, *, reporter: Embedder | None = None,
    source_sha256: str = "",
) -> Made:  # fmt: skip
    """Return a distorted clip with its truth and the gate's verdict: the first try that passes, or else the last.

    Args:
        frames: The untouched clip, (T, H, W, 3) uint8 RGB; left alone.
        material: Who is where in it, and donors.
        order: What is asked for.
        backend: Detector, and the embedder that calibrates and judges.
        reporter: Another embedder, whose numbers are reported beside.
        source_sha256: Of the clip's file, for the record.

    Raises:
        SynthesisError: the clip cannot be distorted like this, with the reason.
    """
    recipe = recipe_named(order.recipe)
    recipe.check_severity(order.severity)
    material.scene.check(frames)
    material.scene.require(recipe.people)
    refusals: list[str] = []
    made: Made | None = None
    unmade: type[SynthesisError] = Unreachable
    for attempt in range(max(1, order.tries)):
        try:
            plan = _plan(frames, material, recipe, order, attempt, backend)
        except (Unreachable, NoDonor) as error:
            refusals.append(str(error))
            unmade = type(error)
            continue
        out = apply_edits(frames, plan.edits, plan.params)
        verdict = judge(
            frames, out, material.scene, plan.edits, plan.strengths, recipe, order.severity, backend,
            reporter, material.looks,
        )  # fmt: skip
        truth = truth_of(
            recipe, plan.params, material.scene, plan.edits, plan.strengths,
            severity=order.severity, seed=order.seed, calibration=plan.calibration, source_sha256=source_sha256,
        )  # fmt: skip
        made = Made(out, truth, verdict, tuple(refusals))
        if verdict.passed:
            return made
        refusals += verdict.reasons
    if made is None:
        tries = "once" if order.tries == 1 else f"{order.tries} times"
        raise unmade(f"{order.recipe} was tried {tries}. {refusals[-1]}")
    return made


def _plan(
    frames: Frames, material: Material, recipe: Recipe, order: Order, attempt: int, backend: Backend
) -> _Plan:
    rng = np.random.default_rng([order.seed, attempt])
    params = drawn_params(recipe, material, order, rng)
    edits = recipe.prepare(frames, material, params)
    found: Mapping[str, Any] = {}
    if recipe.kind == "negative" and "amount" not in order.values:
        solved = calibrate(frames, edits, material.scene, params, order.severity, backend, material.looks)
        params, found = calibrated(params, solved), asdict(solved)
    strengths = effective_strengths(len(frames), edits, params)
    if strengths.size and strengths.max() < 0.5:
        raise Unreachable("The face is turned away, hidden or gone while the schedule is strong.")
    return _Plan(params, edits, strengths, found)


def _schedule(recipe: Recipe, order: Order, rng: np.random.Generator) -> Schedule:
    if isinstance(order.schedule, Schedule):
        schedule = order.schedule
    else:
        kind = order.schedule or recipe.schedules[int(rng.integers(len(recipe.schedules)))]
        schedule = draw_schedule(kind, rng)
    recipe.check_schedule(schedule.kind)
    return schedule


def drawn_params(recipe: Recipe, material: Material, order: Order, rng: np.random.Generator) -> Params:
    """Return the parameters of one try."""
    schedule = _schedule(recipe, order, rng)
    subject = int(rng.integers(len(material.scene.subjects))) if order.subject is None else order.subject
    material.scene.subject(subject)
    params = recipe.sample_params(rng, order.severity)
    params = replace(params, schedule=schedule, subject=subject, seed=int(rng.integers(2**31)))
    if not order.values:
        return params
    known = {name: getattr(params, name) for name in params.as_dict()}
    return recipe.make_params(**(known | dict(order.values)))
