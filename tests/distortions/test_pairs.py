"""What the results of a group come to."""

from typing import cast

import pytest
from django.utils import timezone

from datasets.models import ClipTruth, KnownAnswer, Pair
from datasets.selectors.known import askable, known_answers
from datasets.signals import known_answers_coming
from distortions.models import BatchState, CleanCopy, ResultState, SyntheticPair
from distortions.services.pairs import clean_seed_needed, known_pair, pairs_make
from tests.datasets.factories import make_clip, make_person
from tests.distortions.factories import make_batch, make_config, make_distortion, make_truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return make_person("Ada")


@pytest.fixture
def source(ada):
    return make_clip(ada, prompt="Two friends")


@pytest.fixture
def batch():
    return make_batch(make_config(pairs={"clean": 1}))


def made(batch, source, **fields):
    fields.setdefault("truth", make_truth())
    row = make_distortion(batch, source=source, clip=make_clip(origin="distorted"), **fields)
    side = batch.plan.longest_side
    CleanCopy.objects.get_or_create(
        source=source, longest_side=side, seed=row.seed, defaults={"clip": make_clip()}
    )
    return row


def test_a_result_meets_the_clean_copy_and_loses(batch, source):
    row, clean = made(batch, source), CleanCopy.objects.get().clip
    assert pairs_make(batch=batch, source=source) == 1
    known = KnownAnswer.objects.get()
    assert {known.pair.clip_a, known.pair.clip_b} == {clean, row.clip}
    better = known.pair.clip_a if known.preference == "a" else known.pair.clip_b
    assert better == clean
    assert known.pair.prompt == "Two friends"


def test_which_side_is_stored_first_says_nothing(batch, source):
    for _ in range(24):
        made(batch, source)
    pairs_make(batch=batch, source=source)
    assert {known.preference for known in KnownAnswer.objects.all()} == {"a", "b"}


def test_no_two_pairs_share_a_clean_copy(batch, source):
    for _ in range(3):
        made(batch, source)
    pairs_make(batch=batch, source=source)
    sides = [clip for pair in Pair.objects.all() for clip in (pair.clip_a, pair.clip_b)]
    assert len(set(sides)) == len(sides) == 6


def test_a_clean_copy_is_needed_where_one_side_alone_is_made(batch, source):
    first = make_distortion(batch, source=source, group=1, number=1, pair_kind="recipes")
    second = make_distortion(batch, source=source, group=1, number=2, pair_kind="recipes")
    assert clean_seed_needed(row=first, is_made=True) is None  # the other is still planned
    first.state, first.error, first.made_at = ResultState.REFUSED, "It shows.", timezone.now()
    first.save()
    assert clean_seed_needed(row=second, is_made=True) == first.seed
    assert clean_seed_needed(row=second, is_made=False) is None
    lone = make_distortion(batch, source=source, group=2, number=3, pair_kind="")
    assert clean_seed_needed(row=lone, is_made=True) is None


def test_the_higher_severity_loses(batch, source):
    weak = made(batch, source, group=1, number=1, pair_kind="severities", severity=1)
    strong = made(batch, source, group=1, number=2, pair_kind="severities", severity=3)
    known = known_pair([weak, strong], seed="1")
    assert known is not None
    better = known.a if known.answer == "a" else known.b
    assert (known.kind, better) == ("severities", weak)


def test_two_recipes_of_one_severity_are_a_tie(batch, source):
    rows = [
        made(batch, source, group=1, number=n, pair_kind="recipes", recipe=recipe)
        for n, recipe in enumerate(["geometry_drift", "morph_drift"], 1)
    ]
    assert known_pair(rows, seed="1").answer == "tie"


def test_a_refused_side_is_replaced_by_the_clean_copy(batch, source):
    row = made(batch, source, group=1, number=1, pair_kind="recipes")
    refused = make_distortion(
        batch, source=source, group=1, number=2, pair_kind="recipes", state=ResultState.REFUSED
    )
    known = known_pair([row, refused], seed="1")
    assert (known.kind, {known.a, known.b}) == ("clean", {None, row})


def test_nothing_comes_of_a_group_that_waits_or_was_refused(batch, source):
    row = made(batch, source, group=1, number=1)
    waiting = make_distortion(batch, source=source, group=1, number=2)
    refused = make_distortion(batch, source=source, group=2, number=3, state=ResultState.REFUSED)
    assert known_pair([row, waiting], seed="1") is None
    assert known_pair([refused], seed="1") is None


def test_made_twice_they_are_there_once(batch, source):
    made(batch, source)
    assert pairs_make(batch=batch, source=source) == 1
    assert pairs_make(batch=batch, source=source) == 0
    assert Pair.objects.count() == SyntheticPair.objects.count() == 1


@pytest.mark.parametrize(
    ("reserved", "kept"), [({"recipes": ["geometry_drift"]}, True), ({"recipes": ["swap"]}, False)]
)
def test_recipes_may_be_kept_for_tests(source, reserved, kept):
    batch = make_batch(make_config(reserved=reserved, pairs={"clean": 1}))
    made(batch, source)
    pairs_make(batch=batch, source=source)
    assert KnownAnswer.objects.get().reserved_for_test is kept


def test_people_may_be_kept_for_tests(source, ada):
    batch = make_batch(make_config(reserved={"people": [ada.key]}, pairs={"clean": 1}))
    made(batch, source)
    pairs_make(batch=batch, source=source)
    assert KnownAnswer.objects.get().reserved_for_test


def test_the_library_is_told_what_was_done_and_which_side_is_better(batch, source, ada):
    ada.key = "ada"
    ada.save()
    row = made(batch, source, severity=3, schedule="step")
    pairs_make(batch=batch, source=source)
    pair = SyntheticPair.objects.get()
    known = known_answers([pair.pair_id, pair.pair_id + 1])
    assert list(known) == [pair.pair_id]
    answer = known[pair.pair_id]
    edit = answer.edit
    assert (edit.recipe, edit.severity, edit.schedule, edit.onset_frame) == ("geometry_drift", 3, "step", 5)
    assert (edit.clip, edit.is_control, list(edit.people.all())) == (row.clip, False, [ada])
    edited = pair.pair.clip_a if answer.edited_side == "a" else pair.pair.clip_b
    assert edited == row.clip
    assert answer.preference != answer.edited_side
    assert (answer.gap, answer.other, answer.batch) == (3, None, f"{batch.name} (batch {batch.pk})")


def test_two_severities_are_as_far_apart_as_their_difference(batch, source):
    for number, severity in enumerate([1, 3], 1):
        made(batch, source, group=1, number=number, pair_kind="severities", severity=severity)
    pairs_make(batch=batch, source=source)
    known = KnownAnswer.objects.get()
    assert (known.gap, known.edit.severity, known.other.severity) == (2, 3, 1)


def test_only_pairs_that_can_be_played_are_asked(batch, source):
    row = made(batch, source)
    pairs_make(batch=batch, source=source)
    assert [known.edit.clip for known in askable()] == [row.clip]
    row.clip.state, row.clip.refusal = "refused", "It is damaged."
    row.clip.save()
    assert not askable().exists()


def test_two_recipes_of_one_severity_are_no_question_with_one_answer(batch, source):
    for n, recipe in enumerate(["geometry_drift", "morph_drift"], 1):
        made(batch, source, group=1, number=n, pair_kind="recipes", recipe=recipe)
    made(batch, source, group=2, number=3, recipe="photometric")
    pairs_make(batch=batch, source=source)
    assert KnownAnswer.objects.filter(preference="tie").count() == 2
    assert [known.edit.recipe for known in askable()] == ["photometric"]


def coming() -> list[str]:
    return [sentence for _, said in known_answers_coming.send(None) for sentence in cast(list[str], said)]


def test_the_library_can_ask_what_is_still_being_made(batch, source):
    made(batch, source)
    make_distortion(batch, source=source)
    said = f"{batch.name} (batch {batch.pk}) is running: 1 of its 2 results are to come."
    assert coming() == [said]
    batch.state = BatchState.CANCELLED
    batch.save()
    assert coming() == []


def test_a_clip_says_what_was_done_to_it_once(batch, source):
    row = made(batch, source)
    pairs_make(batch=batch, source=source)
    pairs_make(batch=batch, source=source)
    assert ClipTruth.objects.get().clip == row.clip
