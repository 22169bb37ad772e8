"""What was found of faces in a clip, as its page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Prefetch, Q

from config.jobs.models import ACTIVE_STATES, Job, JobState
from datasets.identity.about import DLIB_DETECTOR, DLIB_IN_USE
from datasets.models import (
    AnalysisState,
    Clip,
    ClipAnalysis,
    ClipState,
    ClipSubject,
    FaceTrack,
    IdentityTrack,
    Person,
    Reference,
)

NO_VISION = (
    "No worker of this site looks for faces: its vision packages are not installed. Install requirements/vision.txt and"
    " start a worker for the queue vision; where the workers are on another machine, set LIKENESS_ANALYSE_CLIPS=1 here."
)
KEYS = 9
"""Subjects that have a key of their own, 1 to 9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Somebody who should appear in a clip.

    `key` is pressed to say that a face is theirs; `seen` is missing for whom could not be looked for.
    """

    person: Person
    number: int
    portrait: Reference | None
    seen: IdentityTrack | None
    tracks: list[FaceTrack]

    @property
    def key(self) -> str:
        return str(self.number) if self.number <= KEYS else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFaces:
    """The faces of one clip, who they are, and what is being done about them."""

    clip: Clip
    analysis: ClipAnalysis | None
    subjects: list[Subject]
    others: list[FaceTrack]
    job: Job | None
    """The newest job that looks for this clip's faces, a batch that has the clip included."""

    @property
    def is_ready(self) -> bool:
        return self.analysis is not None and self.analysis.state == AnalysisState.READY

    @property
    def is_waiting(self) -> bool:
        return self.job is not None and self.job.is_active

    @property
    def problem(self) -> str:
        """Why the last attempt came to nothing, in a sentence; "" where it did not."""
        if self.job is not None and self.job.state == JobState.FAILED:
            ended = self.job.finished_at
            if self.analysis is None or (ended is not None and ended > self.analysis.analysed_at):
                return self.job.reason
        return self.analysis.error if self.analysis is not None else ""

    @property
    def tracks(self) -> list[FaceTrack]:
        return sorted(
            [track for subject in self.subjects for track in subject.tracks] + self.others,
            key=lambda track: track.number,
        )


def clip_faces(clip: Clip) -> ClipFaces:
    """Return all that a clip's page shows of faces, in a number of queries that does not depend on the clip."""
    analysis = ClipAnalysis.objects.filter(clip=clip).first()
    people = (
        ClipSubject.objects.filter(clip=clip)
        .select_related("person")
        .prefetch_related(
            Prefetch("person__references", queryset=Reference.objects.order_by("position", "pk"))
        )
    )
    tracks = FaceTrack.objects.none()
    seen: dict[int, IdentityTrack] = {}
    if analysis is not None:
        tracks = analysis.face_tracks.select_related(
            "person", "machine_person", "correction", "correction__by"
        )
        seen = {each.person_id: each for each in analysis.identity_tracks.all()}
    rows = list(tracks)
    subjects = [
        Subject(
            person=each.person,
            number=number,
            portrait=next(iter(each.person.references.all()), None),
            seen=seen.get(each.person_id),
            tracks=[track for track in rows if track.person_id == each.person_id],
        )
        for number, each in enumerate(people, start=1)
    ]
    named = {subject.person.pk for subject in subjects}
    return ClipFaces(
        clip=clip,
        analysis=analysis,
        subjects=subjects,
        others=[track for track in rows if track.person_id not in named],
        job=analysis_job_of(clip),
    )


def analysis_job_of(clip: Clip) -> Job | None:
    """Return the job that looks for a clip's faces now, or else the newest one that did."""
    own = Job.objects.filter(kind="clip_analyse", key=str(clip.pk)).order_by("-pk").first()
    if own is not None and own.is_active:
        return own
    batches = Job.objects.filter(kind="clips_analyse", state__in=ACTIVE_STATES).order_by("pk")
    return next((job for job in batches if clip.pk in job.params["clips"]), own)


def clips_to_analyse(clips: Iterable[Clip]) -> list[int]:
    """Return which of these clips can be analysed."""
    return [clip.pk for clip in clips if clip.state == ClipState.READY]


def vision_notice() -> str:
    """Return the sentence that a lead should read once about how faces are found here; "" where all is well."""
    if not settings.ANALYSE_CLIPS:
        return NO_VISION
    if settings.FACE_BACKEND:
        return ""
    newest = ClipAnalysis.objects.filter(~Q(backend="")).order_by("-pk").values_list("backend").first()
    return DLIB_IN_USE if newest is not None and newest[0].startswith(f"{DLIB_DETECTOR}@") else ""
