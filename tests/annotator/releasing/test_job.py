"""The button: a row, a job, and what becomes of both."""

import io
import uuid
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from annotator.models import Member, Role
from annotator.releasing.options import ReleaseOptions
from annotator.services.consensus import study_consensus_refresh
from annotator.services.release_build import release_export
from annotator.services.releases import release_delete, release_queue, release_retry, releases_folder
from config.jobs.models import Job, JobState
from config.jobs.runner import JobRun, run_job
from config.jobs.services import JobCancelled, job_claim
from datasets.models import Release, ReleaseState
from datasets.releases.verify import verify_release
from tests.annotator.factories import make_user
from tests.annotator.judging import judge

pytestmark = pytest.mark.django_db


def work() -> Job:
    """Run the one queued job of the queue, as a worker does."""
    job = job_claim(queue="media", worker=uuid.uuid4())
    assert job is not None
    run_job(job)
    job.refresh_from_db()
    return job


def test_the_job_builds_and_freezes(judged):
    release = release_queue(study=judged, options=ReleaseOptions())
    assert (release.state, Path(release.folder)) == (ReleaseState.BUILDING, releases_folder() / "tea-v1")

    job = work()

    release.refresh_from_db()
    assert (job.state, job.error, job.result) == (JobState.SUCCEEDED, "", {"release": release.pk})
    assert (job.progress_done, job.progress_total) == (12, 12)
    assert release.state == ReleaseState.FROZEN
    assert verify_release(Path(release.folder)) == []


def test_a_refused_release_fails_with_its_sentence_and_can_be_tried_again(study, items, annotators):
    release = release_queue(study=study, options=ReleaseOptions())

    job = work()

    release.refresh_from_db()
    assert (job.state, release.state) == (JobState.FAILED, ReleaseState.FAILED)
    assert job.error == release.error
    assert release.error.startswith("There is nothing to release yet")

    judge(items[0], annotators[0], "a")
    assert release_retry(release=release)
    assert work().state == JobState.SUCCEEDED
    release.refresh_from_db()
    assert (release.state, release.error) == (ReleaseState.FROZEN, "")


def test_cancelling_leaves_no_folder(judged):
    release = release_queue(study=judged, options=ReleaseOptions())
    run = JobRun(Job.objects.get())

    def cancelled(done: int, total: int | None = None, message: str = "") -> None:
        raise JobCancelled

    run.progress = cancelled  # type: ignore[method-assign]
    with pytest.raises(JobCancelled):
        release_export(run=run)

    release.refresh_from_db()
    assert (release.state, release.error) == (ReleaseState.FAILED, "The export was cancelled.")
    assert not list(releases_folder().iterdir())


def test_what_a_killed_worker_left_is_built_anew(judged):
    release = release_queue(study=judged, options=ReleaseOptions())
    # As if the worker had died between the folder's last step and the row's.
    Path(release.folder).mkdir(parents=True)
    (Path(release.folder) / "release.json").write_text("{}")

    assert work().state == JobState.SUCCEEDED
    assert verify_release(Path(release.folder)) == []


def test_a_job_that_runs_twice_touches_nothing_that_is_frozen(judged):
    release = release_queue(study=judged, options=ReleaseOptions())
    job = work()
    before = (Path(release.folder) / "release.json").stat()
    study_consensus_refresh(study=judged)

    release_export(run=JobRun(job))

    after = (Path(release.folder) / "release.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("state", "deleted"),
    [(ReleaseState.FROZEN, False), (ReleaseState.BUILDING, False), (ReleaseState.FAILED, True)],
)
def test_only_a_failed_release_is_deleted(judged, state, deleted):
    release = release_queue(study=judged, options=ReleaseOptions())
    Release.objects.filter(pk=release.pk).update(state=state)

    assert release_delete(release=release) is deleted
    assert Release.objects.exists() is not deleted


def test_a_frozen_release_is_not_built_again(judged):
    release = release_queue(study=judged, options=ReleaseOptions())
    Release.objects.filter(pk=release.pk).update(state=ReleaseState.FROZEN)

    assert not release_retry(release=release)


def test_a_lead_downloads_a_release_and_others_do_not(judged, tmp_path):
    release = release_queue(study=judged, options=ReleaseOptions())
    work()
    lead = Member.objects.get(study=judged, role=Role.LEAD).user

    answers = {}
    for user in (lead, make_user("other-lead", is_lead=True), make_user("guest")):
        client = Client()
        client.force_login(user)
        answers[user.username] = client.get(f"/releases/{release.pk}/download.zip")

    assert [answer.status_code for answer in answers.values()] == [200, 404, 404]
    whole = answers["the-lead"]
    assert whole["Content-Disposition"] == 'attachment; filename="tea-v1.zip"'
    with zipfile.ZipFile(io.BytesIO(whole.getvalue())) as archive:
        archive.extractall(tmp_path / "unzipped")
    assert verify_release(tmp_path / "unzipped" / "tea-v1") == []


@pytest.mark.parametrize("name", ["likeness", "jsonl"])
def test_the_page_lists_every_file_with_its_checksum(judged, name):
    release = release_queue(study=judged, options=ReleaseOptions(format=name))
    work()
    client = Client()
    client.force_login(Member.objects.get(study=judged, role=Role.LEAD).user)

    page = client.get(f"/releases/{release.pk}/").content.decode()

    listed = "release.json" if name == "likeness" else "SHA256SUMS"
    paths = {
        str(path.relative_to(release.folder)) for path in Path(release.folder).rglob("*") if path.is_file()
    }
    assert all(path in page for path in paths - {listed})
    assert f"/releases/{release.pk}/download.zip" in page
