"""However a release comes to its end, there is a whole one or none, and a lead can build it again."""

import uuid
from pathlib import Path

import pytest

from annotator.releasing.options import ReleaseOptions
from annotator.services.release_build import CHANGED
from annotator.services.releases import (
    CANCELLED,
    release_cancel,
    release_delete,
    release_queue,
    release_retry,
    releases_fail_abandoned,
    releases_folder,
)
from config.jobs.models import Job, JobState
from config.jobs.runner import JobRun, run_jobs
from config.jobs.services import job_cancel, job_claim, jobs_release_stale
from datasets.models import Person, Release, ReleaseState
from datasets.releases.verify import verify_release
from datasets.services.deletion import person_delete

pytestmark = pytest.mark.django_db


@pytest.fixture
def release(judged) -> Release:
    """A release that waits for a worker."""
    return release_queue(study=judged, options=ReleaseOptions())


def ended(release: Release) -> tuple[str, str]:
    release.refresh_from_db()
    return release.state, release.error


def is_built_when_asked_again(release: Release) -> bool:
    assert release_retry(release=release)
    run_jobs(queue="media")
    return ended(release) == (ReleaseState.FROZEN, "") and verify_release(Path(release.folder)) == []


def test_cancelled_while_it_waits(release):
    assert release_cancel(release=release)
    assert ended(release) == (ReleaseState.FAILED, CANCELLED)
    assert not release_cancel(release=release)
    assert is_built_when_asked_again(release)


def test_cancelled_on_the_page_of_jobs(release):
    job_cancel(job=Job.objects.get())
    assert releases_fail_abandoned() == 1
    assert ended(release) == (ReleaseState.FAILED, CANCELLED)
    assert release_delete(release=release)


def test_every_worker_died(release, settings):
    settings.JOB_STALE_SECONDS = 0
    job = job_claim(queue="media", worker=uuid.uuid4())
    Job.objects.filter(pk=job.pk).update(attempt=job.max_attempts, heartbeat_at="2026-01-01T00:00:00Z")
    (Path(release.folder) / "data").mkdir(parents=True)
    (releases_folder() / ".tea-v1.between" / "release").mkdir(parents=True)
    assert releases_fail_abandoned() == 0

    jobs_release_stale()
    assert releases_fail_abandoned() == 1

    assert ended(release)[1].startswith("The worker died each time")
    assert list(releases_folder().iterdir()) == []
    assert is_built_when_asked_again(release)


def test_an_error_that_nobody_thought_of(release, monkeypatch):
    def break_down(self, *arguments: object) -> None:
        raise RuntimeError("the cable was pulled")

    with monkeypatch.context() as patch:
        patch.setattr(JobRun, "progress", break_down)
        run_jobs(queue="media")

    assert Job.objects.get().state == JobState.FAILED
    assert ended(release) == (ReleaseState.FAILED, "RuntimeError: the cable was pulled")
    assert list(releases_folder().iterdir()) == []
    assert is_built_when_asked_again(release)


def test_what_is_being_built_is_left_alone(release):
    job_claim(queue="media", worker=uuid.uuid4())
    assert releases_fail_abandoned() == 0
    assert ended(release) == (ReleaseState.BUILDING, "")


@pytest.mark.django_db(transaction=True)
def test_a_person_who_is_deleted_meanwhile_is_in_no_release(judged, monkeypatch):
    progress = JobRun.progress

    def delete_then_go_on(run, done, total=None, message=""):
        if done == total and (person := Person.objects.filter(key="amy").first()):
            person_delete(person=person)
        progress(run, done, total, message)

    with monkeypatch.context() as patch:
        patch.setattr(JobRun, "progress", delete_then_go_on)
        release = release_queue(study=judged, options=ReleaseOptions())  # is built on commit

    assert not Person.objects.filter(key="amy").exists()
    assert ended(release) == (ReleaseState.FAILED, CHANGED)
    assert list(releases_folder().iterdir()) == []
    assert is_built_when_asked_again(release)
    assert not release.people.filter(key="amy").exists()
