"""What was done to clips, and the pairs whose answer follows from it. Written once; what is there stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from config.lookups import Ids
from datasets.models import CastTruth, Clip, ClipTruth, KnownAnswer, Pair, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTruth:
    """One distorted clip, in the words of `ClipTruth`; `people` by key, those whom nobody knows are passed over."""

    clip: int
    recipe: str
    severity: int
    schedule: str
    onset_frame: int | None
    is_control: bool
    change: float | None = None
    people: tuple[str, ...] = ()
    record: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAnswer:
    """One synthetic pair, in the words of `KnownAnswer`; what was done on its sides is found by its clips."""

    pair: int
    preference: str
    edited_side: str
    kind: str = ""
    reserved_for_test: bool = False
    batch: str = ""


@transaction.atomic
def cast_truths_put(*, contents: Mapping[str, bytes]) -> int:
    """Keep what clips of the procedural cast were drawn from, by the clips' sha256; what is there stays.

    Returns how many are new.
    """
    clips = Clip.objects.filter(sha256__in=contents, cast_truth__isnull=True)
    rows = [CastTruth(clip=clip, content=contents[clip.sha256]) for clip in clips]
    CastTruth.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


@transaction.atomic
def truths_put(*, truths: Sequence[NewTruth]) -> int:
    """Say how clips were distorted; of one that has its truth already nothing changes. Returns how many are new."""
    there = set(
        ClipTruth.objects.filter(clip__among=Ids(each.clip for each in truths)).values_list("clip", flat=True)
    )
    new = {each.clip: each for each in truths if each.clip not in there}
    ClipTruth.objects.bulk_create(
        [
            ClipTruth(
                clip_id=each.clip, recipe=each.recipe, severity=each.severity, schedule=each.schedule,
                onset_frame=each.onset_frame, is_control=each.is_control, change=each.change, record=each.record,
            )
            for each in new.values()
        ],
        ignore_conflicts=True,  # Two workers may make the same clip at the same moment.
    )  # fmt: skip
    _name_people(new.values())
    return len(new)


def _name_people(truths: Collection[NewTruth]) -> None:
    people = dict(
        Person.objects.filter(key__in={key for each in truths for key in each.people}).values_list(
            "key", "pk"
        )
    )
    rows = dict(
        ClipTruth.objects.filter(clip__among=Ids(each.clip for each in truths)).values_list("clip", "pk")
    )
    through = ClipTruth.people.through
    through.objects.bulk_create(
        [
            through(cliptruth_id=rows[each.clip], person_id=people[key])
            for each in truths
            for key in dict.fromkeys(each.people)
            if key in people
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def answers_put(*, answers: Sequence[NewAnswer]) -> int:
    """Say which side of pairs is better by construction. Returns how many are new.

    A pair whose answer is known already keeps it. One whose edited side has no truth is passed over: nobody could
    say what its answer rests on.
    """
    there = set(
        KnownAnswer.objects.filter(pair__among=Ids(each.pair for each in answers)).values_list(
            "pair", flat=True
        )
    )
    new = {each.pair: each for each in answers if each.pair not in there}
    clips = {
        pk: {"a": a, "b": b}
        for pk, a, b in Pair.objects.filter(pk__among=Ids(new)).values_list("pk", "clip_a", "clip_b")
    }
    truths = dict(
        ClipTruth.objects.filter(
            clip__among=Ids(clip for sides in clips.values() for clip in sides.values())
        ).values_list("clip", "pk")
    )
    rows = []
    for pk, each in new.items():
        sides = clips[pk]
        edit = truths.get(sides[each.edited_side])
        if edit is None:
            continue
        rows.append(
            KnownAnswer(
                pair_id=pk, preference=each.preference, kind=each.kind, edited_side=each.edited_side,
                edit_id=edit, other_id=truths.get(sides["b" if each.edited_side == "a" else "a"]),
                reserved_for_test=each.reserved_for_test, batch=each.batch[:220],
            )
        )  # fmt: skip
    KnownAnswer.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
