"""What becomes of an answer: stored once, never lost, never counted twice."""

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from annotator.models import Judgment, Mark, PersonJudgment, SlotKind, SlotState
from config.accounts.models import User

from .answers import Answer, Questions, answer_check
from .consensus import item_consensus_refresh
from .gold_reply import gold_reply, is_told, round_end
from .progress import RECENT, progress_of, review_progress_of, round_progress_of
from .refusals import KeyTaken, TokenUnknown
from .slots import parse_own
from .statements.answers import AnswerPlace, Filling, answer_write, lock_answer_place

# A repeat is due after this many other judgments of its annotator, plus up to as many again, so that nobody can
# count along.
REPEAT_AFTER = 10

# Each but the first because somebody was deleted between two statements.
TRIES = 3

GONE = "Somebody was taken out of this pair meanwhile: what you said of them is kept without their name."

MAX_ACTIVE_MS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Submission:
    judgment_id: int
    surplus: bool
    progress: dict[str, Any]
    notice: str  # a sentence for the annotator, mostly empty
    feedback: dict[str, Any] | None  # after a test question, where the study gives it
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

    What it says of people who are not in the pair any more is kept without their names, as if they had been deleted
    a moment later, and the reply says so.

    Raises TokenUnknown, TokenForeign, KeyTaken, and ValidationError for an answer that makes no sense.
    """
    lease = parse_own(token, annotator)
    for tries_left in reversed(range(TRIES)):
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
            if (stored := _stored(idempotency_key, annotator)) is not None:
                return stored
            # Somebody whom the answer names was deleted since the place was read: read again, it says so.
            if not tries_left:
                raise
    raise AssertionError("unreachable")


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
    judgment_id, surplus, reply, annotator_id = row
    if annotator_id != annotator.pk:
        raise KeyTaken("This idempotency key belongs to another answer.")
    return _submission(judgment_id, surplus, reply, created=False)


def _submission(judgment_id: int, surplus: bool, reply: dict[str, Any], *, created: bool) -> Submission:
    """Take what a judgment keeps of its reply apart: the progress, and what was said where anything was."""
    progress = {name: value for name, value in reply.items() if name not in ("notice", "feedback")}
    return Submission(judgment_id, surplus, progress, reply.get("notice", ""), reply.get("feedback"), created)


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

    filling = _filling(place, active_ms) if fills else None
    reply = _progress(place, filling, annotator.pk) | ({"notice": GONE} if answer.gone else {})
    told = (
        gold_reply(place=place, annotator_id=annotator.pk, overall=answer.overall, people=answer.people)
        if fills and is_told(place)
        else None
    )
    if told is not None:
        reply |= {"feedback": told.feedback} | ({"notice": told.notice} if told.notice else {})
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
        progress=reply,
    )
    judgment_id = answer_write(
        place=place, judgment=judgment, people=_people(answer), marks=_marks(answer), filling=filling
    )
    if told is not None and told.outcome is not None and place.member_id is not None:
        round_end(member_id=place.member_id, outcome=told.outcome)
    is_gold = place.kind in (SlotKind.GOLD, SlotKind.QUALIFY)
    if not (surplus or is_gold or place.item_repeats_id is not None or place.n_open):
        # After the commit, and allowed to fail: an answer is never lost to what is computed from it.
        transaction.on_commit(partial(item_consensus_refresh, item=place.item_id), robust=True)
    return _submission(judgment_id, surplus, reply, created=True)


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


def _filling(place: AnswerPlace, active_ms: int) -> Filling:
    """Return what filling the slot changes. Its repeat, if any, comes to the same annotator some judgments later."""
    counts = int(place.kind != SlotKind.QUALIFY)
    n_done = place.n_done + counts
    repeat_due = n_done + REPEAT_AFTER + (place.waiting_repeat_id or 0) % REPEAT_AFTER
    return Filling(counts, n_done, [*place.recent_ms, active_ms][-RECENT:], repeat_due)


def _progress(place: AnswerPlace, filling: Filling | None, annotator_id: int) -> dict[str, Any]:
    n_done = filling.n_done if filling else place.n_done
    recent_ms = filling.recent_ms if filling else place.recent_ms
    if place.kind == SlotKind.REVIEW:
        return review_progress_of(study_id=place.study_id, n_done=n_done, recent_ms=recent_ms)
    if place.kind == SlotKind.QUALIFY:
        return round_progress_of(
            study_id=place.study_id, annotator_id=annotator_id, besides=int(filling is not None)
        )
    return progress_of(
        n_done=n_done,
        recent_ms=recent_ms,
        n_items=place.n_items,
        n_slots=place.n_slots,
        n_gold=place.n_gold,
        n_done_by_all=place.n_done_by_all + n_done - place.n_done,
    )


def _people(answer: Answer) -> list[PersonJudgment]:
    return [
        PersonJudgment(
            person_id=None if person in answer.gone else person,
            verdict=answer.people.get(person, ""),
            no_drift=person in answer.no_drift,
        )
        for person in sorted(answer.people.keys() | answer.no_drift)
    ]


def _marks(answer: Answer) -> list[Mark]:
    return [
        Mark(
            person_id=None if mark.person_id in answer.gone else mark.person_id,
            side=mark.side,
            kind=mark.kind,
            frame=mark.frame,
        )
        for mark in answer.marks
    ]
