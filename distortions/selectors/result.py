"""Everything that a result's page says."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.models import Clip, ClipState, KnownAnswer, Person
from distortions.models import CleanCopy, Distortion

SAID_ELSEWHERE = ("seed", "subject")


@dataclass(frozen=True, slots=True)
class PairFacts:
    """A pair as seen from one of its sides; `better` is this, other or neither."""

    pair: KnownAnswer
    other: Distortion | None
    better: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFacts:
    """A result with its neighbours.

    `left` is what it is compared with: its pair's clean copy, or the source where there is none or it is not ready yet.
    """

    left: Clip
    left_is_copy: bool
    can_play: bool
    people: list[str]
    donors: list[str]
    pairs: list[PairFacts]
    before: int | None
    after: int | None
    parameters: list[tuple[str, object]]


def result_facts(row: Distortion) -> ResultFacts:
    """Return what is known of a result."""
    copy = _copy(row)
    edits = row.truth.get("edits", [])
    numbers = row.batch.distortions.order_by().values_list("number", flat=True)
    return ResultFacts(
        left=copy or row.source,
        left_is_copy=copy is not None,
        can_play=row.clip is not None and row.clip.state == ClipState.READY,
        people=_names([edit["person"] for edit in edits if edit["person"]]),
        donors=_names([edit["donor"] for edit in edits if edit["donor"]]),
        pairs=_pairs(row),
        before=numbers.filter(number__lt=row.number).order_by("-number").first(),
        after=numbers.filter(number__gt=row.number).order_by("number").first(),
        parameters=sorted(
            (name, value) for name, value in row.truth.get("params", {}).items() if name not in SAID_ELSEWHERE
        ),
    )


def _copy(row: Distortion) -> Clip | None:
    group = Distortion.objects.filter(batch=row.batch_id, group=row.group)
    copies = CleanCopy.objects.filter(
        source=row.source_id, longest_side=row.batch.plan.longest_side, seed__in=group.values("seed")
    )
    copy = copies.select_related("clip").first()
    return copy.clip if copy is not None and copy.clip.state == ClipState.READY else None


def _names(keys: list[str]) -> list[str]:
    """Return people's names for their keys; a donor may be a picture that is nobody of the library."""
    names = dict(Person.objects.filter(key__in=keys).values_list("key", "name"))
    return [names.get(key, key) for key in dict.fromkeys(keys)]


def _pairs(row: Distortion) -> list[PairFacts]:
    answer = "pair__known_answer"
    as_a = [(each, each.distortion_b, "a") for each in row.pairs_as_a.select_related("distortion_b", answer)]
    as_b = [(each, each.distortion_a, "b") for each in row.pairs_as_b.select_related("distortion_a", answer)]
    known = [(each.pair.known_answer, other, own) for each, other, own in [*as_a, *as_b]]
    better = {"tie": "neither"}
    return [
        PairFacts(each, other, better.get(each.preference, "this" if each.preference == own else "other"))
        for each, other, own in known
    ]
