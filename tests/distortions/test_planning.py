from collections import Counter
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distortions import catalogue, config, planning
from distortions.catalogue import CATALOGUE, RecipeFacts
from distortions.config import PAIR_KINDS, ConfigError, config_of
from distortions.planning import Source, batch_plan, try_seed
from distortions.synthesis.schedule import KINDS, Kind, frames_needed

# So that plans with controls are held whatever controls there are.
CONTROLS = {
    "blur_control": RecipeFacts("blur_control", "control", "softer"),
    "light_control": RecipeFacts("light_control", "control", "darker", severities=(1, 2)),
}
NEGATIVES = [name for name, facts in CATALOGUE.items() if not facts.is_control]
weights = st.integers(1, 5)


@pytest.fixture(autouse=True)
def with_controls(monkeypatch):
    every = CATALOGUE | CONTROLS
    for module in (catalogue, config, planning):
        monkeypatch.setattr(module, "CATALOGUE", every)


@st.composite
def configs(draw):
    negatives = draw(st.lists(st.sampled_from(NEGATIVES), min_size=2, unique=True))
    controls = draw(st.lists(st.sampled_from(list(CONTROLS)), min_size=1, unique=True))
    return {
        "name": "Any",
        "seed": draw(st.integers(0, 2**31 - 1)),
        "count": draw(st.integers(1, 120)),
        "controls": draw(st.sampled_from([0.0, 0.2, 0.5, 1.0])),
        "recipes": {name: draw(weights) for name in negatives + controls},
        "pairs": draw(st.dictionaries(st.sampled_from(list(PAIR_KINDS)), weights)),
    }


sources = st.lists(st.integers(1, 3), min_size=1, max_size=8).map(
    lambda people: [
        Source(10 + place, count, 20 * count, place == 0) for place, count in enumerate([2, *people])
    ]
)
many = given(configs(), sources)
unhurried = settings(deadline=None, max_examples=40)


@unhurried
@many
def test_the_same_seed_gives_the_same_plan(data, clips):
    plan = batch_plan(config_of(data), clips)
    assert plan == batch_plan(config_of(data), clips[::-1])


@unhurried
@many
def test_a_plan_has_as_many_results_as_were_asked_for(data, clips):
    plan = batch_plan(config_of(data), clips)
    assert [each.number for each in plan] == list(range(1, data["count"] + 1))
    controls = sum(catalogue.CATALOGUE[each.recipe].is_control for each in plan)
    assert controls == round(data["count"] * data["controls"])


@unhurried
@many
def test_nothing_is_planned_that_a_recipe_or_clip_cannot_do(data, clips):
    by_clip = {source.clip: source for source in clips}
    for each in batch_plan(config_of(data), clips):
        facts = catalogue.CATALOGUE[each.recipe]
        assert each.severity in facts.severities
        assert each.schedule in facts.schedules
        if each.pair_kind != "recipes":  # two of them may want more than any one clip has
            assert by_clip[each.clip].fits(facts)
        if each.pair_kind == "clean" and not facts.cast_only:
            assert by_clip[each.clip].frames >= frames_needed(cast(Kind, each.schedule))


@unhurried
@many
def test_groups_are_what_their_kind_says(data, clips):
    groups: dict[int, list] = {}
    for each in batch_plan(config_of(data), clips):
        groups.setdefault(each.group, []).append(each)
    for rows in groups.values():
        kinds = [catalogue.CATALOGUE[row.recipe].kind for row in rows]
        assert len({row.clip for row in rows}) == 1
        match rows[0].pair_kind:
            case "control":
                assert kinds == ["negative", "control"]
            case "tie":
                assert set(kinds) == {"control"}
            case "severities":
                first, second = rows
                same = [(row.recipe, row.schedule, row.seed) for row in rows]
                assert same[0] == same[1]
                assert first.severity != second.severity
            case "recipes":
                assert len({row.recipe for row in rows}) == 2
                assert kinds == ["negative", "negative"]
            case "clean":
                assert kinds == ["negative"]
            case kind:
                assert kind == ""
                assert len(rows) == 1


@unhurried
@given(st.integers(0, 2**31 - 1), weights, weights, weights)
def test_weights_of_recipes_are_held(seed, a, b, c):
    data = {
        "name": "Any",
        "seed": seed,
        "count": 60,
        "recipes": {"geometry_drift": a, "morph_drift": b, "drop": c},
    }
    counts = Counter(each.recipe for each in batch_plan(config_of(data), [Source(1, 1, 48)]))
    for name, weight in data["recipes"].items():
        assert abs(counts[name] - 60 * weight / (a + b + c)) <= 1


@unhurried
@given(st.integers(0, 2**31 - 1))
def test_clips_share_the_work_evenly(seed):
    data = {"name": "Any", "seed": seed, "count": 50, "recipes": {"morph_drift": 1}, "pairs": {"clean": 1}}
    counts = Counter(each.clip for each in batch_plan(config_of(data), [Source(n, 1, 48) for n in range(7)]))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_recipes_of_two_are_left_out_where_nobody_has_company():
    data = {"name": "Any", "count": 10, "recipes": {"swap": 5, "morph_drift": 1}}
    plan = batch_plan(config_of(data), [Source(1, 1, 48)])
    assert {each.recipe for each in plan} == {"morph_drift"}


def test_recipes_of_two_alone_need_a_clip_of_two():
    data = {"name": "Any", "count": 10, "recipes": {"swap": 5}}
    with pytest.raises(ConfigError, match="swap: no chosen clip shows 2 people"):
        batch_plan(config_of(data), [Source(1, 1, 48)])


def test_schedules_that_no_clip_can_show_are_left_out():
    data = {"name": "Any", "count": 40, "recipes": {"morph_drift": 1}}
    plan = batch_plan(config_of(data), [Source(1, 1, 16), Source(2, 1, 8)])
    assert {each.schedule for each in plan} == {*KINDS} - {"flicker"}
    assert {each.clip for each in plan if each.schedule in ("late", "relapse")} == {1}


def test_a_schedule_that_no_clip_can_show_is_a_sentence():
    data = {"name": "Any", "count": 4, "recipes": {"morph_drift": 1}, "schedules": {"flicker": 1}}
    with pytest.raises(
        ConfigError, match="a flicker schedule needs 24 frames; the longest chosen clip has 16"
    ):
        batch_plan(config_of(data), [Source(1, 1, 16)])


def test_what_draws_the_cast_anew_gets_clips_of_the_cast():
    data = {"name": "Any", "count": 12, "recipes": {"rerender": 1, "morph_drift": 1}}
    plan = batch_plan(config_of(data), [Source(1, 2, 48), Source(2, 1, 48, is_cast=True)])
    assert {each.clip for each in plan if each.recipe == "rerender"} == {2}
    assert {each.recipe for each in batch_plan(config_of(data), [Source(1, 2, 48)])} == {"morph_drift"}
    with pytest.raises(ConfigError, match="rerender: no chosen clip is of the procedural cast"):
        batch_plan(config_of({**data, "recipes": {"rerender": 1}}), [Source(1, 2, 48)])


def test_tries_have_seeds_of_their_own():
    assert try_seed(5, 0) == 5
    assert len({try_seed(5, attempt) for attempt in range(10)}) == 10
