"""Runs: one a folder, resumed with what they were begun with."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from config.jobs.models import Job, JobState
from datasets.models import Release, ReleaseState
from training.models import Run, RunState
from training.reward.config import Config
from training.selectors import release_folder
from training.services import (
    HOLDS_A_RUN,
    OTHER_CONFIGURATION,
    RUNNING_ALREADY,
    run_again,
    run_begin,
    run_cancel,
    run_create,
    run_enqueue,
    run_finish,
)

pytestmark = pytest.mark.django_db


def made(tmp_path: Path, **options) -> Run:
    return run_create(release_folder=tmp_path / "release", config=Config(), **options)


def test_a_run_without_a_folder_gets_one_of_its_own(tmp_path, runs_root):
    first, second = made(tmp_path), made(tmp_path)

    assert Path(first.folder) == runs_root / f"reward-{first.pk}"
    assert first.folder != second.folder
    assert first.name == "release"


def test_a_run_knows_the_release_that_it_learns_from(tmp_path):
    release = Release.objects.create(
        name="faces",
        version=1,
        format="likeness",
        state=ReleaseState.FROZEN,
        folder=str(tmp_path / "release"),
    )

    assert made(tmp_path).release == release


def test_a_folder_is_one_run(tmp_path):
    made(tmp_path, folder=tmp_path / "run")

    with pytest.raises(ValidationError, match=HOLDS_A_RUN):
        made(tmp_path, folder=tmp_path / "run")


def test_a_run_that_is_under_way_is_not_resumed(tmp_path):
    run = made(tmp_path, folder=tmp_path / "run")
    run_begin(run=run)

    with pytest.raises(ValidationError, match=RUNNING_ALREADY):
        made(tmp_path, folder=tmp_path / "run", resume=True)


def test_a_failed_run_is_resumed_as_it_was_begun(tmp_path):
    run = made(tmp_path, folder=tmp_path / "run")
    run_finish(run=run, state=RunState.FAILED, error="The disk is full.")

    with pytest.raises(ValidationError, match=OTHER_CONFIGURATION):
        run_create(
            release_folder=tmp_path / "release",
            config=Config().with_values(["training.seed=9"]),
            folder=tmp_path / "run",
            resume=True,
        )
    again = made(tmp_path, folder=tmp_path / "run", resume=True)

    assert again == run
    assert (again.state, again.error, again.finished_at) == (RunState.QUEUED, "", None)


def test_a_queued_run_is_a_job_of_the_queue_training(tmp_path):
    run = made(tmp_path)
    run_enqueue(run=run)

    job = Job.objects.get()
    assert (job.queue, job.params, run.job) == ("training", {"run": run.pk}, job)


def test_cancelling_a_queued_run_cancels_its_job(tmp_path):
    run = made(tmp_path)
    run_enqueue(run=run)

    run_cancel(run=run)

    assert run.state == RunState.CANCELLED
    assert Job.objects.get().state == JobState.CANCELLED


def test_a_resumed_run_queues_its_job_again(tmp_path):
    run = made(tmp_path, folder=tmp_path / "run")
    run_enqueue(run=run)
    run_cancel(run=run)

    run_enqueue(run=made(tmp_path, folder=tmp_path / "run", resume=True))

    assert Job.objects.get().state == JobState.QUEUED


def test_a_run_whose_job_was_given_up_has_failed(tmp_path):
    run = made(tmp_path)
    run_enqueue(run=run)
    run_begin(run=run)
    Job.objects.update(state=JobState.FAILED)

    run = Run.objects.get()
    assert (run.is_active, run.shown_state) == (False, RunState.FAILED)
    assert "Resume it" in run.reason
    assert run_again(run=run).state == RunState.QUEUED


def test_a_failed_run_says_why(tmp_path):
    run = made(tmp_path)

    with pytest.raises(IntegrityError):
        Run.objects.filter(pk=run.pk).update(state=RunState.FAILED)


def test_a_release_is_named_by_folder_name_or_version(tmp_path):
    for version in (1, 2):
        Release.objects.create(
            name="faces",
            version=version,
            format="likeness",
            state=ReleaseState.FROZEN,
            folder=str(tmp_path / f"v{version}"),
            created_at=timezone.now() + timedelta(days=version),
        )

    assert release_folder(str(tmp_path)) == tmp_path
    assert release_folder("faces") == tmp_path / "v2"
    assert release_folder("faces@1") == tmp_path / "v1"
    assert release_folder("faces@3") is release_folder("faces@x") is release_folder("nobody") is None
