"""Which clips a batch is made from, and why some of those chosen cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from datasets.models import AnalysisState, CastTruth, Clip, ClipState, Origin, Person
from datasets.selectors.clips import generators
from distortions.catalogue import nearest
from distortions.config import BatchConfig, ClipChoice, ConfigError
from distortions.planning import Source

NOT_LOOKED_AT = "Its faces were not looked for yet: find the faces first."
NO_FACES = "No face was found in it."
NOBODY_MATCHED = "None of its faces is matched to a person: say who appears in it, or correct its faces."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Clips that can be distorted, and the others with a sentence each."""

    usable: list[Source]
    left_out: list[dict[str, object]]


def clips_chosen(choice: ClipChoice) -> QuerySet[Clip]:
    """Return the clips that a choice names: ready, and neither distorted nor copies themselves.

    Raises:
        ConfigError: it names somebody or something that the library does not have.
    """
    clips = Clip.objects.filter(state=ClipState.READY, parent__isnull=True).exclude(origin=Origin.DISTORTED)
    wrong = list(_unknown(choice))
    if choice.ids:
        clips = clips.filter(pk__in=choice.ids)
        if missing := sorted(set(choice.ids) - set(clips.values_list("pk", flat=True))):
            wrong.append(f"There is no clip {missing[0]} that could be distorted.")
    if wrong:
        raise ConfigError(wrong)
    if choice.text:
        clips = clips.filter(Q(prompt__icontains=choice.text) | Q(source_name__icontains=choice.text))
    if choice.person:
        clips = clips.filter(clip_subjects__person__key=choice.person)
    if choice.generator:
        clips = clips.filter(generator=choice.generator)
    if choice.origin:
        clips = clips.filter(origin=choice.origin)
    return clips.order_by("pk")


def _unknown(choice: ClipChoice) -> list[str]:
    wrong = people_unknown([choice.person] if choice.person else [])
    if choice.generator and choice.generator not in (known := generators()):
        wrong.append(f"No clip is by “{choice.generator}”.{nearest(choice.generator, known)}")
    origins = [Origin.REAL.value, Origin.GENERATED.value]
    if choice.origin and choice.origin not in origins:
        wrong.append(f"Clips to distort are {' or '.join(origins)}, not “{choice.origin}”.")
    return wrong


def people_unknown(keys: list[str] | tuple[str, ...]) -> list[str]:
    """Return a sentence for each key that is nobody's."""
    known = set(Person.objects.filter(key__in=keys).values_list("key", flat=True))
    missing = [key for key in keys if key not in known]
    if not missing:
        return []
    everybody = list(Person.objects.values_list("key", flat=True))
    return [f"There is no person “{key}”.{nearest(key, everybody)}" for key in missing]


def sources_of(choice: ClipChoice) -> Sources:
    """Return what can be distorted of the chosen clips.

    Raises:
        ConfigError: nothing can, or the choice names what is not there.
    """
    clips = clips_chosen(choice).annotate(
        people=Count("analysis__face_tracks__person", distinct=True),
        is_cast=Exists(CastTruth.objects.filter(clip=OuterRef("pk"))),
    )
    rows: Iterable[tuple[Any, ...]] = clips.values_list(
        "pk", "source_name", "people", "frames", "is_cast", "analysis__state", "analysis__error",
        "analysis__summary__people",
    )  # fmt: skip
    sources = Sources(usable=[], left_out=[])
    for pk, name, people, frames, is_cast, state, error, faces in rows:
        if state == AnalysisState.READY and people:
            sources.usable.append(Source(pk, people, frames, is_cast))
        else:
            sentence = NOT_LOOKED_AT if state is None else error or (NOBODY_MATCHED if faces else NO_FACES)
            sources.left_out.append({"clip": pk, "name": name, "sentence": sentence})
    if not sources.usable:
        raise ConfigError([_nothing(sources)])
    return sources


def _nothing(sources: Sources) -> str:
    if not sources.left_out:
        return "The filter matches no clip of the library."
    count, sentence = len(sources.left_out), sources.left_out[0]["sentence"]
    return f"None of the {count} clips that match can be distorted. The first: {sentence}"


def config_check_against_library(config: BatchConfig) -> None:
    """Raise ConfigError if a batch names people whom the library does not have."""
    if wrong := people_unknown([*config.donors, *config.reserved_people]):
        raise ConfigError(wrong)
