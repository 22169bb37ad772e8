"""Items whose judgments disagree, and who may settle them."""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotator.models import (
    ConsensusState,
    Item,
    Judgment,
    Member,
    Role,
    Slot,
    SlotKind,
    SlotState,
    Study,
    Verdict,
)
from config.accounts.models import User
from datasets.models import Clip

# Which clip an answer speaks for, by what was clicked; None speaks for neither side.
SIDE: dict[str, str | None] = {
    Verdict.LEFT_MUCH: "left",
    Verdict.LEFT: "left",
    Verdict.TIE: "tie",
    Verdict.RIGHT: "right",
    Verdict.RIGHT_MUCH: "right",
    Verdict.BOTH_BAD: "both_bad",
    Verdict.CANNOT_JUDGE: "cannot_judge",
}

# "unjudgeable": as many reviewers as are asked could not judge either, and nobody is asked any more.
Review = Literal["waiting", "taken", "done", "unjudgeable"]


@dataclass(frozen=True, kw_only=True)
class Dispute:
    """A disputed item. `camps` are the sizes of the groups of equal answers, largest first: how far apart
    people are, but not for which clip, so that whoever reviews it later has not been told.
    """

    item: Item
    left: Clip
    right: Clip
    camps: list[int]
    review: Review
    could_not: int  # reviewers who looked and could not judge


def disputed_items(*, study: Study) -> QuerySet[Item]:
    """Return the items in dispute, in the order of the study."""
    return (
        Item.objects.filter(study=study, consensus__state=ConsensusState.DISPUTED)
        .select_related("pair__clip_a", "pair__clip_b", "consensus")
        .order_by("position")
    )


def reviewed_items(study: Study, reviewer: User) -> QuerySet[Item]:
    """Return the items that a reviewer has judged, the last one first."""
    done = Slot.objects.filter(
        item=OuterRef("pk"), kind=SlotKind.REVIEW, state=SlotState.DONE, annotator=reviewer
    )
    return (
        Item.objects.filter(Exists(done), study=study)
        .select_related("pair__clip_a", "pair__clip_b", "consensus")
        .order_by("-consensus__updated_at", "-position")
    )


def disputes(items: list[Item]) -> list[Dispute]:
    """Return what the list of disputes says of these items; two queries for any number of them."""
    ids = [item.pk for item in items]
    answers = effective_judgments(Judgment.objects.filter(item__in=ids))
    camps: dict[int, Counter[str]] = {pk: Counter() for pk in ids}
    for judgment in answers.filter(is_review=False).only("item_id", "overall", "left_is_a"):
        camps[judgment.item_id][verdict_for_clip(judgment)] += 1
    states: dict[int, list[str]] = {pk: [] for pk in ids}
    for item, state in Slot.objects.filter(item__in=ids, kind=SlotKind.REVIEW).values_list("item", "state"):
        states[item].append(state)
    return [
        Dispute(
            item=item,
            left=(sides := left_and_right(item))[0],
            right=sides[1],
            camps=sorted(camps[item.pk].values(), reverse=True),
            review=_review_state(item, states[item.pk]),
            could_not=states[item.pk].count(SlotState.DONE) if _is_disputed(item) else 0,
        )
        for item in items
    ]


def _is_disputed(item: Item) -> bool:
    return item.consensus.state == ConsensusState.DISPUTED


def _review_state(item: Item, slots: list[str]) -> Review:
    if SlotState.LEASED in slots:
        return "taken"
    if set(slots) == {SlotState.DONE}:
        return "unjudgeable" if _is_disputed(item) else "done"
    return "waiting"


def waiting_for_another_reviewer(*, study: Study) -> int:
    """How many disputed items every reviewer of the study has looked at and could not judge."""
    reviewers = Member.objects.filter(study=study, role=Role.REVIEWER).count()
    looked = Count("slots", filter=Q(slots__kind=SlotKind.REVIEW, slots__state=SlotState.DONE))
    free = Slot.objects.filter(item=OuterRef("pk"), kind=SlotKind.REVIEW, state=SlotState.FREE)
    asked = Item.objects.filter(Exists(free), study=study).annotate(looked=looked)
    return asked.filter(looked__gt=0, looked__gte=reviewers).count()


def waiting_for_reviewer(*, study: Study, reviewer: User) -> int:
    """How many reviews a reviewer may take up now: those of items that they have not seen."""
    seen = Slot.objects.filter(item=OuterRef("item"), annotator=reviewer, state=SlotState.DONE)
    reviews = Slot.objects.filter(~Exists(seen), study=study, kind=SlotKind.REVIEW)
    return reviews.exclude(state=SlotState.DONE).count()


def left_and_right(item: Item, own: Judgment | None = None) -> tuple[Clip, Clip]:
    """Return the clips in the order of somebody's own answer, or in one drawn for the item: never as a and b."""
    pair = item.pair
    left_is_a = own.left_is_a if own else random.Random(f"sides/{item.pk}").random() < 0.5
    return (pair.clip_a, pair.clip_b) if left_is_a else (pair.clip_b, pair.clip_a)


def effective_judgments(rows: QuerySet[Judgment]) -> QuerySet[Judgment]:
    """Leave out what was kept but does not count: surplus, and what a later answer supersedes."""
    later = Judgment.objects.filter(supersedes=OuterRef("pk"))
    return rows.filter(~Exists(later), surplus=False)


def verdict_for_clip(judgment: Judgment, *, first_is_a: bool = True) -> str:
    """Return an overall verdict as first, second, tie, both_bad, cannot_judge or nothing.

    First and second are the clips in the order in which somebody looks at them now, whatever side they had
    when they were judged.
    """
    side = SIDE.get(judgment.overall)
    if side not in ("left", "right"):
        return side or ""
    speaks_for_a = (side == "left") == judgment.left_is_a
    return "first" if speaks_for_a == first_is_a else "second"


def reviewed_by(user: User, item: Item) -> Judgment | None:
    """Return the user's own last review of an item, if any: who has judged blind may see the answers."""
    return effective_judgments(Judgment.objects.filter(item=item, annotator=user)).order_by("id").last()
