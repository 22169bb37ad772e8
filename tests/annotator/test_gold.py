"""Test questions: who gets which, when, and what becomes of the answers."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from annotator.models import Consensus, Item, Judgment, Member, Qualification, Role, Slot, SlotKind, Study
from annotator.selectors.board import study_board
from annotator.selectors.gold import gold_answers, gold_tolerances
from annotator.services.gold import gold_add, gold_settings, member_let_in, member_try_again
from annotator.services.judgments import judgment_submit
from annotator.services.members import member_add
from annotator.services.refusals import NotQualified, TooManyLeases
from annotator.services.slots import slot_claim
from annotator.services.studies import study_add_items, study_close
from datasets.models import Clip, KnownAnswer, Pair
from tests.annotator.factories import (
    make_annotator,
    make_answer,
    make_pair,
    make_person,
    make_study,
    make_user,
    member_of,
    new_key,
)
from tests.annotator.known import make_known

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return (make_person(name="Ada"), make_person(name="Ben"))


@pytest.fixture
def known(people) -> list[KnownAnswer]:
    """Two pairs of each severity, one better on each side, and two ties."""
    rows = [make_known(*people, severity=n, better=side, onset=10) for n in range(1, 6) for side in "ab"]
    return [*rows, make_known(*people, better="tie"), make_known(*people, better="tie")]


@pytest.fixture
def study(known) -> Study:
    study = make_study(n_pairs=20, overlap=2)
    gold_add(study=study)
    return study


def settle(study, **changes):
    values = {
        "share": 0.2, "most": None, "tie_up_to": 2, "feedback": False, "qualification_size": 0, "qualification_pass": 0
    }  # fmt: skip
    gold_settings(study=study, **{**values, **changes})


def side_of(known: KnownAnswer, better: str, slot: Slot) -> str:
    """What somebody clicks who calls a clip better, or both alike."""
    return "tie" if better == "tie" else "left" if (better == "a") == slot.left_is_a else "right"


def work(study, annotator, *, answers: str = "right", most: int = 1000) -> list[Slot]:
    """Answer what comes, test questions as asked: right, wrong or tie. Return the slots in order."""
    done: list[Slot] = []
    while len(done) < most:
        lease = slot_claim(study=Study.objects.get(pk=study.pk), annotator=annotator)
        if lease is None:
            break
        slot = Slot.objects.select_related("item").get(pk=lease.slot.slot_id)
        overall = "left"
        if slot.item.is_gold:
            known = KnownAnswer.objects.get(pair=slot.item.pair_id)
            wrong = {"a": "b", "b": "a", "tie": "a"}[known.preference]
            better = {"right": known.preference, "wrong": wrong, "tie": "tie"}[answers]
            overall = side_of(known, better, slot)
        judgment_submit(
            annotator=annotator, token=str(lease.token), idempotency_key=new_key(), answer=make_answer(overall),
            active_ms=9,
        )  # fmt: skip
        done.append(slot)
    return done


def test_they_come_at_random_places_in_every_stretch(known):
    study = make_study(n_pairs=20, overlap=4)
    gold_add(study=study)
    settle(study, share=0.25, most=4)
    places = []
    # Their places are drawn from their numbers: that four share them all happens once in ten million times.
    for annotator in [make_annotator(study) for _ in range(4)]:
        kinds = [slot.kind for slot in work(study, annotator)]
        places.append([n for n, kind in enumerate(kinds) if kind == SlotKind.GOLD])

    for each in places:
        assert [place // 4 for place in each] == [0, 1, 2, 3]
    assert any(each != places[0] for each in places)


def test_everybody_gets_all_ordinary_pairs_and_no_question_twice(study):
    settle(study, share=0.5)
    annotator = make_annotator(study)
    slots = work(study, annotator)
    counts = Counter(slot.item_id for slot in slots)
    assert set(counts.values()) == {1}
    assert Counter(slot.kind for slot in slots)[SlotKind.ANSWER] == 20


def test_questions_that_are_not_due_do_not_come_at_the_end(study):
    settle(study, share=0.1)
    annotator = make_annotator(study)
    slots = work(study, annotator)
    # 20 ordinary pairs leave room for two stretches of ten, and a piece of a third.
    assert Counter(slot.kind for slot in slots)[SlotKind.GOLD] in (2, 3)


def test_who_joins_later_gets_them_from_where_they_are(known):
    study = make_study(n_pairs=20, overlap=1)
    annotator = make_annotator(study)
    work(study, annotator, most=5)
    gold_add(study=study, most=4)
    settle(study, share=0.5)
    assert all(slot.position >= 5 for slot in Slot.objects.filter(kind=SlotKind.GOLD))
    assert Counter(slot.kind for slot in work(study, annotator))[SlotKind.GOLD] == 4


def test_progress_tells_nothing_of_them(study):
    """The total stays what it is from pair to pair, test question or not."""
    settle(study, share=0.25, most=4)
    annotator = make_annotator(study)
    told = []
    for _ in range(24):
        lease = slot_claim(study=Study.objects.get(pk=study.pk), annotator=annotator)
        reply = judgment_submit(
            annotator=annotator, token=str(lease.token), idempotency_key=new_key(), answer=make_answer(), active_ms=9
        ).progress  # fmt: skip
        told += [lease.progress["total"], reply["total"]]
        assert reply["done"] == lease.progress["done"] + 1
    assert set(told) == {24}
    assert slot_claim(study=study, annotator=annotator) is None


def test_a_claim_and_an_answer_cost_what_they_did(study):
    settle(study, share=0.5)
    plain, asked = make_study(n_pairs=3), study

    def statements(study):
        annotator = make_annotator(study)
        counts = []
        for _ in range(4):
            with CaptureQueriesContext(
                connection,
            ) as seen:
                lease = slot_claim(study=study, annotator=annotator)
                if lease is None:
                    break
                token = str(lease.token)
                judgment_submit(
                    annotator=annotator, token=token, idempotency_key=new_key(), answer=make_answer(), active_ms=9
                )  # fmt: skip
            counts.append((Slot.objects.get(pk=lease.slot.slot_id).kind, len(seen)))
        return counts

    ordinary = {count for _, count in statements(plain)}
    with_gold = statements(asked)
    assert {kind for kind, _ in with_gold} == {SlotKind.ANSWER, SlotKind.GOLD}
    assert {count for _, count in with_gold} <= ordinary


def test_they_count_in_no_consensus_and_no_figure_of_agreement(study, django_capture_on_commit_callbacks):
    settle(study, share=0.5)
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            work(study, make_annotator(study))
    assert Judgment.objects.filter(item__is_gold=True).exists()
    assert not Consensus.objects.filter(item__is_gold=True).exists()
    board = study_board(Study.objects.get(pk=study.pk))
    assert (board.items, board.done, board.total) == (20, 40, 40)
    assert board.figures.answers == 40


@pytest.mark.parametrize(
    ("answers", "right"),
    [("right", {0, 1, 2, 3, 4, 5}), ("tie", {0, 1, 2}), ("wrong", set())],
)
def test_what_is_right_depends_on_the_severity(study, answers, right):
    settle(study, share=0.5)
    work(study, make_annotator(study), answers=answers)
    told = {answer.gap for answer in gold_answers(study) if answer.right}
    assert told == right
    assert {answer.gap for answer in gold_answers(study)} == {0, 1, 2, 3, 4, 5}


def test_the_tolerance_is_the_studys(study):
    settle(study, share=0.5, tie_up_to=4)
    study.refresh_from_db()
    work(study, make_annotator(study), answers="tie")
    assert {answer.gap for answer in gold_answers(study) if not answer.right} == {5}
    lines = gold_tolerances(study)
    assert [line.tie_is_right for line in lines] == [True, True, True, True, True, False]
    assert [line.pairs for line in lines] == [2] * 6
    assert [line.change for line in lines] == [None, *[pytest.approx(0.2 * n) for n in range(1, 6)]]


def test_marks_are_measured_from_the_onset_on_the_side_and_person_that_were_changed(study, people):
    settle(study, share=0.5)
    annotator, judged = make_annotator(study), 0
    ada, ben = people
    while (lease := slot_claim(study=study, annotator=annotator)) is not None:
        slot = Slot.objects.select_related("item__pair__known_answer").get(pk=lease.slot.slot_id)
        marks = []
        if slot.item.is_gold and slot.item.pair.known_answer.gap == 4:
            known = slot.item.pair.known_answer
            worse = "left" if (known.edited_side == "a") == slot.left_is_a else "right"
            other = "right" if worse == "left" else "left"
            marks = [
                {"person": ada.pk, "side": worse, "kind": "drift", "frame": 31},
                {"person": ada.pk, "side": worse, "kind": "swap", "frame": 17},
                {"person": ben.pk, "side": worse, "kind": "drift", "frame": 1},
                {"person": ada.pk, "side": other, "kind": "drift", "frame": 2},
            ]
            judged += 1
        judgment_submit(
            annotator=annotator, token=str(lease.token), idempotency_key=new_key(), answer=make_answer(marks=marks),
            active_ms=9,
        )  # fmt: skip
    assert judged == 2
    assert [answer.delay for answer in gold_answers(study) if answer.gap == 4] == [7, 7]
    assert {answer.delay for answer in gold_answers(study) if answer.gap != 4} == {None}


# ------------------------------------------------------------------ adding


def test_without_a_known_answer_a_sentence_says_what_to_do():
    with pytest.raises(ValidationError, match="make a batch of distortions with pairs first"):
        gold_add(study=make_study())


def test_only_what_was_asked_for_is_added(known):
    study = make_study()
    assert gold_add(study=study, gaps=[3, 4]).added == 4
    with pytest.raises(ValidationError, match="No pair with a known answer is left that fits"):
        gold_add(study=study, gaps=[3])
    assert gold_add(study=study, most=4, batches=["Batch one"]).added == 4
    gaps = Counter(
        each.gap
        for each in KnownAnswer.objects.filter(pair__items__study=study).select_related("edit", "other")
    )
    assert gaps[3] == gaps[4] == 2
    assert all(gaps[n] == 1 for n in (0, 1, 2, 5))


def test_what_is_reserved_for_tests_is_left_out_unless_asked_for(people):
    make_known(*people, reserved_for_test=True)
    study = make_study()
    with pytest.raises(ValidationError, match="reserved for test splits"):
        gold_add(study=study)
    make_known(*people)
    done = gold_add(study=study)
    assert (done.added, done.notes) == (1, ["1 pairs were left out: they are reserved for test splits."])
    assert gold_add(study=study, with_reserved=True).added == 1


def test_a_pair_is_an_ordinary_item_or_a_question(known):
    study = make_study(n_pairs=2)
    study_add_items(study=study, pairs=Pair.objects.filter(pk=known[0].pair_id))
    gold_add(study=study)
    assert Item.objects.filter(study=study, pair=known[0].pair_id).get().is_gold is False


def test_a_closed_study_takes_none(study, people):
    study_close(study=study)
    with pytest.raises(ValidationError, match="closed"):
        gold_add(study=study)


def test_new_items_keep_what_annotators_have_met(study, people):
    settle(study, share=0.5)
    annotator = make_annotator(study)
    work(study, annotator, most=6)
    met = set(Slot.objects.filter(kind=SlotKind.GOLD, state="done").values_list("pk", flat=True))
    assert met
    study_add_items(study=study, pairs=Pair.objects.filter(pk=make_pair(*people).pk))
    assert met <= set(Slot.objects.filter(kind=SlotKind.GOLD).values_list("pk", flat=True))
    assert (
        max(Counter(Slot.objects.filter(reserved_for=annotator).values_list("item", flat=True)).values()) == 1
    )


# ------------------------------------------------------------------ what annotators hear


def test_they_hear_nothing_unless_the_study_says_so(study):
    settle(study, share=0.5)
    work(study, make_annotator(study))
    assert not [judgment for judgment in Judgment.objects.all() if "feedback" in judgment.progress]


def test_they_hear_what_was_done_and_the_same_again(study, people):
    settle(study, share=0.5, feedback=True)
    annotator = make_annotator(study)
    heard: dict[bool, Any] = {}
    while (lease := slot_claim(study=Study.objects.get(pk=study.pk), annotator=annotator)) is not None:
        slot = Slot.objects.select_related("item").get(pk=lease.slot.slot_id)
        key, answer = new_key(), make_answer("left")
        send = partial(
            judgment_submit, annotator=annotator, token=str(lease.token), idempotency_key=key, answer=answer,
            active_ms=9,
        )  # fmt: skip
        reply = send()
        assert send().feedback == reply.feedback
        if not slot.item.is_gold:
            assert reply.feedback is None
            continue
        assert reply.feedback is not None
        known = KnownAnswer.objects.get(pair=slot.item.pair_id)
        side = "left" if (known.edited_side == "a") == slot.left_is_a else "right"
        heard[known.preference == "tie"] = reply.feedback
        if known.gap:
            assert reply.feedback["text"] == f"Ada’s face was changed on the {side} from frame 10 on."
            assert reply.feedback["right"] == (side == "right")
    assert heard[True] == {"right": False, "text": "Both sides keep everybody: only the picture was changed."}


def test_what_is_taken_back_after_it_was_told_does_not_count(study):
    settle(study, share=0.5, feedback=True)
    annotator = make_annotator(study)
    slots = work(study, annotator, answers="wrong", most=4)
    slot = next(each for each in slots if each.kind == SlotKind.GOLD)
    first = Judgment.objects.get(slot=slot)
    known = KnownAnswer.objects.get(pair=slot.item.pair_id)
    Judgment.objects.create(
        study=study, item=slot.item, slot=slot, annotator=annotator, idempotency_key=new_key(), supersedes=first,
        left_is_a=slot.left_is_a, overall=side_of(known, known.preference, slot), active_ms=1,
    )  # fmt: skip
    study.refresh_from_db()
    assert not any(answer.right for answer in gold_answers(study))
    Study.objects.filter(pk=study.pk).update(gold_feedback=False)
    study.refresh_from_db()
    assert any(answer.right for answer in gold_answers(study))


# ------------------------------------------------------------------ the round before the first pair


@pytest.fixture
def round_of_four(study) -> Study:
    settle(study, share=0.2, qualification_size=4, qualification_pass=3)
    return study


def test_the_round_comes_first_and_tells_how_it_went(round_of_four):
    annotator = make_annotator(round_of_four)
    assert member_of(round_of_four, annotator).qualification == Qualification.OPEN
    slots = work(round_of_four, annotator)
    assert [slot.kind for slot in slots[:4]] == [SlotKind.QUALIFY] * 4
    assert SlotKind.QUALIFY not in {slot.kind for slot in slots[4:]}
    place = member_of(round_of_four, annotator)
    assert (place.qualification, place.n_done) == (Qualification.PASSED, len(slots) - 4)
    last = Judgment.objects.filter(slot=slots[3]).get()
    assert last.progress["notice"].startswith("You had 4 of the first 4 right: welcome.")
    assert (last.progress["done"], last.progress["total"]) == (4, 4)


def test_with_the_last_one_in_hand_the_next_pair_waits(round_of_four):
    annotator = make_annotator(round_of_four)
    work(round_of_four, annotator, most=3)
    lease = slot_claim(study=round_of_four, annotator=annotator)
    with pytest.raises(TooManyLeases):
        slot_claim(study=round_of_four, annotator=annotator, holding=[str(lease.token)])


def test_a_round_that_loses_its_last_pair_ends_with_what_there_was(round_of_four):
    annotator = make_annotator(round_of_four)
    work(round_of_four, annotator, most=3)
    last = Slot.objects.get(reserved_for=annotator, kind=SlotKind.QUALIFY, state="free")
    Clip.objects.filter(pk=last.item.pair.clip_a_id).update(
        state="removed", file="", playback_file="", poster_file="", filmstrip_file=""
    )
    assert SlotKind.ANSWER in {slot.kind for slot in work(round_of_four, annotator)}
    assert member_of(round_of_four, annotator).qualification == Qualification.PASSED


def test_who_fails_is_told_so_and_gets_no_pair(round_of_four):
    annotator = make_annotator(round_of_four)
    with pytest.raises(NotQualified, match="ask them"):
        work(round_of_four, annotator, answers="wrong")
    assert member_of(round_of_four, annotator).qualification == Qualification.FAILED
    last = Judgment.objects.latest("pk")
    assert last.progress["notice"] == "You had 0 of the first 4 right, and 3 are needed."


def test_a_lead_lets_somebody_in(round_of_four):
    annotator, lead = make_annotator(round_of_four), make_user()
    with pytest.raises(NotQualified):
        work(round_of_four, annotator, answers="wrong")
    place = member_let_in(member=member_of(round_of_four, annotator), by=lead)
    assert (place.qualification, place.let_in_by) == (Qualification.PASSED, lead)
    assert SlotKind.ANSWER in {slot.kind for slot in work(round_of_four, annotator)}
    with pytest.raises(ValidationError, match="in already"):
        member_let_in(member=place, by=lead)


def test_another_try_asks_what_was_not_asked_before(round_of_four):
    annotator = make_annotator(round_of_four)
    with pytest.raises(NotQualified):
        work(round_of_four, annotator, answers="wrong")
    first = set(Slot.objects.filter(kind=SlotKind.QUALIFY).values_list("item", flat=True))
    place = member_try_again(member=member_of(round_of_four, annotator))
    assert (place.qualification, place.qualification_tries) == (Qualification.OPEN, 2)
    slots = work(round_of_four, annotator)
    assert member_of(round_of_four, annotator).qualification == Qualification.PASSED
    assert not first & {slot.item_id for slot in slots}
    with pytest.raises(ValidationError, match="Only who failed"):
        member_try_again(member=member_of(round_of_four, annotator))


def test_another_try_wants_enough_that_was_not_seen(round_of_four):
    settle(round_of_four, qualification_size=7, qualification_pass=7)
    annotator = make_annotator(round_of_four)
    with pytest.raises(NotQualified):
        work(round_of_four, annotator, answers="wrong")
    with pytest.raises(ValidationError, match=r"7 test questions that .* has not seen, and the study has 5"):
        member_try_again(member=member_of(round_of_four, annotator))


def test_a_round_longer_than_there_are_questions_is_refused(study):
    with pytest.raises(ValidationError, match="wants 13 test questions, and the study has 12"):
        settle(study, qualification_size=13, qualification_pass=1)


def test_whoever_works_already_is_not_asked(study):
    veteran, fresh = make_annotator(study), make_annotator(study)
    work(study, veteran, most=2)
    settle(study, qualification_size=2, qualification_pass=1)
    assert member_of(study, veteran).qualification == Qualification.NOT_ASKED
    assert member_of(study, fresh).qualification == Qualification.OPEN
    settle(study)
    assert member_of(study, fresh).qualification == Qualification.PASSED
    assert SlotKind.QUALIFY not in {slot.kind for slot in work(study, fresh)}


def test_leads_and_reviewers_are_asked_nothing(round_of_four):
    for role in (Role.LEAD, Role.REVIEWER):
        user = make_user()
        member_add(study=round_of_four, user=user, role=role)
        assert not Slot.objects.filter(reserved_for=user).exists()


def test_the_database_knows_the_states(round_of_four):
    annotator = make_annotator(round_of_four)
    place = Member.objects.filter(study=round_of_four, user=annotator)
    slot = Slot.objects.filter(kind=SlotKind.ANSWER)[:1].values("pk")
    for wrong in (
        lambda: place.update(qualification="failed", qualification_tries=0),
        lambda: place.update(let_in_by=annotator),
        lambda: Slot.objects.filter(pk__in=slot).update(kind=SlotKind.GOLD),
        lambda: Study.objects.filter(pk=round_of_four.pk).update(qualification_pass=5),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
