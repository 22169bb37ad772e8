"""People as the library shows them."""

from collections.abc import Iterable

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from datasets.models import ClipSubject, Person, Reference


def people_listed(search: str = "") -> QuerySet[Person]:
    """People by name, each with `n_references`, `n_unusable` of them, `n_clips` and the references in order."""
    people = Person.objects.order_by("name", "pk").prefetch_related(
        Prefetch("references", queryset=Reference.objects.order_by("position", "pk"))
    )
    if search:
        people = people.filter(Q(name__icontains=search) | Q(key__icontains=search))
    unusable = Reference.objects.exclude(face__error="").filter(face__isnull=False)
    return people.annotate(
        n_references=_count(Reference.objects.all()),
        n_unusable=_count(unusable),
        n_clips=_count(ClipSubject.objects.all()),
    )


def _count(rows: QuerySet[Reference] | QuerySet[ClipSubject]) -> Coalesce:
    """Count by a subquery: two joins in one query would multiply one another."""
    counted = rows.filter(person=OuterRef("pk")).order_by().values("person").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def people_called(labels: Iterable[str]) -> dict[str, Person]:
    """Return the people whom a lead means by these names or keys; whom nobody is called like is left out."""
    found: dict[str, Person] = {}
    for label in labels:
        person = Person.objects.filter(Q(name__iexact=label) | Q(key=label)).order_by("pk").first()
        if person:
            found[label] = person
    return found
