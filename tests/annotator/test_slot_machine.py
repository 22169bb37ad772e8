"""Any order of claims, answers, duplicates, late answers, undos, pauses: what must always hold, holds."""

import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from annotator.models import Judgment, Member, Slot, Study
from annotator.services.judgments import Submission, judgment_submit
from annotator.services.members import member_remove
from annotator.services.refusals import StudyNotOpen, TooManyLeases
from annotator.services.slots import MAX_LEASES, slot_claim, slot_release, slots_heartbeat
from annotator.services.studies import study_pause, study_resume
from config.accounts.models import User
from tests.annotator.factories import expire, make_annotator, make_answer, make_study

VERDICTS = st.sampled_from(["left_much", "left", "tie", "right", "both_bad", "cannot_judge"])
PEOPLE = st.integers(0, 2)


@dataclass(frozen=True)
class Sent:
    """An answer for which a reply came."""

    annotator: User
    token: str
    key: uuid.UUID
    overall: str
    reply: Submission


class SlotMachine(RuleBasedStateMachine):
    """Three annotators in a study of a few items, where every place is wanted by several of them."""

    leases = Bundle("leases")
    answers = Bundle("answers")

    def __init__(self) -> None:
        super().__init__()
        self.everything = transaction.atomic()
        self.everything.__enter__()
        self.sent: dict[uuid.UUID, Sent] = {}
        self.is_paused = False

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.everything.__exit__(None, None, None)

    @initialize(
        n_pairs=st.integers(1, 4), overlap=st.integers(1, 3), repeat_share=st.sampled_from([0.0, 0.5])
    )
    def make(self, n_pairs: int, overlap: int, repeat_share: float) -> None:
        self.study = make_study(n_pairs=n_pairs, overlap=overlap, repeat_share=repeat_share)
        self.annotators = [make_annotator(self.study) for _ in range(3)]
        self.holding: dict[User, list[str]] = {annotator: [] for annotator in self.annotators}

    @rule(target=leases, who=PEOPLE, forgets=st.booleans())
    def claim(self, who: int, forgets: bool) -> Any:
        annotator = self.annotators[who]
        if forgets:
            self.holding[annotator] = []
        try:
            lease = slot_claim(study=self.study, annotator=annotator, holding=self.holding[annotator])
        except StudyNotOpen:
            assert self.is_paused
            return multiple()
        except TooManyLeases:
            assert len(self.holding[annotator]) >= MAX_LEASES
            return multiple()
        except Member.DoesNotExist:
            assert not Member.objects.filter(study=self.study, user=annotator).exists()
            return multiple()
        assert not self.is_paused
        if lease is None:
            return multiple()
        token = str(lease.token)
        assert token not in self.holding[annotator]
        self.holding[annotator].append(token)
        return (annotator, token)

    @rule(target=answers, lease=leases, overall=VERDICTS)
    def submit(self, lease: tuple[User, str], overall: str) -> Sent:
        """With a lease of any age: still held, run out, taken over, or answered before."""
        annotator, token = lease
        sent = self._send(annotator, token, uuid.uuid4(), overall)
        assert sent.reply.created
        return sent

    @rule(answer=answers, overall=VERDICTS)
    def send_again(self, answer: Sent, overall: str) -> None:
        again = self._submit(answer.annotator, answer.token, answer.key, overall)
        assert not again.created
        assert (again.judgment_id, again.surplus, again.progress) == (
            answer.reply.judgment_id,
            answer.reply.surplus,
            answer.reply.progress,
        )

    @rule(target=answers, answer=answers, overall=VERDICTS)
    def take_back(self, answer: Sent, overall: str) -> Sent:
        later = self._send(
            answer.annotator, answer.token, uuid.uuid4(), overall, supersedes=answer.reply.judgment_id
        )
        assert later.reply.surplus == answer.reply.surplus
        return later

    @rule(lease=leases)
    def keep(self, lease: tuple[User, str]) -> None:
        slots_heartbeat(annotator=lease[0], tokens=[lease[1]])

    @rule(lease=leases)
    def release(self, lease: tuple[User, str]) -> None:
        slot_release(annotator=lease[0], token=lease[1])

    @rule()
    def time_passes(self) -> None:
        expire(self.study)

    @rule()
    def pause_or_resume(self) -> None:
        (study_resume if self.is_paused else study_pause)(study=self.study)
        self.is_paused = not self.is_paused

    @rule()
    def one_leaves(self) -> None:
        member = Member.objects.filter(study=self.study, user=self.annotators[2]).first()
        if member is not None:
            member_remove(member=member)

    def _send(
        self, annotator: User, token: str, key: uuid.UUID, overall: str, supersedes: int | None = None
    ) -> Sent:
        reply = self._submit(annotator, token, key, overall, supersedes)
        if token in self.holding[annotator]:
            self.holding[annotator].remove(token)
        sent = Sent(annotator, token, key, overall, reply)
        self.sent[key] = sent
        return sent

    def _submit(
        self, annotator: User, token: str, key: uuid.UUID, overall: str, supersedes: int | None = None
    ) -> Submission:
        return judgment_submit(
            annotator=annotator,
            token=token,
            idempotency_key=key,
            answer=make_answer(overall),
            active_ms=1000,
            supersedes=supersedes,
        )

    @invariant()
    def every_accepted_answer_is_stored_as_it_was_sent(self) -> None:
        rows = Judgment.objects.values_list("idempotency_key", "pk", "overall", "annotator", "surplus")
        assert {row[0]: row[1:] for row in rows} == {
            key: (sent.reply.judgment_id, sent.overall, sent.annotator.pk, sent.reply.surplus)
            for key, sent in self.sent.items()
        }

    @invariant()
    def every_place_is_filled_once_and_nobody_answers_an_item_twice(self) -> None:
        first = Judgment.objects.filter(surplus=False, supersedes=None)
        per_slot = Counter(first.values_list("slot", flat=True))
        per_item = Counter(first.values_list("item", "annotator"))
        assert set(per_slot.values()) <= {1}
        assert set(per_item.values()) <= {1}
        done = Slot.objects.filter(state="done")
        assert {slot.pk: slot.annotator_id for slot in done} == dict(first.values_list("slot", "annotator"))

    @invariant()
    def at_the_end_of_every_chain_one_judgment_counts(self) -> None:
        counted = Judgment.objects.filter(surplus=False, superseded_by=None).values_list("slot", flat=True)
        assert sorted(counted) == sorted(Slot.objects.filter(state="done").values_list("pk", flat=True))

    @invariant()
    def members_know_how_much_they_did(self) -> None:
        for member in Member.objects.all():
            done = Slot.objects.filter(study=member.study, annotator=member.user, state="done")
            assert member.n_done == done.count()

    @invariant()
    def no_place_that_is_filled_counts_as_left(self) -> None:
        for study in Study.objects.all():
            here = Member.objects.filter(study=study).aggregate(n=Sum("n_done"))["n"] or 0
            assert study.n_done_by_former + here == Slot.objects.filter(study=study, state="done").count()

    @invariant()
    def repeats_are_the_same_annotators_with_the_sides_swapped(self) -> None:
        for repeat in Slot.objects.filter(repeat_of__isnull=False).exclude(state="waiting"):
            assert repeat.repeat_of.state == "done"
            assert repeat.reserved_for_id == repeat.repeat_of.annotator_id
            assert repeat.annotator_id in (None, repeat.reserved_for_id)
            assert repeat.left_is_a is not repeat.repeat_of.left_is_a


@pytest.mark.django_db
def test_the_slot_machine() -> None:
    run_state_machine_as_test(
        SlotMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
