"""Releases of a study as rows: asked for, queued, cancelled, tried again. `release_build` writes the folders."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, Max, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from annotator.models import Study
from annotator.releasing.options import ReleaseOptions
from config.accounts.models import User
from config.jobs.models import ACTIVE_STATES, Job, JobState
from config.jobs.services import job_begin, job_cancel, job_create, jobs_release_stale
from datasets.models import Release, ReleaseState

CANCELLED = "The export was cancelled."
DIED = "The worker died while it built this release."

JOB_KIND = "release_export"


def releases_folder() -> Path:
    """Where releases lie that were asked for in the browser."""
    return Path(settings.HOME) / "releases"


def release_create(
    *, study: Study, options: ReleaseOptions, folder: Path | None = None, created_by: User | None = None
) -> Release:
    """Make the row of a release that is about to be built, under the next version of the study's name."""
    while True:
        last = Release.objects.filter(name=study.slug).aggregate(last=Max("version"))["last"] or 0
        home = folder or releases_folder() / f"{study.slug}-v{last + 1}"
        release = Release(
            name=study.slug,
            version=last + 1,
            format=options.format,
            folder=str(home.absolute()),
            config={"study": study.slug, **asdict(options)},
            created_by=created_by,
        )
        try:
            with transaction.atomic():
                release.save()
                study.releases.add(release)
        except IntegrityError:
            continue  # Somebody released the same study at this moment: the next version is ours.
        return release


@transaction.atomic
def release_queue(*, study: Study, options: ReleaseOptions, created_by: User | None = None) -> Release:
    """Make the row and have a worker build it."""
    release = release_create(study=study, options=options, created_by=created_by)
    _queue(release, study, created_by)
    return release


@transaction.atomic
def release_begin(*, study: Study, options: ReleaseOptions, folder: Path) -> tuple[Release, Job]:
    """Make the row of a release that this process builds itself, and its job. What died before this is mended first.

    The job is how a process that is killed half-way is found out: when it is silent for too long, the release is
    failed by the next sweep of a worker or by the next of these commands.
    """
    jobs_release_stale()
    releases_fail_abandoned()
    release = release_create(study=study, options=options, folder=folder)
    return release, job_begin(kind=JOB_KIND, **_work_on(release, study))


@transaction.atomic
def release_retry(*, release: Release, by: User | None = None) -> bool:
    """Build a release again that failed or was cancelled; False when it is not one of those."""
    study = release.studies.first()
    rows = Release.objects.filter(pk=release.pk, state=ReleaseState.FAILED)
    if study is None or not rows.update(state=ReleaseState.BUILDING, error=""):
        return False
    _queue(release, study, by)
    return True


def _queue(release: Release, study: Study, created_by: User | None) -> Job:
    return job_create(kind=JOB_KIND, created_by=created_by, **_work_on(release, study))


def _work_on(release: Release, study: Study) -> dict[str, Any]:
    return {
        "params": {"release": release.pk, "study": study.pk},
        "key": f"release:{release.pk}",
        "label": f"Release {release}"[:200],
    }


def release_cancel(*, release: Release) -> bool:
    """Cancel the job of a release: at once while it waits, else after its step. False when none is under way."""
    job = Job.objects.filter(kind=JOB_KIND, key=f"release:{release.pk}", state__in=ACTIVE_STATES).first()
    if job is None:
        return False
    job_cancel(job=job)
    releases_fail_abandoned()
    return True


def releases_fail_abandoned() -> int:
    """Mark as failed what nobody builds any more, and return how many releases that were.

    A job that is cancelled while it waits, or whose workers all died, has no chance to say so itself.
    """
    abandoned = list(_abandoned())
    for release in abandoned:
        last = Job.objects.filter(kind=JOB_KIND, key=f"release:{release.pk}").latest("pk")
        sentence = CANCELLED if last.state == JobState.CANCELLED else last.reason or DIED
        if _abandoned().filter(pk=release.pk).update(state=ReleaseState.FAILED, error=sentence):
            release_clear(release=release)
    return len(abandoned)


def _abandoned() -> QuerySet[Release]:
    jobs = Job.objects.filter(kind=JOB_KIND, key=Concat(Value("release:"), Cast(OuterRef("pk"), CharField())))
    active = jobs.filter(state__in=ACTIVE_STATES)
    return Release.objects.filter(Exists(jobs), ~Exists(active), state=ReleaseState.BUILDING)


def release_fail(*, release: Release, sentence: str) -> None:
    Release.objects.filter(pk=release.pk, state=ReleaseState.BUILDING).update(
        state=ReleaseState.FAILED, error=sentence
    )


def release_clear(*, release: Release) -> None:
    """Remove what attempts that were cut off left of a release that is not frozen, hidden folders included."""
    folder = Path(release.folder)
    if folder.parent == releases_folder().absolute():
        for left in (folder, *folder.parent.glob(f".{folder.name}.*")):
            shutil.rmtree(left, ignore_errors=True)


def release_delete(*, release: Release) -> bool:
    """Delete a release that never came to be; a frozen one stays, and one that is being built is cancelled first."""
    deleted, _ = Release.objects.filter(pk=release.pk, state=ReleaseState.FAILED).delete()
    return bool(deleted)
