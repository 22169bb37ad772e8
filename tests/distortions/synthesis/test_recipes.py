"""What holds for every recipe. A new one is tested by its row in RECIPES."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distortions.synthesis import recipes
from distortions.synthesis.errors import BadParameter, NoFaces, TooShort, Unreachable
from distortions.synthesis.recipe import apply_edits, effective_strengths
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import Scene
from distortions.synthesis.schedule import KINDS, Schedule, draw_schedule
from distortions.synthesis.truth import truth_of, truth_read, truth_write
from tests.distortions.synthesis.films import film, material

# rerender draws clips of the cast anew: test_rerender.py
every_recipe = pytest.mark.parametrize("name", [name for name in RECIPES if name != "rerender"])
FRAMES = 36
NEEDS_A_MOMENT = {"donor_switch"}  # in which the face is lost: one frame holds none


@lru_cache(maxsize=4)
def shot(frames=FRAMES, people=2):
    return film(frames, people)


def params_of(name, *, severity=None, seed=0, schedule=None, **values):
    recipe = RECIPES[name]
    severity = severity or max(recipe.severities)
    params = recipe.sample_params(np.random.default_rng(seed), severity)
    return replace(params, schedule=schedule or Schedule(kind="linear"), seed=seed, **values)


def result_of(name, params, frames=FRAMES):
    before, scene = shot(frames)
    edits = RECIPES[name].prepare(before, material(scene), params)
    return before, apply_edits(before, edits, params), edits, effective_strengths(frames, edits, params)


def shown_on(name):
    """Return what a recipe changes: "face" or "picture"."""
    before, scene = shot()
    return RECIPES[name].prepare(before, material(scene), params_of(name))[0].area


def distance(a, b):
    return float(np.abs(a.astype(np.int16) - b).mean())


@every_recipe
@settings(max_examples=5)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**6))
def test_nothing_changes_outside_the_schedule(name, kind, seed):
    schedule = draw_schedule(kind, np.random.default_rng(seed))
    params = params_of(name, seed=seed, schedule=schedule)
    before, after, _, strengths = result_of(name, params)
    quiet = schedule.strengths(FRAMES) == 0
    assert np.array_equal(before[quiet], after[quiet])
    assert not strengths[:, quiet].any()
    assert after.shape == before.shape
    assert after.dtype == np.uint8


@every_recipe
def test_amount_nothing_is_the_same_bytes(name):
    before, after, _, strengths = result_of(name, params_of(name, amount=0.0))
    assert after.tobytes() == before.tobytes()
    assert not strengths.any()


@every_recipe
def test_the_clip_itself_is_left_alone(name):
    before, _ = shot()
    copy = before.copy()
    RECIPES[name].prepare(before, material(shot()[1]), params_of(name))
    result_of(name, params_of(name))
    assert np.array_equal(before, copy)


@every_recipe
def test_the_same_seed_gives_the_same_bytes(name):
    first = result_of(name, params_of(name, seed=5))[1]
    before, scene = shot()
    params = params_of(name, seed=5)
    again = apply_edits(before, RECIPES[name].prepare(before, material(scene), params), params, threads=1)
    assert first.tobytes() == again.tobytes()


@every_recipe
def test_the_effect_can_be_seen_and_grows_with_the_amount(name):
    schedule = Schedule(kind="constant")
    found = [
        distance(*result_of(name, params_of(name, seed=3, amount=amount, schedule=schedule))[:2])
        for amount in (0.25, 0.5, 1.0)
    ]
    assert found[0] > 0
    assert found == sorted(found)


@every_recipe
def test_the_truth_says_what_changed(name, tmp_path):
    params = params_of(name, schedule=Schedule(kind="linear", onset=0.3))
    before, after, edits, strengths = result_of(name, params)
    changed = np.flatnonzero((before != after).any(axis=(1, 2, 3)))
    truth = truth_of(RECIPES[name], params, shot()[1], edits, strengths, severity=1, seed=9)
    assert min(edit.first for edit in truth.edits) <= changed[0]
    assert changed[-1] <= max(edit.last for edit in truth.edits)
    assert truth.onset >= 0.3 * (FRAMES - 1)
    assert {edit.person for edit in truth.edits} <= {"person 0", "person 1", ""}
    truth_write(truth, tmp_path / "truth.json")
    assert truth_read(tmp_path / "truth.json").as_dict() == truth.as_dict()


@every_recipe
def test_one_frame_and_none(name):
    scene = shot(1)[1]
    params = params_of(name, schedule=Schedule(kind="constant"))
    before, scene = shot(1)
    if name in NEEDS_A_MOMENT:
        with pytest.raises(Unreachable, match="nobody can come back"):
            RECIPES[name].prepare(before, material(scene), params)
    else:
        assert RECIPES[name].apply(before, material(scene), params).shape == before.shape
        with pytest.raises(TooShort):
            result_of(name, replace(params, schedule=Schedule(kind="linear")), frames=1)
    nothing = np.zeros((0, *before.shape[1:]), np.uint8)
    empty = Scene(0, scene.fps, scene.size, shot(0)[1].subjects)
    assert RECIPES[name].apply(nothing, material(empty), params).shape == nothing.shape


@every_recipe
def test_who_is_not_there_cannot_be_changed(name):
    before, scene = film(FRAMES, 0)
    recipe = RECIPES[name]
    with pytest.raises(NoFaces, match="no face"):
        scene.require(recipe.people)
    if shown_on(name) == "face":
        with pytest.raises(NoFaces):
            recipe.prepare(before, material(scene), params_of(name))


@every_recipe
def test_parameters_check_themselves(name):
    recipe = RECIPES[name]
    with pytest.raises(BadParameter, match="amount lies between 0 and 1"):
        recipe.make_params(amount=1.5)
    with pytest.raises(BadParameter, match="has no parameter 'strenght'"):
        recipe.make_params(strenght=1)
    with pytest.raises(BadParameter, match="Severities are 1 to 5"):
        recipe.check_severity(6)
    with pytest.raises(BadParameter):
        recipe.sample_params(np.random.default_rng(0), 0)


@every_recipe
def test_every_recipe_says_what_it_imitates(name):
    recipe = RECIPES[name]
    assert recipe.name == name
    module = __import__(f"{recipes.__name__}.{name}", fromlist=["x"])
    assert "mitates" in str(module.__doc__) or recipe.kind == "control"
    assert module.RECIPE is recipe
    assert callable(module.apply)
