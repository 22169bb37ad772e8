"""Test questions: pairs whose answer is known, mixed among an annotator's pairs or asked before the first one.

Their slots are made in advance like all others, and each belongs to one annotator from the start. Its position says
after how many judgments of theirs it is due: one at a random place in every stretch of 1 / share judgments, drawn from
the study's seed for each annotator. The claim hands them out as it does repeats, so they cost it nothing and look like
anything else.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max, QuerySet

from annotator.models import (
    Item,
    Member,
    Qualification,
    Role,
    Slot,
    SlotKind,
    SlotState,
    Study,
    StudyState,
)
from annotator.selectors.gold import gold_coming
from config.accounts.models import User
from datasets.models import ClipState, KnownAnswer
from datasets.selectors.known import askable

NONE_KNOWN = "There are no pairs with known answers yet: make a batch of distortions with pairs first."
NONE_CHOSEN = (
    "No pair with a known answer is left that fits: choose another batch, more severities or more pairs."
)
ONLY_RESERVED = (
    "All {:,} pairs that fit are reserved for test splits. Their people would be seen in this study's releases: "
    "tick “reserved ones too” if this study is for tests, or choose another batch."
)
CLOSED = "The study is closed. Open it again before adding to it."
TOO_FEW = "The round wants {size} test questions, and the study has {there}. Add more, or make it shorter."
TOO_FEW_NEW = (
    "The round wants {size} test questions that {name} has not seen, and the study has {there}. "
    "Add more first, or let {name} in."
)

# Slots of one try of the round lie this far from those of the next.
ROUND_STEP = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What adding test questions came to; `notes` are sentences for the lead."""

    added: int
    notes: list[str]


@transaction.atomic
def gold_add(
    *,
    study: Study,
    batches: Collection[str] = (),
    gaps: Collection[int] = (),
    most: int | None = None,
    with_reserved: bool = False,
) -> Added:
    """Make test questions of pairs with known answers, and give every annotator theirs.

    Args:
        study: To add to.
        batches: Of these alone; empty: of all.
        gaps: How many severities the sides may be apart, 0 for ties by construction; empty: anything.
        most: At most so many, drawn from the study's seed with each gap and better side alike.
        with_reserved: Pairs that are reserved for test splits, too.

    Raises ValidationError with a sentence where nothing can be added.
    """
    locked = _locked(study)
    if locked.state == StudyState.CLOSED:
        raise ValidationError(CLOSED)
    known = askable().select_related("edit", "other").defer("edit__record", "other__record")
    if not known.exists():
        raise ValidationError(" ".join([NONE_KNOWN, *gold_coming()]))
    present = Item.objects.filter(study=study, repeat_of__isnull=True).values("pair")
    fit = known.exclude(pair__in=present)
    if batches:
        fit = fit.filter(batch__in=batches)
    fitting = [each for each in fit.order_by("pair") if not gaps or each.gap in gaps]
    free = [each for each in fitting if with_reserved or not each.reserved_for_test]
    if not free:
        sentence = ONLY_RESERVED.format(len(fitting)) if fitting else NONE_CHOSEN
        raise ValidationError(" ".join([sentence, *gold_coming()]))
    first = _next_position(study)
    chosen = _alike(free, most, random.Random(f"{study.seed}/gold/{first}"))
    Item.objects.bulk_create(
        Item(study=study, pair_id=each.pair_id, position=first + n, is_gold=True)
        for n, each in enumerate(chosen)
    )
    gold_plan(study=study)
    notes = [sentence for sentence in gold_coming() if not batches or sentence.startswith(tuple(batches))]
    if left_out := len(fitting) - len(free):
        notes.append(f"{left_out:,} pairs were left out: they are reserved for test splits.")
    return Added(added=len(chosen), notes=notes)


def _alike(known: Sequence[KnownAnswer], most: int | None, draw: random.Random) -> list[KnownAnswer]:
    """Return so many of them in a random order: each gap as often as the others, and a or b better in turn."""
    groups: dict[int, list[KnownAnswer]] = defaultdict(list)
    for each in known:
        groups[each.gap].append(each)
    for gap, group in groups.items():
        draw.shuffle(group)
        sides = [[each for each in group if (each.preference == "a") == is_a] for is_a in (True, False)]
        draw.shuffle(sides)
        in_turn = [each for pair in zip_longest(*sides) for each in pair if each is not None]
        groups[gap] = in_turn[::-1]
    chosen: list[KnownAnswer] = []
    while groups and (most is None or len(chosen) < most):
        for gap in draw.sample(sorted(groups), len(groups)):
            if most is None or len(chosen) < most:
                chosen.append(groups[gap].pop())
            if not groups[gap]:
                del groups[gap]
    draw.shuffle(chosen)
    return chosen


@transaction.atomic
def gold_settings(
    *,
    study: Study,
    share: float,
    most: int | None,
    tie_up_to: int,
    feedback: bool,
    qualification_size: int,
    qualification_pass: int,
) -> Study:
    """Say how test questions are asked. Whoever has begun to work is not asked to qualify any more.

    Raises ValidationError where the study has too few of them for the round.
    """
    locked = _locked(study)
    there = _playable(study).count()
    if qualification_size > there:
        raise ValidationError({"qualification_size": TOO_FEW.format(size=qualification_size, there=there)})
    locked.gold_share, locked.gold_most, locked.gold_tie_up_to = share, most, tie_up_to
    locked.gold_feedback = feedback
    locked.qualification_size, locked.qualification_pass = qualification_size, qualification_pass
    locked.full_clean(exclude=["created_by", "filter", "closed_at"])
    fields = ["gold_share", "gold_most", "gold_tie_up_to", "gold_feedback"]
    locked.save(update_fields=[*fields, "qualification_size", "qualification_pass"])
    _rounds_adjust(locked)
    gold_plan(study=locked)
    study.refresh_from_db()
    return study


def _rounds_adjust(study: Study) -> None:
    """Open the round for those who have not begun, or end it where the study asks for none any more."""
    new = Member.objects.filter(
        study=study, role=Role.ANNOTATOR, qualification=Qualification.NOT_ASKED, n_done=0
    )
    if study.qualification_size:
        for member in new:
            _round_open(study, member)
        return
    Member.objects.filter(study=study, qualification=Qualification.OPEN).update(
        qualification=Qualification.PASSED
    )


# ------------------------------------------------------------------ whose turn it is


def gold_member_prepare(*, study: Study, member: Member) -> None:
    """Give somebody who joins their test questions, and the round before the first pair if the study has one."""
    if member.role != Role.ANNOTATOR or not Item.objects.filter(study=study, is_gold=True).exists():
        return
    locked = _locked(study)
    if locked.qualification_size and member.qualification == Qualification.NOT_ASKED and not member.n_done:
        _round_open(locked, member)
    _mix(locked, [member])


@transaction.atomic
def gold_plan(*, study: Study) -> None:
    """Draw anew where each annotator's test questions come, those that they have not met yet.

    Also counts how many an annotator of all items meets, which is what their progress is told by.
    """
    locked = _locked(study)
    unmet = Slot.objects.filter(study=study, kind=SlotKind.GOLD, state=SlotState.FREE, judgments__isnull=True)
    Slot.objects.filter(pk__in=list(unmet.values_list("pk", flat=True))).delete()
    _mix(locked, list(Member.objects.filter(study=study, role=Role.ANNOTATOR).order_by("pk")))
    share, most = locked.gold_share, locked.gold_most
    there = max(0, _playable(study).count() - locked.qualification_size)
    met = round(locked.n_items * share / (1 - share))
    locked.n_gold = min(met, there, there if most is None else most)
    locked.save(update_fields=["n_gold"])
    study.n_gold = locked.n_gold


def _mix(study: Study, members: Sequence[Member]) -> None:
    """Make the slots of test questions among the pairs: one at a random place in each stretch of 1 / share."""
    if not study.gold_share:
        return
    stretch = max(2, round(1 / study.gold_share))
    items = list(_playable(study).order_by("pk").values_list("pk", flat=True))
    seen = _seen(study, members)
    given = _given(study, members)
    numbers = _slot_numbers(items)
    slots: list[Slot] = []
    for member in members:
        draw = random.Random(f"{study.seed}/gold/{member.user_id}")
        fresh = [item for item in items if item not in seen[member.user_id]]
        draw.shuffle(fresh)
        count, last = given.get(member.user_id, (0, -1))
        if study.gold_most is not None:
            fresh = fresh[: max(0, study.gold_most - count)]
        first = max(member.n_done, last + 1)
        for n, item in enumerate(fresh):
            position = first + n * stretch + draw.randrange(stretch)
            slots.append(_slot(study, item, numbers, member, SlotKind.GOLD, position, draw))
    Slot.objects.bulk_create(slots, batch_size=1000)


def _given(study: Study, members: Iterable[Member]) -> dict[int, tuple[int, int]]:
    """By annotator, how many mixed-in test questions they have, and the place of the last."""
    slots = Slot.objects.filter(
        study=study, kind=SlotKind.GOLD, reserved_for__in=[m.user_id for m in members]
    )
    rows = slots.order_by().values_list("reserved_for").annotate(count=Count("pk"), last=Max("position"))
    return {user: (count, last) for user, count, last in rows if user is not None}


def _seen(study: Study, members: Iterable[Member]) -> dict[int, set[int]]:
    """By annotator, the test questions that are theirs already, in the round or among the pairs."""
    seen: dict[int, set[int]] = defaultdict(set)
    own = Slot.objects.filter(study=study, item__is_gold=True, reserved_for__in=[m.user_id for m in members])
    for user, item in own.values_list("reserved_for", "item"):
        if user is not None:
            seen[user].add(item)
    return seen


def _slot_numbers(items: Collection[int]) -> Counter[int]:
    """By item, the number of its next slot."""
    rows = Slot.objects.filter(item__in=items).order_by().values_list("item").annotate(last=Max("slot_no"))
    return Counter({item: last + 1 for item, last in rows})


def _slot(
    study: Study, item: int, numbers: Counter[int], member: Member, kind: SlotKind, position: int, draw: random.Random
) -> Slot:  # fmt: skip
    numbers[item] += 1
    return Slot(
        study=study, item_id=item, slot_no=numbers[item] - 1, kind=kind, position=position,
        reserved_for_id=member.user_id, left_is_a=draw.random() < 0.5,
    )  # fmt: skip


# ------------------------------------------------------------------ the round before the first pair


def _round_open(study: Study, member: Member) -> None:
    """Begin a try: so many test questions that the member has not met, with each gap as often as the others.

    Raises ValidationError where there are too few.
    """
    size = study.qualification_size
    met = Slot.objects.filter(study=study, reserved_for=member.user_id).exclude(
        kind=SlotKind.GOLD, state=SlotState.FREE, judgments__isnull=True
    )
    fresh = _playable(study).exclude(pk__in=met.values("item"))
    known = {
        each.pair_id: each
        for each in KnownAnswer.objects.filter(pair__in=fresh.values("pair")).select_related("edit", "other")
    }
    if len(known) < size:
        raise ValidationError(
            TOO_FEW_NEW.format(size=size, there=len(known), name=member.user.get_username())
        )
    number = member.qualification_tries + 1
    draw = random.Random(f"{study.seed}/round/{member.user_id}/{number}")
    chosen = _alike([known[pair] for pair in sorted(known)], size, draw)
    of_pair = dict(fresh.values_list("pair", "pk"))
    items = [of_pair[each.pair_id] for each in chosen]
    # What was to come among the pairs comes now.
    Slot.objects.filter(
        study=study, item__in=items, reserved_for=member.user_id, kind=SlotKind.GOLD, state=SlotState.FREE
    ).delete()
    numbers = _slot_numbers(items)
    Slot.objects.bulk_create(
        _slot(study, item, numbers, member, SlotKind.QUALIFY, number * ROUND_STEP + n, draw)
        for n, item in enumerate(items)
    )
    member.qualification, member.qualification_tries = Qualification.OPEN, number
    member.let_in_by = None
    member.save(update_fields=["qualification", "qualification_tries", "let_in_by"])


@transaction.atomic
def member_try_again(*, member: Member) -> Member:
    """Give somebody who failed another round of test questions that they have not met."""
    study = _locked(member.study)
    locked = Member.objects.select_for_update().select_related("user").get(pk=member.pk)
    if locked.qualification != Qualification.FAILED or not study.qualification_size:
        raise ValidationError("Only who failed the round gets another try.")
    _round_open(study, locked)
    return locked


@transaction.atomic
def member_let_in(*, member: Member, by: User) -> Member:
    """Let somebody work who has not passed the round."""
    locked = Member.objects.select_for_update().get(pk=member.pk)
    if locked.qualification not in (Qualification.FAILED, Qualification.OPEN):
        raise ValidationError("They are in already.")
    locked.qualification, locked.let_in_by = Qualification.PASSED, by
    locked.save(update_fields=["qualification", "let_in_by"])
    Slot.objects.filter(
        study=member.study_id, kind=SlotKind.QUALIFY, reserved_for=member.user_id, state=SlotState.FREE
    ).delete()
    return locked


def _playable(study: Study) -> QuerySet[Item]:
    """Return the study's test questions of which both clips can be shown."""
    return Item.objects.filter(
        study=study,
        is_gold=True,
        pair__known_answer__isnull=False,
        pair__clip_a__state=ClipState.READY,
        pair__clip_b__state=ClipState.READY,
    )


def _locked(study: Study) -> Study:
    """The row of the study puts two changes of its test questions one behind another."""
    return Study.objects.select_for_update(no_key=True).get(pk=study.pk)


def _next_position(study: Study) -> int:
    last: int | None = Item.objects.filter(study=study).aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1
