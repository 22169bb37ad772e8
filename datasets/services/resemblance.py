"""Who looks like whom, as rows: written by a worker that has compared references."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from datasets.models import Person, Resemblance


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two people by number, the lower one first, how much alike they are, and from where on that is too much."""

    first: int
    second: int
    similarity: float
    threshold: float


@transaction.atomic
def resemblances_store(*, backend: str, made_at: datetime, likenesses: Iterable[Likeness]) -> None:
    """Put these in the place of all that were known; who was deleted meanwhile is left out."""
    people = set(Person.objects.values_list("pk", flat=True))
    Resemblance.objects.all().delete()
    Resemblance.objects.bulk_create(
        [
            Resemblance(
                first_id=each.first,
                second_id=each.second,
                similarity=each.similarity,
                backend=backend,
                threshold=each.threshold,
                made_at=made_at,
            )
            for each in likenesses
            if each.first in people and each.second in people
        ],
        batch_size=500,
        ignore_conflicts=True,
    )


def resemblances_forget(*, person: Person) -> None:
    """Drop what was compared with references that a person no longer has."""
    Resemblance.objects.filter(Q(first=person) | Q(second=person)).delete()
