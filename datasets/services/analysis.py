"""Analyses of clips: asked for by a page or a command, stored by a worker, corrected by a lead."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from config.accounts.models import User
from config.jobs.models import Job
from config.jobs.services import JobWork, job_create, jobs_create
from datasets.models import (
    AnalysisState,
    Clip,
    ClipAnalysis,
    ClipState,
    FaceTrack,
    IdentityTrack,
    Person,
    TrackCorrection,
)

from .deletion import files_discard_later

NOT_A_SUBJECT = "{person} is not among the people of this clip. Add them to its subjects first."
MATCHED_MEANWHILE = "The faces were matched again at this moment. Say it once more."
AT_THE_SAME_TIME = "Another face is {person} at the same time, and was said to be. Correct that one first."


Corrections = dict[int, tuple[int | None, int | None]]
"""Who a track is and who said so, by the track's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackFacts:
    """A row of FaceTrack."""

    number: int
    first: int
    last: int
    frames: int
    quality: float
    still: bool
    machine_person_id: int | None
    person_id: int | None
    similarity: float | None
    margin: float | None
    presumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonFacts:
    """A row of IdentityTrack."""

    person_id: int
    similarity: float | None
    coverage: float
    numbers: dict[str, Any]
    curve: dict[str, Any]
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisFacts:
    """What a worker found in a clip.

    `corrections` are (person, who said it) by the track's number; `based_on` is what leads had said of the tracks of
    the analysis before, when the worker read it.
    """

    backend: str
    file: str
    overlay_file: str
    strips_file: str
    strip_frames: list[int]
    strip_step: float
    summary: dict[str, Any]
    score: float | None
    face_sim: float | None
    notes: list[str]
    tracks: list[TrackFacts]
    people: list[PersonFacts]
    corrections: Corrections = field(default_factory=dict)
    based_on: Corrections = field(default_factory=dict)


class CorrectionsChanged(Exception):
    """A lead has corrected a track while the worker matched: it reads the corrections and matches again."""


def clips_analyse_later(*, clip_ids: Iterable[int], by: User | None = None) -> None:
    """Queue a job for each of these clips: after preparing, after new references or subjects, after a correction."""
    clips = Clip.objects.filter(pk__in=list(clip_ids), state=ClipState.READY).values_list("pk", "source_name")
    works = [JobWork(params={"clip": pk}, key=str(pk), label=name[:200]) for pk, name in clips]
    jobs_create(kind="clip_analyse", works=works, created_by=by)


def analysis_batch_start(
    *, clip_ids: Collection[int], label: str, backend: str = "", again: bool = False, by: User | None = None
) -> Job:
    """Queue one job that analyses all of these clips; it can be cancelled and resumed and lists what went wrong."""
    return job_create(
        kind="clips_analyse",
        params={"clips": sorted(clip_ids), "backend": backend, "again": again},
        label=label[:200],
        total=len(clip_ids),
        created_by=by,
    )


def clip_analyse_if_wanted(*, clip: Clip, by: User | None = None) -> None:
    """Queue the analysis of a clip that is ready, where this installation analyses by itself."""
    if settings.ANALYSE_CLIPS:
        clips_analyse_later(clip_ids=[clip.pk], by=by)


def person_examine_if_wanted(*, person: Person, by: User | None = None) -> None:
    """Queue a look at a person's references, after which their clips are matched anew."""
    if settings.ANALYSE_CLIPS:
        person_examine_later(person=person, by=by)


def person_examine_later(*, person: Person, by: User | None = None) -> None:
    """Queue a look at a person's references, whatever this installation does by itself."""
    job_create(
        kind="person_examine",
        params={"person": person.pk},
        key=str(person.pk),
        label=person.name[:200],
        created_by=by,
    )


@transaction.atomic
def analysis_store(*, clip: Clip, facts: AnalysisFacts) -> ClipAnalysis | None:
    """Put an analysis in the place of the one before, corrections included; None if the clip went meanwhile.

    Raises CorrectionsChanged if a lead has said more than the facts rest on.
    """
    if not Clip.objects.select_for_update().filter(pk=clip.pk, state=ClipState.READY).exists():
        return None
    if corrections_of(clip) != facts.based_on:
        raise CorrectionsChanged
    _replace(clip, keep={facts.file, facts.overlay_file, facts.strips_file})
    analysis = ClipAnalysis.objects.create(
        clip=clip,
        backend=facts.backend,
        file=facts.file,
        overlay_file=facts.overlay_file,
        strips_file=facts.strips_file,
        strip_frames=facts.strip_frames,
        strip_step=facts.strip_step,
        summary=facts.summary,
        score=facts.score,
        face_sim=facts.face_sim,
        notes=facts.notes,
    )
    # Somebody may have been deleted while the worker looked.
    known = set(
        Person.objects.filter(pk__in=[p.person_id for p in facts.people]).values_list("pk", flat=True)
    )
    tracks = FaceTrack.objects.bulk_create(
        FaceTrack(analysis=analysis, **_known_only(asdict(track), known)) for track in facts.tracks
    )
    IdentityTrack.objects.bulk_create(
        IdentityTrack(analysis=analysis, row=row, **asdict(person))
        for row, person in enumerate(facts.people)
        if person.person_id in known
    )
    by_number = {track.number: track for track in tracks}
    TrackCorrection.objects.bulk_create(
        TrackCorrection(track=by_number[number], person_id=person_id, by_id=by_id)
        for number, (person_id, by_id) in facts.corrections.items()
        if person_id is None or Person.objects.filter(pk=person_id).exists()
    )
    return analysis


def corrections_of(clip: Clip) -> Corrections:
    """Return what leads said of the tracks of a clip's analysis."""
    said = TrackCorrection.objects.filter(track__analysis__clip=clip)
    return {number: (person, by) for number, person, by in said.values_list("track__number", "person", "by")}


def _known_only(track: dict[str, Any], known: set[int]) -> dict[str, Any]:
    for name in ("person_id", "machine_person_id"):
        if track[name] not in known:
            track[name] = None
    return track


def _replace(clip: Clip, *, keep: set[str]) -> None:
    """Delete a clip's analysis, and its files but those that the next one has, too."""
    before = ClipAnalysis.objects.filter(clip=clip).first()
    if before is not None:
        names = {before.file, before.overlay_file, before.strips_file} - keep
        before.delete()
        files_discard_later(names=filter(None, names))


@transaction.atomic
def analysis_fail(*, clip: Clip, backend: str, error: str) -> None:
    """Say why a clip has no tracks; what was found before goes."""
    if Clip.objects.filter(pk=clip.pk, state=ClipState.READY).exists():
        _replace(clip, keep=set())
        ClipAnalysis.objects.create(clip=clip, state=AnalysisState.FAILED, backend=backend, error=error)


@transaction.atomic
def track_correct(*, track: FaceTrack, person: Person | None, by: User) -> TrackCorrection:
    """Say who a face is, or that it is nobody of them. The clip is matched anew around it by a job.

    Raises ValidationError with a sentence.
    """
    clip = _locked(track)
    if person is not None:
        if not clip.clip_subjects.filter(person=person).exists():
            raise ValidationError(NOT_A_SUBJECT.format(person=person))
        rivals = TrackCorrection.objects.filter(
            track__analysis=track.analysis,
            person=person,
            track__first__lte=track.last,
            track__last__gte=track.first,
        ).exclude(track=track)
        if rivals.exists():
            raise ValidationError(AT_THE_SAME_TIME.format(person=person))
    correction, _ = TrackCorrection.objects.update_or_create(
        track=track, defaults={"person": person, "by": by}
    )
    FaceTrack.objects.filter(pk=track.pk).update(person=person)
    clips_analyse_later(clip_ids=[clip.pk], by=by)
    return correction


@transaction.atomic
def track_correction_remove(*, track: FaceTrack, by: User) -> None:
    """Take a correction back: the machine's answer stands again."""
    clip = _locked(track)
    TrackCorrection.objects.filter(track=track).delete()
    FaceTrack.objects.filter(pk=track.pk).update(person=track.machine_person)
    clips_analyse_later(clip_ids=[clip.pk], by=by)


def _locked(track: FaceTrack) -> Clip:
    """Return the track's clip, held against a worker that stores its analysis; the track is still there.

    Raises ValidationError with a sentence.
    """
    clip = Clip.objects.select_for_update().get(pk=track.analysis.clip_id)
    if not FaceTrack.objects.filter(pk=track.pk).exists():
        raise ValidationError(MATCHED_MEANWHILE)
    return clip
