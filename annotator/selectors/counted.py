"""The answers that count, as rows of plain values for `annotator.agreement`."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from annotator.agreement.consensus import overall_from_people, to_storage
from annotator.models import Judgment, PersonJudgment

NAMED_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class CountedAnswer:
    """One judgment that stands: neither surplus nor superseded.

    `overall` and the values of `people` (by person's id) are in terms of a and b (`to_storage`); `overall` is
    implied by the people where the study does not ask it. `seen` is the overall answer in terms of left and right.
    """

    judgment: int
    item: int
    pair: int
    is_repeat: bool
    annotator: int
    left_is_a: bool
    is_review: bool
    is_simulated: bool
    active_ms: int
    seen: str
    overall: str
    people: dict[int, str]


def counted_answers(**filters: Any) -> list[CountedAnswer]:
    """Return the answers that count among the judgments that pass `filters`, oldest first; two queries.

    People who were deleted are left out.
    """
    later = Judgment.objects.filter(supersedes=OuterRef("pk"))
    rows = list(
        Judgment.objects.filter(~Exists(later), surplus=False, **filters)
        .order_by("id")
        .values_list(
            "id",
            "item_id",
            "item__pair_id",
            "item__repeat_of_id",
            "annotator_id",
            "left_is_a",
            "is_review",
            "is_simulated",
            "active_ms",
            "overall",
        )
    )
    about_people = PersonJudgment.objects.filter(person__isnull=False).exclude(verdict="")
    if len(rows) <= NAMED_AT_MOST:
        # By their ids, which leaves a database without statistics of the table no way but the index.
        about_people = about_people.filter(judgment__in=[row[0] for row in rows])
    else:
        about_people = about_people.filter(**{f"judgment__{name}": value for name, value in filters.items()})
    verdicts: dict[int, dict[int, str]] = defaultdict(dict)
    for judgment, person, verdict in about_people.values_list("judgment_id", "person_id", "verdict"):
        verdicts[judgment][person] = verdict
    return [_answer(*row, verdicts.get(row[0], {})) for row in rows]


def _answer(
    judgment: int,
    item: int,
    pair: int,
    repeat_of: int | None,
    annotator: int,
    left_is_a: bool,
    is_review: bool,
    is_simulated: bool,
    active_ms: int,
    overall: str,
    verdicts: dict[int, str],
) -> CountedAnswer:
    people = {person: to_storage(verdict, left_is_a=left_is_a) for person, verdict in verdicts.items()}
    seen = overall or {"a": "left", "b": "right", "tie": "tie"}.get(
        overall_from_people([to_storage(verdict, left_is_a=True) for verdict in verdicts.values()]), ""
    )
    return CountedAnswer(
        judgment=judgment,
        item=item,
        pair=pair,
        is_repeat=repeat_of is not None,
        annotator=annotator,
        left_is_a=left_is_a,
        is_review=is_review,
        is_simulated=is_simulated,
        active_ms=active_ms,
        seen=seen,
        overall=to_storage(seen, left_is_a=left_is_a),
        people=people,
    )
