"""Leases on slots: claim, renew, give back. What becomes of an answer is in judgments.py."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from annotator.models import (
    Judgment,
    Member,
    Qualification,
    Role,
    Slot,
    SlotKind,
    SlotState,
    Study,
    StudyState,
)
from annotator.sealing import BrokenSeal
from annotator.tokens import LeaseToken
from config.accounts.models import User

from .gold_reply import round_close
from .progress import progress_of, review_progress_of, round_progress_of
from .refusals import NotQualified, StudyNotOpen, TokenForeign, TokenUnknown, TooManyLeases
from .statements.claims import HeldSlot, MemberPlace, PairFacts, claim_next, lock_member, pair_of_item

# The pair on the screen and the one fetched ahead.
MAX_LEASES = 2

# Leads may judge too, as annotators do; disputes go to people whom the lead made reviewers.
KIND_OF_ROLE = {
    Role.LEAD: SlotKind.ANSWER,
    Role.ANNOTATOR: SlotKind.ANSWER,
    Role.REVIEWER: SlotKind.REVIEW,
}

# Of the test questions that come among them.
GOLD_OF_KIND = {
    SlotKind.ANSWER: SlotKind.GOLD,
    SlotKind.REVIEW: SlotKind.REVIEW,
    SlotKind.QUALIFY: SlotKind.QUALIFY,
}

NOT_OPEN = {
    StudyState.DRAFT: "This study has not started yet.",
    StudyState.PAUSED: "This study is paused. What you have on the screen can still be sent.",
    StudyState.CLOSED: "This study is closed. Thank you for your work.",
}


NOT_QUALIFIED = (
    "Too few of the first pairs were right, so there are no more pairs for you now. "
    "Whoever leads the study can give you another try, or let you in: ask them."
)


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot in an annotator's hands."""

    slot: HeldSlot
    pair: PairFacts
    token: LeaseToken
    progress: dict[str, Any]


def slot_claim(*, study: Study, annotator: User, holding: Iterable[str] = ()) -> Lease | None:
    """Lease the next slot to a member of the study, or return None when nothing is left for them.

    `holding` are the tokens of what the caller has in hand, an answer not sent yet included. A slot leased to the
    annotator that is not among them comes back first, with its time renewed: so a reload of the page, or a reply
    that got lost, costs nothing.

    Raises Member.DoesNotExist, StudyNotOpen, NotQualified and TooManyLeases.
    """
    in_hand = {token.lease for token in map(_parse_quietly, holding) if token}
    with transaction.atomic():
        place = lock_member(study_id=study.pk, annotator_id=annotator.pk)
        if place is None:
            raise Member.DoesNotExist
        if study.state != StudyState.OPEN:
            raise StudyNotOpen(NOT_OPEN[StudyState(study.state)])
        for slot in place.held:
            if slot.lease in in_hand or not _take_up(slot, annotator, study.lease_minutes):
                continue
            if (lease := _playable(slot, pair_of_item(slot.item_id), annotator, study, place)) is not None:
                return lease
        if sum(slot.lease in in_hand for slot in place.held) >= MAX_LEASES:
            raise TooManyLeases("Two pairs are in your hands already: answer one of them first.")
        if place.qualification == Qualification.FAILED:
            raise NotQualified(NOT_QUALIFIED)
        while (claimed := _claim_next(study, annotator, place)) is not None:
            if (lease := _playable(*claimed, annotator, study, place)) is not None:
                return lease
        if place.qualification != Qualification.OPEN:
            return None
        if place.held:
            raise TooManyLeases("This is the last of the first pairs: answer it, and you hear how it went.")
        round_close(study=study, annotator_id=annotator.pk)
        return slot_claim(study=study, annotator=annotator)


def lease_again(*, judgment: Judgment, member: Member) -> Lease:
    """Return a slot that the member answered, with a token by which the answer can be superseded. Leases nothing."""
    slot = judgment.slot
    # The token of an answer that was kept as surplus must not pass for the lease of whoever has the slot now.
    lease = slot.lease if slot.lease and slot.annotator_id == member.user_id else judgment.idempotency_key
    held = HeldSlot(slot.pk, slot.item_id, slot.kind, judgment.left_is_a, lease)
    with transaction.atomic():
        place = lock_member(study_id=member.study_id, annotator_id=member.user_id)
    if place is None:
        raise Member.DoesNotExist
    return _lease(held, pair_of_item(held.item_id), member.user, member.study, place)


def slots_heartbeat(*, annotator: User, tokens: Sequence[str]) -> dict[str, bool]:
    """Renew the leases and say of each token whether the slot is still the annotator's.

    A lease that ran out but went to nobody else is renewed too.
    """
    parsed = {text: parse_own(text, annotator) for text in tokens}
    minutes = dict(
        Slot.objects.filter(pk__in=[token.slot_id for token in parsed.values()]).values_list(
            "pk", "study__lease_minutes"
        )
    )
    return {
        text: token.slot_id in minutes
        and _renew(token.slot_id, token.lease, annotator, minutes[token.slot_id])
        for text, token in parsed.items()
    }


def slot_release(*, annotator: User, token: str) -> bool:
    """End a lease now, so that the next who asks gets the slot; False when it was not held any more.

    The row stays leased with its time run out. That puts it in front of every queue, and an answer that is on
    its way still finds its place if it comes first.
    """
    lease = parse_own(token, annotator)
    return bool(_held(lease.slot_id, lease.lease, annotator).update(lease_expires_at=Now()))


def parse_own(text: str, annotator: User) -> LeaseToken:
    """Return what a token says. Raises TokenUnknown for a forged one and TokenForeign for somebody else's."""
    try:
        token = LeaseToken.parse(text)
    except BrokenSeal as error:
        raise TokenUnknown("This token was not issued here. Reload the page to go on.") from error
    if token.annotator_id != annotator.pk:
        raise TokenForeign(
            "This pair is leased to somebody else. Log in as who you were, or reload the page."
        )
    return token


def _claim_next(study: Study, annotator: User, place: MemberPlace) -> tuple[HeldSlot, PairFacts] | None:
    kind = KIND_OF_ROLE[Role(place.role)]
    if kind == SlotKind.ANSWER and place.qualification == Qualification.OPEN:
        kind = SlotKind.QUALIFY
    return claim_next(
        study_id=study.pk,
        annotator_id=annotator.pk,
        kind=kind,
        gold=GOLD_OF_KIND[kind],
        cursor=place.cursor,
        n_done=place.n_done,
        lease_seconds=study.lease_minutes * 60,
    )


def _playable(
    slot: HeldSlot, pair: PairFacts, annotator: User, study: Study, place: MemberPlace
) -> Lease | None:
    """Return the lease; where a clip was removed from the library since, withdraw the slot and return None."""
    if pair.is_playable:
        return _lease(slot, pair, annotator, study, place)
    _withdraw(slot.slot_id)
    if slot.kind in (SlotKind.GOLD, SlotKind.QUALIFY):
        return None  # in nobody's count
    places = Slot.objects.filter(item=slot.item_id).exclude(state=SlotState.WAITING, repeat_of=None)
    n_items = 0 if places.exists() else 1
    Study.objects.filter(pk=study.pk).update(n_slots=F("n_slots") - 1, n_items=F("n_items") - n_items)
    return None


def _withdraw(slot_id: int) -> None:
    """Delete a slot; one to which an answer came too late stays with it, and waits for nobody."""
    if Judgment.objects.filter(slot=slot_id).exists():
        Slot.objects.filter(pk=slot_id).update(
            state=SlotState.WAITING, annotator=None, lease=None, lease_expires_at=None
        )
    else:
        Slot.objects.get(pk=slot_id).delete()


def _lease(slot: HeldSlot, pair: PairFacts, annotator: User, study: Study, place: MemberPlace) -> Lease:
    if slot.kind == SlotKind.REVIEW:
        progress = review_progress_of(study_id=study.pk, n_done=place.n_done, recent_ms=place.recent_ms)
    elif slot.kind == SlotKind.QUALIFY:
        progress = round_progress_of(study_id=study.pk, annotator_id=annotator.pk)
    else:
        progress = progress_of(
            n_done=place.n_done,
            recent_ms=place.recent_ms,
            n_items=study.n_items,
            n_slots=study.n_slots,
            n_gold=study.n_gold,
            n_done_by_all=place.n_done_by_all,
        )
    token = LeaseToken(slot.slot_id, annotator.pk, slot.lease)
    return Lease(slot, pair, token, progress)


def _parse_quietly(text: str) -> LeaseToken | None:
    """Return what a token says; one that says nothing is as good as not held."""
    try:
        return LeaseToken.parse(text)
    except BrokenSeal:
        return None


def _held(slot_id: int, lease: uuid.UUID, annotator: User) -> QuerySet[Slot]:
    return Slot.objects.filter(pk=slot_id, lease=lease, annotator=annotator, state=SlotState.LEASED)


def _take_up(slot: HeldSlot, annotator: User, minutes: int) -> bool:
    """Renew a lease that the page does not know of, unless its answer is being stored at this very moment.

    Waiting for that would be a deadlock, since the claim has the member's row, which the submit wants.
    """
    unlocked = _held(slot.slot_id, slot.lease, annotator).select_for_update(skip_locked=True).values("pk")
    ends = Now() + timedelta(minutes=minutes)
    return bool(Slot.objects.filter(pk__in=unlocked).update(lease_expires_at=ends))


def _renew(slot_id: int, lease: uuid.UUID, annotator: User, minutes: int) -> bool:
    """Renew a lease, unless its holder was taken off the study while their page went on."""
    ends = Now() + timedelta(minutes=minutes)
    is_member = Exists(Member.objects.filter(study=OuterRef("study"), user=annotator))
    return bool(_held(slot_id, lease, annotator).filter(is_member).update(lease_expires_at=ends))
