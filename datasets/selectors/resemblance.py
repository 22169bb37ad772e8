"""Who looks like whom to the face model in use."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Prefetch, Q, QuerySet

from datasets.models import Person, Reference, Resemblance

HARD_SHOWN = 8
SHOWN = 4
NEAREST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Near:
    """People who look like one another; `x` and `line` place similarity and threshold on a bar, in per cent.

    `shown` are those that a page shows: both, or the other one on somebody's own page.
    """

    shown: tuple[Person, ...]
    similarity: float
    threshold: float

    @property
    def is_hard(self) -> bool:
        return self.similarity >= self.threshold

    @property
    def x(self) -> float:
        return _per_cent(self.similarity)

    @property
    def line(self) -> float:
        return _per_cent(self.threshold)


def closest_people() -> list[Near]:
    """Return the pairs that are nearest to one another: those that are hard to tell apart, or a few for comparison."""
    pairs = [Near((row.first, row.second), row.similarity, row.threshold) for row in _rows()[:HARD_SHOWN]]
    return [pair for i, pair in enumerate(pairs) if pair.is_hard or i < SHOWN]


def hard_pairs_count() -> int:
    return Resemblance.objects.filter(similarity__gte=F("threshold")).count()


def nearest_people(person: Person) -> list[Near]:
    """Return who looks most like somebody."""
    rows = _rows().filter(Q(first=person) | Q(second=person))[:NEAREST_SHOWN]
    return [
        Near((row.second if row.first_id == person.pk else row.first,), row.similarity, row.threshold)
        for row in rows
    ]


def _rows() -> QuerySet[Resemblance]:
    references = Reference.objects.order_by("position", "pk")
    portraits: Iterable[Prefetch] = (
        Prefetch(f"{side}__references", queryset=references) for side in ("first", "second")
    )
    return Resemblance.objects.select_related("first", "second").prefetch_related(*portraits)


def _per_cent(similarity: float) -> float:
    return round(100 * min(1.0, max(0.0, similarity)), 2)
