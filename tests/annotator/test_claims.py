"""Who is handed what, and in which order."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotator.models import Judgment, Member, Slot
from annotator.services.judgments import REPEAT_AFTER, judgment_submit
from annotator.services.slots import slot_claim, slot_release
from annotator.services.studies import study_add_items
from annotator.tokens import LeaseToken
from datasets.models import Clip, ClipState, Pair
from tests.annotator.factories import (
    expire,
    make_annotator,
    make_answer,
    make_pair,
    make_person,
    make_study,
    member_of,
)
from tests.annotator.test_slots_api import claim, client_of, submit

pytestmark = pytest.mark.django_db


def judge(study, annotator, **fields):
    lease = slot_claim(study=study, annotator=annotator)
    if lease is None:
        return None
    judgment_submit(
        annotator=annotator,
        token=str(lease.token),
        idempotency_key=uuid.uuid4(),
        answer=make_answer(**fields),
        active_ms=1000,
    )
    return Slot.objects.get(pk=lease.slot.slot_id)


def test_everybody_answers_an_item_once_and_every_place_is_filled():
    study = make_study(n_pairs=40, overlap=3)
    annotators = [make_annotator(study) for _ in range(3)]
    while any(judge(study, annotator) for annotator in annotators):
        pass
    places = study.slots.filter(kind="answer")
    assert set(places.values_list("state", flat=True)) == {"done"}
    assert len(set(places.values_list("item", "annotator"))) == 120


def test_a_late_comer_fills_what_others_left():
    study = make_study(n_pairs=5, overlap=2)
    early, late = make_annotator(study), make_annotator(study)
    for _ in range(5):
        judge(study, early)
    assert judge(study, early) is None
    assert [judge(study, late) is not None for _ in range(6)] == [True] * 5 + [False]


def test_a_lease_that_ran_out_goes_first():
    study = make_study(n_pairs=50, overlap=1)
    gone, here = make_annotator(study), make_annotator(study)
    left_behind = slot_claim(study=study, annotator=gone)
    for _ in range(10):
        judge(study, here)
    expire(study)
    assert judge(study, here).pk == left_behind.slot.slot_id


def test_taking_over_a_lease_does_not_move_the_cursor():
    study = make_study(n_pairs=20, overlap=1)
    ahead, behind = make_annotator(study), make_annotator(study)
    for _ in range(10):
        judge(study, ahead)
    far = slot_claim(study=study, annotator=ahead)
    expire(study)
    member = Member.objects.filter(pk=member_of(study, behind).pk)
    before = member.get().cursor
    assert judge(study, behind).pk == far.slot.slot_id
    assert member.get().cursor == before


def test_a_slot_freed_behind_the_cursor_is_found():
    study = make_study(n_pairs=6, overlap=1)
    annotator = make_annotator(study)
    first = study.slots.order_by("position").first()
    for _ in range(4):
        judge(study, annotator)
    # As if a transaction that had the first slot was rolled back after others passed it.
    Judgment.objects.filter(slot=first).delete()
    Slot.objects.filter(pk=first.pk).update(state="free", annotator=None, lease=None, lease_expires_at=None)
    handed = [judge(study, annotator) for _ in range(4)]
    assert [slot.pk if slot else None for slot in handed][2:] == [first.pk, None]


def test_new_items_are_found_by_who_had_finished():
    study = make_study(n_pairs=2, overlap=1)
    annotator = make_annotator(study)
    while judge(study, annotator):
        pass
    make_pair(make_person())
    study_add_items(study=study, pairs=Pair.objects.all())
    assert judge(study, annotator) is not None


def test_a_repeat_comes_back_to_the_same_annotator_some_judgments_later():
    study = make_study(n_pairs=30, overlap=1, repeat_share=0.04)
    original = Slot.objects.get(repeat__isnull=False)
    mine, other = make_annotator(study), make_annotator(study)
    handed = [judge(study, mine) for _ in range(31)]
    order = [slot.pk for slot in handed]
    repeat = handed[order.index(original.repeat.pk)]
    assert repeat.left_is_a is not original.left_is_a
    distance = order.index(repeat.pk) - order.index(original.pk)
    others_left = len(order) - 1 - order.index(original.pk)
    assert distance > min(REPEAT_AFTER, others_left - 1)
    assert judge(study, other) is None


def test_a_repeat_comes_early_when_nothing_else_is_left():
    study = make_study(n_pairs=2, overlap=1, repeat_share=0.5)
    annotator = make_annotator(study)
    assert [judge(study, annotator) is not None for _ in range(4)] == [True, True, True, False]


def test_a_repeat_left_lying_is_nobody_elses():
    study = make_study(n_pairs=2, overlap=1, repeat_share=0.5)
    mine, other = make_annotator(study), make_annotator(study)
    judge(study, mine), judge(study, mine)
    held = slot_claim(study=study, annotator=mine)
    assert Slot.objects.get(pk=held.slot.slot_id).repeat_of is not None
    expire(study)
    assert slot_claim(study=study, annotator=other) is None
    assert slot_claim(study=study, annotator=mine).slot.slot_id == held.slot.slot_id


def test_a_pair_whose_clip_was_removed_is_passed_over():
    study = make_study(n_pairs=3, overlap=1)
    annotator = make_annotator(study)
    first = study.slots.order_by("position").first()
    remove_clip(first.item.pair.clip_a_id)
    assert judge(study, annotator).pk != first.pk
    assert not Slot.objects.filter(pk=first.pk).exists()
    study.refresh_from_db()
    assert (study.n_items, study.n_slots) == (2, 2)


def test_a_late_answer_to_a_pair_that_is_gone_stands_in_nobodys_way():
    study = make_study(n_pairs=2, overlap=1)
    slow, quick, next_one = (make_annotator(study) for _ in range(3))
    late = slot_claim(study=study, annotator=slow)
    expire(study)
    taken = slot_claim(study=study, annotator=quick)
    assert taken.slot.slot_id == late.slot.slot_id
    answer_late(late, slow)
    expire(study)
    remove_clip(late.pair.clip_a_id)

    assert slot_claim(study=study, annotator=next_one).slot.slot_id != late.slot.slot_id
    assert slot_claim(study=study, annotator=slow) is None
    answer_late(taken, quick)
    study.refresh_from_db()
    assert (study.n_items, study.n_slots) == (1, 1)
    assert list(Judgment.objects.values_list("surplus", flat=True)) == [True, True]


def remove_clip(pk):
    files = dict.fromkeys(["file", "playback_file", "poster_file", "filmstrip_file"], "")
    Clip.objects.filter(pk=pk).update(state=ClipState.REMOVED, **files)


def answer_late(lease, annotator):
    judgment_submit(
        annotator=annotator,
        token=str(lease.token),
        idempotency_key=uuid.uuid4(),
        answer=make_answer(),
        active_ms=1000,
    )


def test_a_released_slot_still_takes_the_answer_that_was_on_its_way():
    study = make_study(n_pairs=1, overlap=1)
    annotator = make_annotator(study)
    lease = slot_claim(study=study, annotator=annotator)
    slot_release(annotator=annotator, token=str(lease.token))
    submission = judgment_submit(
        annotator=annotator,
        token=str(lease.token),
        idempotency_key=uuid.uuid4(),
        answer=make_answer(),
        active_ms=1,
    )
    assert not submission.surplus


def test_a_token_says_nothing_to_its_holder():
    study = make_study()
    annotator = make_annotator(study)
    token = str(slot_claim(study=study, annotator=annotator).token)
    assert str(LeaseToken.parse(token)) == token
    broken = ("A" if token[5] != "A" else "B").join([token[:5], token[6:]])
    with pytest.raises(ValueError, match="token"):
        LeaseToken.parse(broken)


def statements(context: CaptureQueriesContext) -> list[str]:
    """Return what went to the database, those of one message apart, without the brackets of transactions."""
    brackets = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    asked = [each for query in context.captured_queries for each in query["sql"].split("; ")]
    return [each for each in asked if not each.startswith(brackets)]


@pytest.mark.parametrize("n_pairs", [2, 60])
def test_next_takes_eight_queries_at_most_however_many_slots(n_pairs):
    study = make_study(n_pairs=n_pairs, overlap=3)
    client = client_of(make_annotator(study))
    submit(client, claim(client, study).json()["slot"]["token"])
    # On PostgreSQL a lock is taken by itself before what it protects is read.
    n_locks = [1, 2] if connection.vendor == "postgresql" else [0, 0]
    with CaptureQueriesContext(connection) as taken:
        reply = claim(client, study)
    assert reply.status_code == 200
    assert len(statements(taken)) == 5 + n_locks[0], "\n".join(statements(taken))
    with CaptureQueriesContext(connection) as sent:
        assert submit(client, reply.json()["slot"]["token"]).status_code == 201
    assert len(statements(sent)) == 5 + n_locks[1], "\n".join(statements(sent))
