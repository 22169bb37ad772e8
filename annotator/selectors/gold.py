"""What annotators said of pairs with known answers, beside what is known of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, cast

from django.db.models import QuerySet

from annotator.agreement.consensus import overall_from_people, to_storage
from annotator.agreement.gold import is_right
from annotator.models import Item, Judgment, Mark, PersonJudgment, SlotKind, Study
from config.lookups import Ids
from datasets.models import ClipTruth, KnownAnswer
from datasets.selectors.known import askable, known_answers
from datasets.signals import known_answers_coming


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldAnswer:
    """One answer to a test question.

    Attributes:
        vote: In terms of a and b, implied by the people where the study does not ask it.
        known: The better side.
        gap: How many severities the sides are apart, 0 for a tie by construction.
        right: With the study's tolerance; None where they could not judge.
        in_round: Of the test questions before the first pair.
        delay: Frames from the onset to the first mark on the person and side that were changed; None without a mark,
            or without an onset.
    """

    slot: int
    annotator: int
    is_simulated: bool
    in_round: bool
    recipe: str
    vote: str
    known: str
    gap: int
    right: bool | None
    delay: int | None = None


def gold_answers(study: Study, **filters: Any) -> list[GoldAnswer]:
    """Return the answers to a study's test questions, oldest first: of each the one that stands.

    Where annotators are told afterwards it is the first one: what they took back they took back knowing.
    """
    rows = _standing(
        study, Judgment.objects.filter(study=study, item__is_gold=True, surplus=False, **filters)
    )
    known = known_answers({row["item__pair"] for row in rows})
    rows = [row for row in rows if row["item__pair"] in known]
    implied = _implied([row["id"] for row in rows if not row["overall"]])
    delays = _delays(rows, known)
    answers = []
    for row in rows:
        answer = known[row["item__pair"]]
        seen = row["overall"] or implied.get(row["id"], "")
        vote = to_storage(seen, left_is_a=row["left_is_a"])
        right = is_right(vote, known=answer.preference, gap=answer.gap, tie_up_to=study.gold_tie_up_to)
        answers.append(
            GoldAnswer(
                slot=row["slot"], annotator=row["annotator"], is_simulated=row["is_simulated"],
                in_round=row["slot__kind"] == SlotKind.QUALIFY, recipe=answer.edit.recipe, vote=vote,
                known=answer.preference, gap=answer.gap, right=right, delay=delays.get(row["id"]),
            )
        )  # fmt: skip
    return answers


def _standing(study: Study, judgments: QuerySet[Judgment]) -> list[dict[str, Any]]:
    """One judgment a slot: the first where the answer was told after it, else the last."""
    standing: dict[int, dict[str, Any]] = {}
    fields = ("id", "slot", "slot__kind", "item__pair", "annotator", "is_simulated", "left_is_a", "overall")
    for row in judgments.order_by("id").values(*fields):
        is_told = study.gold_feedback or row["slot__kind"] == SlotKind.QUALIFY
        if not (is_told and row["slot"] in standing):
            standing[row["slot"]] = row
    return sorted(standing.values(), key=lambda row: row["id"])


def _implied(judgments: Sequence[int]) -> dict[int, str]:
    """The overall answers that follow from what was said of each person, in terms of left and right."""
    verdicts: dict[int, list[str]] = defaultdict(list)
    rows = PersonJudgment.objects.filter(judgment__among=Ids(judgments)).exclude(verdict="")
    for judgment, verdict in rows.values_list("judgment", "verdict"):
        verdicts[judgment].append(to_storage(verdict, left_is_a=True))
    seen = {"a": "left", "b": "right", "tie": "tie"}
    return {judgment: seen.get(overall_from_people(each), "") for judgment, each in verdicts.items()}


def _delays(rows: Sequence[dict[str, Any]], known: dict[int, KnownAnswer]) -> dict[int, int]:
    """By judgment, how many frames after the onset the first mark on what was changed lies."""
    of = {row["id"]: (known[row["item__pair"]], row["left_is_a"]) for row in rows}
    people: dict[int, set[int]] = defaultdict(set)
    changed = ClipTruth.people.through.objects.filter(
        cliptruth__in={answer.edit_id for answer, _ in of.values()}
    )
    for truth, person in changed.values_list("cliptruth", "person"):
        people[truth].add(person)
    first: dict[int, int] = {}
    marks = Mark.objects.filter(judgment__among=Ids(of)).order_by("frame")
    for judgment, person, side, frame in marks.values_list("judgment", "person", "side", "frame"):
        answer, left_is_a = of[judgment]
        is_changed = person in people[answer.edit_id] or not people[answer.edit_id]
        if answer.gap and is_changed and to_storage(side, left_is_a=left_is_a) == answer.edited_side:
            first.setdefault(judgment, frame)
    return {
        judgment: frame - onset
        for judgment, frame in first.items()
        if (onset := of[judgment][0].edit.onset_frame) is not None
    }


# ------------------------------------------------------------------ what there is to ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Pairs with known answers of one batch. `left` are those that a study does not have yet."""

    batch: str
    pairs: int
    left: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """One line of what counts as right.

    `change` is the median of how much further the faces were moved on the worse side, on the scale of the
    calibration: 1 is where the embedder would say that it is somebody else.
    """

    gap: int
    pairs: int
    change: float | None
    tie_is_right: bool


def gold_supply(study: Study) -> list[Supply]:
    """Return what there is to choose from, batch by batch."""
    present = set(Item.objects.filter(study=study).values_list("pair", flat=True))
    total: Counter[str] = Counter()
    left: Counter[str] = Counter()
    reserved: Counter[str] = Counter()
    for batch, pair, is_reserved in askable().values_list("batch", "pair", "reserved_for_test"):
        total[batch] += 1
        left[batch] += pair not in present
        reserved[batch] += is_reserved and pair not in present
    return [
        Supply(batch=batch, pairs=count, left=left[batch], reserved=reserved[batch])
        for batch, count in sorted(total.items())
    ]


def gold_coming() -> list[str]:
    """Return a sentence for each batch that still makes pairs with known answers."""
    return [sentence for _, said in known_answers_coming.send(None) for sentence in cast(list[str], said)]


def gold_items(study: Study) -> QuerySet[KnownAnswer]:
    """Return what is known of the study's test questions."""
    return KnownAnswer.objects.filter(pair__items__study=study, pair__items__is_gold=True)


def gold_tolerances(study: Study) -> list[Tolerance]:
    """Return what counts as right in a study, a line for ties by construction and one for each gap."""
    changes: dict[int, list[float]] = defaultdict(list)
    pairs: Counter[int] = Counter()
    for known in gold_items(study).select_related("edit", "other").defer("edit__record", "other__record"):
        pairs[known.gap] += 1
        if known.gap and known.edit.change is not None:
            other = known.other.change if known.other is not None and not known.other.is_control else None
            changes[known.gap].append(known.edit.change - (other or 0.0))
    return [
        Tolerance(
            gap=gap,
            pairs=pairs[gap],
            change=median(changes[gap]) if changes[gap] else None,
            tie_is_right=gap <= study.gold_tie_up_to,
        )
        for gap in range(6)
    ]


def of_people(answers: Iterable[GoldAnswer]) -> list[GoldAnswer]:
    """Return the answers of human beings where there are any, else all: simulated ones are for trying things out."""
    every = list(answers)
    return [each for each in every if not each.is_simulated] or every
