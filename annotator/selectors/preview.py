from django.db.models import QuerySet

from datasets.models import Pair, Person


def preview_people(pair: Pair) -> QuerySet[Person]:
    """Return who should appear in a pair, in the order of its subjects, with their references."""
    return (
        Person.objects.filter(clip_subjects__clip=pair.clip_a_id)
        .order_by("clip_subjects__position", "clip_subjects__id")
        .prefetch_related("references")
    )
