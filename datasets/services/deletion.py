"""Deleting clips and people for good, and saying before what will go and what a frozen release still holds.

Face data is personal data. What no frozen release holds is deleted; a clip whose pair is in a study keeps an empty
row, since judgments rest on it and are never changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet

from config.accounts.models import User
from config.jobs.runner import JobRun
from config.jobs.services import job_create
from datasets.models import Clip, ClipAnalysis, ClipState, ClipTruth, Person, Reference, Release, ReleaseState
from datasets.signals import clip_removing, person_appears

from . import media_files


@dataclass(frozen=True, slots=True)
class PersonDeletion:
    """What deleting a person takes along, and what it cannot."""

    person: Person
    references: list[Reference]
    clips: list[Clip]
    shared_with: list[Person]
    held: list[Clip]
    releases: list[Release]


def person_deletion(*, person: Person) -> PersonDeletion:
    """Say what would go with a person. Writes nothing."""
    clips = _clips_of(person)
    frozen = Release.objects.filter(state=ReleaseState.FROZEN)
    held = list(clips.filter(releases__in=frozen).distinct())
    held_ids = {clip.pk for clip in held}
    return PersonDeletion(
        person=person,
        references=list(person.references.all()),
        clips=[clip for clip in clips if clip.pk not in held_ids],
        shared_with=list(Person.objects.filter(clips__in=clips).exclude(pk=person.pk).distinct()),
        held=held,
        releases=list(frozen.filter(Q(clips__in=clips) | Q(people=person)).distinct()),
    )


def _clips_of(person: Person) -> QuerySet[Clip]:
    """The clips in which a person appears, or a part of their face; copies and distortions of them included."""
    ids = set(Clip.objects.filter(subjects=person).values_list("pk", flat=True))
    for _, elsewhere in person_appears.send(Person, person=person):
        ids |= set(cast(Iterable[int], elsewhere))
    newest = ids
    while newest:
        newest = set(Clip.objects.filter(parent__in=newest).values_list("pk", flat=True)) - ids
        ids |= newest
    return Clip.objects.filter(pk__in=ids).prefetch_related("clip_subjects__person").order_by("pk")


@transaction.atomic
def person_delete(*, person: Person, by: User | None = None) -> PersonDeletion:
    """Delete a person, the references, every clip of theirs that no frozen release holds, and all face tracks.

    Judgments stay; what they say about this person then names nobody. Returns what went and what is held.
    """
    deletion = person_deletion(person=person)
    names = [name for clip in deletion.clips for name in _clip_remove(clip)]
    names += [name for clip in deletion.held for name in _tracks_remove(clip)]
    names += [reference.file for reference in deletion.references]
    person.delete()
    files_discard_later(names=names, by=by)
    return deletion


@transaction.atomic
def clip_delete(*, clip: Clip, by: User | None = None) -> list[Release]:
    """Delete a clip; returns the frozen releases that hold it, and then nothing was deleted."""
    holding = list(clip.releases.filter(state=ReleaseState.FROZEN))
    if not holding:
        files_discard_later(names=_clip_remove(clip), by=by)
    return holding


def _clip_remove(clip: Clip) -> list[str]:
    """Delete a clip's row, or empty it where judgments rest on it; returns the names of its files."""
    names = _files(clip) + _tracks_remove(clip)
    for _, more in clip_removing.send(Clip, clip=clip):
        names += cast(Iterable[str], more)
    try:
        with transaction.atomic():
            Clip.objects.filter(pk=clip.pk).delete()
    except ProtectedError:
        Clip.objects.filter(pk=clip.pk).update(
            state=ClipState.REMOVED,
            file="",
            playback_file="",
            poster_file="",
            filmstrip_file="",
            source_name="",
            refusal="",
            probe={},
        )
        ClipTruth.objects.filter(clip=clip).update(record={})  # it names people
    return names


def _tracks_remove(clip: Clip) -> list[str]:
    """Delete what was found of faces in a clip; returns the names of its files."""
    names = [
        name
        for analysis in ClipAnalysis.objects.filter(clip=clip)
        for name in (analysis.file, analysis.overlay_file, analysis.strips_file)
        if name
    ]
    ClipAnalysis.objects.filter(clip=clip).delete()
    return names


def _files(clip: Clip) -> list[str]:
    return [name for name in (clip.file, clip.playback_file, clip.poster_file, clip.filmstrip_file) if name]


def files_discard_later(*, names: Iterable[str], by: User | None = None) -> None:
    """Have a job delete the files, so that no crash after the commit leaves a face behind."""
    names = sorted(set(names))
    if names:
        job_create(
            kind="files_discard",
            params={"names": names},
            label=f"{len(names)} files of deleted clips and people",
            total=len(names),
            created_by=by,
        )


def files_discard_unused(*, run: JobRun) -> None:
    """Delete the files of a job that no row names: a name is made of the content, so two rows may share one."""
    names: list[str] = run.params["names"]
    for done, name in enumerate(names, start=1):
        if not _is_in_use(name):
            media_files.files_discard(names=[name])
        run.progress(done, len(names))


def _is_in_use(name: str) -> bool:
    in_a_clip = Q(file=name) | Q(playback_file=name) | Q(poster_file=name) | Q(filmstrip_file=name)
    in_an_analysis = Q(file=name) | Q(overlay_file=name) | Q(strips_file=name)
    if ClipAnalysis.objects.filter(in_an_analysis).exists():
        return True
    return Clip.objects.filter(in_a_clip).exists() or Reference.objects.filter(file=name).exists()
