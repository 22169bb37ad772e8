"""Which pairs of the library a study is about: a filter that is stored with the study, and its query."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotator.models import Item
from datasets.models import Clip, ClipState, ClipSubject, Origin, Pair, Person


@dataclass(frozen=True, kw_only=True)
class PairFilter:
    """Every part but the last narrows; an empty part asks for nothing.

    `people` are ids: the clips show at least one of them. `generators` made both clips. `person_counts` is how
    many people should appear, `prompt` a piece of the prompt, `fresh` leaves out pairs that are in a study, `synthetic`
    lets pairs in of which a clip was distorted.
    """

    people: tuple[int, ...] = ()
    generators: tuple[str, ...] = ()
    person_counts: tuple[int, ...] = ()
    prompt: str = ""
    fresh: bool = False
    synthetic: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the parts that ask for something, for `Study.filter`."""
        return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self).items() if v}


def pairs_matching(wanted: PairFilter) -> QuerySet[Pair]:
    """Return the pairs that can be judged now and match, in the library's order."""
    pairs = Pair.objects.filter(clip_a__state=ClipState.READY, clip_b__state=ClipState.READY)
    if not wanted.synthetic:
        # Their answer is known: they teach and test, and are no evidence of what people see in generators.
        pairs = pairs.exclude(clip_a__origin=Origin.DISTORTED).exclude(clip_b__origin=Origin.DISTORTED)
    if wanted.people:
        shown = ClipSubject.objects.filter(clip=OuterRef("clip_a"), person__in=wanted.people)
        pairs = pairs.filter(Exists(shown))
    if wanted.generators:
        pairs = pairs.filter(clip_a__generator__in=wanted.generators, clip_b__generator__in=wanted.generators)
    if wanted.person_counts:
        pairs = pairs.annotate(person_count=subject_count("clip_a")).filter(
            person_count__in=wanted.person_counts
        )
    if wanted.prompt:
        pairs = pairs.filter(
            Q(prompt__icontains=wanted.prompt) | Q(prompt="", clip_a__prompt__icontains=wanted.prompt)
        )
    if wanted.fresh:
        pairs = pairs.exclude(Exists(Item.objects.filter(pair=OuterRef("pk"))))
    return pairs.order_by("id")


def people_with_pairs() -> QuerySet[Person]:
    """Return the people who appear in some pair."""
    paired = Pair.objects.filter(clip_a=OuterRef("clip"))
    return Person.objects.filter(
        Exists(ClipSubject.objects.filter(Exists(paired), person=OuterRef("pk")))
    ).order_by("name", "id")


def generators_with_pairs() -> list[str]:
    """Return the names of generators that made a clip of some pair; clips of cameras have an empty one."""
    in_pair = Pair.objects.filter(Q(clip_a=OuterRef("pk")) | Q(clip_b=OuterRef("pk")))
    names = Clip.objects.filter(Exists(in_pair)).order_by("generator").values_list("generator", flat=True)
    return list(names.distinct())


def person_counts_with_pairs() -> list[int]:
    counts = Pair.objects.annotate(person_count=subject_count("clip_a")).order_by("person_count")
    return list(counts.values_list("person_count", flat=True).distinct())


def subject_count(clip: str) -> Coalesce:
    """Return how many people should appear in the clip at the end of a lookup such as `pair__clip_a`."""
    subjects = ClipSubject.objects.filter(clip=OuterRef(clip)).order_by()
    count = subjects.values("clip").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)
