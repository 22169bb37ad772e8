"""What becomes of an answer: stored once, never lost, never counted twice."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotator.models import Judgment, Mark, PersonJudgment, Slot, SlotKind, SlotState
from config.accounts.models import User

from .answers import Answer, Questions, answer_check
from .consensus import item_consensus_refresh
from .progress import RECENT, progress_of, review_progress_of
from .refusals import KeyTaken, TokenUnknown
from .slots import parse_own
from .statements import AnswerPlace, count_answer, fill_slot, lock_answer_place

# A repeat is due after this many other judgments of its annotator, plus up to as many again, so that nobody can
# count along.
REPEAT_AFTER = 10

MAX_ACTIVE_MS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Submission:
    judgment_id: int
    surplus: bool
    progress: dict[str, Any]
    created: bool  # False: this key was answered before, and this is that reply again


def judgment_submit(
    *,
    annotator: User,
    token: str,
    idempotency_key: uuid.UUID,
    answer: Any,
    active_ms: int,
    supersedes: int | None = None,
) -> Submission:
    """Store an answer for the slot of a lease token.

    It fills the slot if the annotator still holds it, in time or late. If the slot went to somebody else, or the
    annotator answered it before, the answer is kept as surplus. With `supersedes`, the number of an earlier judgment of
    theirs on this slot, it takes that one's place. A key that was used before gets the stored reply,
    whatever else the request says: the first answer under a key is the answer.

    Raises TokenUnknown, TokenForeign, KeyTaken, and ValidationError for an answer that makes no sense.
    """
    lease = parse_own(token, annotator)
    try:
        with transaction.atomic():
            place = lock_answer_place(slot_id=lease.slot_id, annotator_id=annotator.pk)
            if place is None:
                raise TokenUnknown("The study of this pair is gone. Reload the page to go on.")
            # While the slot waits for this answer the key is new, or clashes below: one query saved.
            if not _is_held(place, annotator) and (stored := _stored(idempotency_key, annotator)):
                return stored
            return _store(place, annotator, idempotency_key, answer, active_ms, supersedes)
    except IntegrityError:
        # The same key at the same time on another slot: one of the two was first.
        stored = _stored(idempotency_key, annotator)
        if stored is None:
            raise
        return stored


def _is_held(place: AnswerPlace, annotator: User) -> bool:
    """Whether the slot waits for this annotator's answer, be its time over or not.

    Somebody who was taken off the study fills nothing any more; what they still send is kept as surplus.
    """
    is_theirs = place.holder_id == annotator.pk and place.state == SlotState.LEASED
    return is_theirs and place.member_id is not None


def _stored(key: uuid.UUID, annotator: User) -> Submission | None:
    row = (
        Judgment.objects.filter(idempotency_key=key)
        .values_list("pk", "surplus", "progress", "annotator_id")
        .first()
    )
    if row is None:
        return None
    judgment_id, surplus, progress, annotator_id = row
    if annotator_id != annotator.pk:
        raise KeyTaken("This idempotency key belongs to another answer.")
    return Submission(judgment_id, surplus, progress, created=False)


def _store(
    place: AnswerPlace, annotator: User, key: uuid.UUID, raw: Any, active_ms: int, supersedes: int | None
) -> Submission:
    answer = answer_check(raw, _questions(place))
    earlier = _last_of_chain(place, annotator, supersedes) if supersedes is not None else None
    if earlier is not None:
        fills, surplus = False, earlier.surplus
    else:
        fills = _is_held(place, annotator)
        surplus = not fills

    n_done, recent_ms, n_open = place.n_done, place.recent_ms, None
    if fills:
        assert place.member_id is not None
        recent_ms = [*recent_ms, active_ms][-RECENT:]
        n_open = fill_slot(slot_id=place.slot_id)
        n_done = count_answer(member_id=place.member_id, recent_ms=recent_ms)
        _repeat_free(place, annotator, n_done)
    progress = _progress(place, n_done, recent_ms)
    judgment = Judgment(
        study_id=place.study_id,
        item_id=place.item_id,
        slot_id=place.slot_id,
        annotator=annotator,
        idempotency_key=key,
        supersedes=earlier,
        surplus=surplus,
        is_review=place.kind == SlotKind.REVIEW,
        is_simulated=annotator.is_simulated,
        left_is_a=place.left_is_a,
        overall=answer.overall,
        remark=answer.remark,
        active_ms=min(active_ms, MAX_ACTIVE_MS),
        progress=progress,
    )
    judgment.save(force_insert=True)
    _details_create(judgment, answer)
    if not surplus and place.item_repeats_id is None and _is_whole(place, n_open):
        # After the commit, and allowed to fail: an answer is never lost to what is computed from it.
        transaction.on_commit(partial(item_consensus_refresh, item=place.item_id), robust=True)
    return Submission(judgment.pk, surplus, progress, created=True)


def _questions(place: AnswerPlace) -> Questions:
    return Questions(
        overall=place.ask_overall,
        people=place.ask_people,
        marks=place.ask_marks,
        remark=place.ask_remark,
        person_ids=place.person_ids,
        frames=place.frames,
    )


def _last_of_chain(place: AnswerPlace, annotator: User, supersedes: int) -> Judgment:
    """Return the judgment to supersede: the newest of the chain, should two tabs have taken back the same one."""
    own = Judgment.objects.filter(slot=place.slot_id, annotator=annotator)
    named = own.filter(pk=supersedes).first()
    if named is None:
        raise ValidationError(
            {"supersedes": "Only an answer of your own to the same pair can be taken back."}
        )
    while (later := own.filter(supersedes_id=named.pk).first()) is not None:
        named = later
    return named


def _progress(place: AnswerPlace, n_done: int, recent_ms: list[int]) -> dict[str, Any]:
    if place.kind == SlotKind.REVIEW:
        return review_progress_of(study_id=place.study_id, n_done=n_done, recent_ms=recent_ms)
    return progress_of(
        n_done=n_done,
        recent_ms=recent_ms,
        n_items=place.n_items,
        n_slots=place.n_slots,
        n_done_by_all=place.n_done_by_all + n_done - place.n_done,
    )


def _details_create(judgment: Judgment, answer: Answer) -> None:
    people = sorted(answer.people.keys() | answer.no_drift)
    if people:
        PersonJudgment.objects.bulk_create(
            PersonJudgment(
                judgment=judgment,
                person_id=person,
                verdict=answer.people.get(person, ""),
                no_drift=person in answer.no_drift,
            )
            for person in people
        )
    if answer.marks:
        Mark.objects.bulk_create(
            Mark(judgment=judgment, person_id=m.person_id, side=m.side, kind=m.kind, frame=m.frame)
            for m in answer.marks
        )


def _repeat_free(place: AnswerPlace, annotator: User, n_done: int) -> None:
    """Let the repeat of a slot that was just filled come to the same annotator, some judgments later."""
    if place.waiting_repeat_id is None:
        return
    due = n_done + REPEAT_AFTER + place.waiting_repeat_id % REPEAT_AFTER
    Slot.objects.filter(pk=place.waiting_repeat_id, state=SlotState.WAITING).update(
        state=SlotState.FREE, reserved_for=annotator, position=due
    )


def _is_whole(place: AnswerPlace, n_open: int | None) -> bool:
    """Whether every place of the item for an answer is filled; `n_open` is how many are not, where known."""
    if n_open is not None:
        return n_open == 0
    answers = Slot.objects.filter(item=place.item_id, kind=SlotKind.ANSWER)
    return not answers.exclude(state=SlotState.DONE).exists()
