"""Answers given as the workbench gives them: claimed, then submitted."""

from collections.abc import Callable

from django.test import TestCase

from annotator.models import Judgment, Slot, Study
from annotator.services.judgments import judgment_submit
from annotator.services.slots import slot_claim
from config.accounts.models import User
from tests.annotator.factories import make_answer, new_key

Say = Callable[[Slot], str]


def answer_next(
    study: Study, user: User, say: Say | str = "left", *, active_ms: int = 20_000
) -> Judgment | None:
    """Judge the next slot; None when nothing is left. `say` is a verdict, or finds one for the slot."""
    lease = slot_claim(study=study, annotator=user)
    if lease is None:
        return None
    slot = Slot.objects.select_related("item__pair__clip_a").get(pk=lease.slot.slot_id)
    verdict = say if isinstance(say, str) else say(slot)
    people = [subject.person_id for subject in slot.item.pair.clip_a.clip_subjects.all()]
    each = verdict.removesuffix("_much") if verdict.startswith(("left", "right")) else "same"
    with TestCase.captureOnCommitCallbacks(
        execute=True
    ):  # the consensus is made when the answer is committed
        sent = judgment_submit(
            annotator=user,
            token=str(lease.token),
            idempotency_key=new_key(),
            answer=make_answer(verdict, people={str(person): each for person in people}),
            active_ms=active_ms,
        )
    return Judgment.objects.get(pk=sent.judgment_id)


def answer_one(study: Study, user: User, say: Say | str = "left", *, active_ms: int = 20_000) -> Judgment:
    """Judge the next slot, of which there must be one."""
    judgment = answer_next(study, user, say, active_ms=active_ms)
    assert judgment is not None, "nothing is left to judge"
    return judgment


def answer_all(study: Study, user: User, say: Say | str = "left", *, active_ms: int = 20_000) -> int:
    """Judge until nothing is left, and return how many there were."""
    count = 0
    while answer_next(study, user, say, active_ms=active_ms):
        count += 1
    return count


def for_clip_a(slot: Slot) -> str:
    return "left" if slot.left_is_a else "right"


def for_clip_b(slot: Slot) -> str:
    return "right" if slot.left_is_a else "left"
