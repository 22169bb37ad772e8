import pytest

from annotator.models import Consensus, Role, Slot, SlotKind, SlotState
from annotator.services.consensus import MAX_REVIEWS, item_consensus_refresh
from annotator.services.judgments import judgment_submit
from annotator.services.slots import slot_claim
from datasets.models import Person
from tests.annotator.factories import make_annotator, make_answer, make_study, new_key
from tests.annotator.judging import answer, items_of, judge

pytestmark = pytest.mark.django_db


def review_slots(study):
    return Slot.objects.filter(study=study, kind=SlotKind.REVIEW)


def test_a_vote_is_written_down():
    study = make_study(n_pairs=1, overlap=3)
    (item,) = items_of(study)
    for verdict in ["a_much", "a", "a"]:
        judge(item, make_annotator(study), verdict)

    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    assert (consensus.state, consensus.method, consensus.n_judgments) == ("agreed", "vote", 3)
    assert (consensus.prob_a, consensus.prob_tie) == pytest.approx((3.5 / 4.5, 0.5 / 4.5))
    assert consensus.agreement == 1
    assert not review_slots(study).exists()


def test_it_takes_few_queries(django_assert_max_num_queries):
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    for verdict in ["a", "b"]:
        judge(item, make_annotator(study), verdict)

    # The lock, answers, people, the row, and for a dispute position and slot; a savepoint or two around them.
    with django_assert_max_num_queries(10):
        item_consensus_refresh(item=item.pk)


def test_a_dispute_makes_one_review_slot():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    for verdict in ["a", "b"]:
        judge(item, make_annotator(study), verdict)

    item_consensus_refresh(item=item.pk)
    item_consensus_refresh(item=item.pk)

    slot = review_slots(study).get()
    assert (slot.item_id, slot.state, slot.slot_no) == (item.pk, SlotState.FREE, 2)
    assert Consensus.objects.get(item=item).state == "disputed"


def test_a_changed_mind_settles_the_dispute_and_withdraws_the_slot():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "a")
    second = make_annotator(study)
    before = judge(item, second, "b")
    item_consensus_refresh(item=item.pk)

    answer(before.slot, second, "a", supersedes=before)
    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    assert (consensus.state, consensus.n_judgments) == ("agreed", 2)
    assert not review_slots(study).exists()


def test_a_slot_in_a_reviewers_hands_stays():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    first, second = make_annotator(study), make_annotator(study)
    before = judge(item, first, "a")
    judge(item, second, "b")
    item_consensus_refresh(item=item.pk)
    assert slot_claim(study=study, annotator=make_annotator(study, Role.REVIEWER)) is not None

    answer(before.slot, first, "b", supersedes=before)
    item_consensus_refresh(item=item.pk)

    assert review_slots(study).get().state == SlotState.LEASED


def test_surplus_answers_do_not_count():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    slot = judge(item, make_annotator(study), "a").slot
    judge(item, make_annotator(study), "a")
    answer(slot, make_annotator(study), "b", surplus=True)

    item_consensus_refresh(item=item.pk)

    assert Consensus.objects.get(item=item).n_judgments == 2


def test_a_reviewer_decides():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    people = list(Person.objects.order_by("id").values_list("pk", flat=True))
    judge(item, make_annotator(study), "a", {people[0]: "a", people[1]: "same"})
    judge(item, make_annotator(study), "b", {people[0]: "b", people[1]: "same"})
    item_consensus_refresh(item=item.pk)

    judge(item, make_annotator(study, Role.REVIEWER), "b", {people[0]: "a"}, kind=SlotKind.REVIEW)
    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    assert (consensus.state, consensus.method, consensus.n_judgments) == ("agreed", "review", 3)
    assert consensus.prob_b > max(consensus.prob_a, consensus.prob_tie)
    first, second = (consensus.people[str(person)] for person in people)
    assert first["state"] == "agreed"
    assert first["prob_a"] > 0.5
    assert (second["state"], second["n"]) == ("agreed", 2)


def test_a_reviewer_who_cannot_judge_leaves_it_to_the_next():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "a")
    judge(item, make_annotator(study), "b")
    item_consensus_refresh(item=item.pk)
    reviewer = make_annotator(study, Role.REVIEWER)
    judge(item, reviewer, "cannot_judge", kind=SlotKind.REVIEW)
    item_consensus_refresh(item=item.pk)

    assert Consensus.objects.get().state == "disputed"
    free = review_slots(study).get(state=SlotState.FREE)
    assert free.slot_no == 3
    assert slot_claim(study=study, annotator=reviewer) is None
    assert slot_claim(study=study, annotator=make_annotator(study, Role.REVIEWER)) is not None
    Slot.objects.filter(pk=free.pk).update(state=SlotState.FREE, annotator=None, lease=None)

    judge(item, make_annotator(study, Role.REVIEWER), "b", kind=SlotKind.REVIEW)
    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get()
    assert (consensus.state, consensus.method, consensus.n_judgments) == ("agreed", "review", 4)
    assert consensus.prob_b > max(consensus.prob_a, consensus.prob_tie)


def test_a_review_that_could_judge_decides_whoever_comes_after_it():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "a")
    judge(item, make_annotator(study), "b")
    item_consensus_refresh(item=item.pk)
    reviewer = make_annotator(study, Role.REVIEWER)
    first = judge(item, reviewer, "cannot_judge", kind=SlotKind.REVIEW)
    item_consensus_refresh(item=item.pk)
    judge(item, make_annotator(study, Role.REVIEWER), "cannot_judge", kind=SlotKind.REVIEW)
    answer(first.slot, reviewer, "a", supersedes=first)
    item_consensus_refresh(item=item.pk)

    assert Consensus.objects.get().state == "agreed"


def test_what_nobody_can_judge_is_not_asked_for_ever():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "a")
    judge(item, make_annotator(study), "b")
    item_consensus_refresh(item=item.pk)
    for _ in range(MAX_REVIEWS):
        judge(item, make_annotator(study, Role.REVIEWER), "cannot_judge", kind=SlotKind.REVIEW)
        item_consensus_refresh(item=item.pk)

    assert Consensus.objects.get().state == "disputed"
    assert review_slots(study).count() == MAX_REVIEWS
    assert not review_slots(study).exclude(state=SlotState.DONE).exists()


def test_each_person_has_a_consensus():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    people = list(Person.objects.order_by("id").values_list("pk", flat=True))
    judge(item, make_annotator(study), "tie", {people[0]: "a", people[1]: "b"})
    judge(item, make_annotator(study), "tie", {people[0]: "a"})

    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    first, second = (consensus.people[str(person)] for person in people)
    assert (first["prob_a"], first["prob_same"], first["prob_b"]) == pytest.approx(
        (2.5 / 3.5, 0.5 / 3.5, 0.5 / 3.5)
    )
    assert (first["n"], second["n"]) == (2, 1)


def test_people_speak_for_the_whole_where_the_study_asks_for_them_only():
    study = make_study(n_pairs=1, overlap=2, ask_overall=False)
    (item,) = items_of(study)
    people = list(Person.objects.order_by("id").values_list("pk", flat=True))
    for _ in range(2):
        judge(item, make_annotator(study), "", {people[0]: "b", people[1]: "same"})

    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    assert consensus.state == "agreed"
    assert consensus.prob_b == pytest.approx(2.5 / 3.5)


def test_both_bad_and_simulated_answers_are_counted_apart():
    study = make_study(n_pairs=1, overlap=3)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "both_bad")
    judge(item, make_annotator(study, is_simulated=True), "both_bad")
    judge(item, make_annotator(study), "tie")

    item_consensus_refresh(item=item.pk)

    consensus = Consensus.objects.get(item=item)
    assert (consensus.both_bad, consensus.n_simulated, consensus.state) == (2, 1, "agreed")
    assert consensus.prob_tie == pytest.approx(3.5 / 4.5)


def test_a_repeat_has_no_consensus():
    study = make_study(n_pairs=2, overlap=1, repeat_share=0.5)
    repeat = study.items.get(repeat_of__isnull=False)
    judge(repeat, make_annotator(study), "a")

    assert item_consensus_refresh(item=repeat.pk) is None
    assert not Consensus.objects.exists()


def test_the_last_answer_to_an_item_makes_its_consensus(django_capture_on_commit_callbacks):
    study = make_study(n_pairs=1, overlap=2)

    for verdict in ["left", "right"]:
        annotator = make_annotator(study)
        lease = slot_claim(study=study, annotator=annotator)
        assert lease is not None
        with django_capture_on_commit_callbacks(execute=True):
            judgment_submit(
                annotator=annotator,
                token=str(lease.token),
                idempotency_key=new_key(),
                answer=make_answer(verdict),
                active_ms=1000,
            )

    # The second slot has the sides swapped: left then right is the same clip twice.
    assert Consensus.objects.get().state == "agreed"


def test_a_dispute_goes_through_a_reviewers_hands(django_capture_on_commit_callbacks):
    study = make_study(n_pairs=1, overlap=2)

    def claim_and_answer(role: Role, verdict: str) -> None:
        annotator = make_annotator(study, role)
        lease = slot_claim(study=study, annotator=annotator)
        assert lease is not None
        with django_capture_on_commit_callbacks(execute=True):
            judgment_submit(
                annotator=annotator,
                token=str(lease.token),
                idempotency_key=new_key(),
                answer=make_answer(verdict),
                active_ms=1000,
            )

    # Sides alternate: left twice is one clip, then the other.
    claim_and_answer(Role.ANNOTATOR, "left")
    assert not Consensus.objects.exists()
    claim_and_answer(Role.ANNOTATOR, "left")
    assert Consensus.objects.get().state == "disputed"

    claim_and_answer(Role.REVIEWER, "tie")

    consensus = Consensus.objects.get()
    assert (consensus.state, consensus.method) == ("agreed", "review")
    assert consensus.prob_tie > max(consensus.prob_a, consensus.prob_b)
