"""Jobs are rows: claimed once, kept alive, given back when a worker falls silent, cancelled, resumed."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from config.jobs import runner
from config.jobs.models import Job, JobState
from config.jobs.runner import JobRefused, JobRun, run_job, run_jobs
from config.jobs.services import (
    JobCancelled,
    JobLost,
    JobWork,
    job_beat,
    job_cancel,
    job_claim,
    job_create,
    job_finish,
    job_resume,
    jobs_create,
    jobs_release_stale,
)

pytestmark = pytest.mark.django_db

ran: list[int] = []


def handle(run: JobRun) -> None:
    """Do what the job's parameters say: the handler of these tests' kind of job."""
    ran.append(run.job.pk)
    run.progress(1, 2, "half way")
    if run.params.get("cancel"):
        job_cancel(job=run.job)
    if run.params.get("steal"):
        Job.objects.filter(pk=run.job.pk).update(worker=uuid.uuid4())
    if run.params.get("long"):
        run.give_way()
        ran.append(run.job.pk)
    if refusal := run.params.get("refuse"):
        raise JobRefused(refusal)
    if failure := run.params.get("fail"):
        raise RuntimeError(failure)
    run.progress(2)
    run.result = {"made": 3}


@pytest.fixture(autouse=True)
def kind(settings) -> None:
    settings.JOB_KINDS = {
        "try": {"handler": f"{__name__}.handle", "queue": "media"},
        "look": {"handler": f"{__name__}.handle", "queue": "media", "urgent": True},
        "elsewhere": {"handler": f"{__name__}.handle", "queue": "vision", "urgent": True},
    }
    ran.clear()


def create(key: str = "", **params: Any) -> Job:
    return job_create(kind="try", params=params, key=key)


def try_claim() -> Job | None:
    return job_claim(queue="media", worker=uuid.uuid4())


def claim() -> Job:
    job = try_claim()
    assert job is not None, "no job is queued"
    return job


def silence(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def test_the_oldest_is_claimed_first_and_each_once() -> None:
    first, second = create(), create()
    assert [try_claim(), try_claim(), try_claim()] == [first, second, None]


def test_a_worker_takes_its_own_queue_and_kind() -> None:
    job = create()
    assert job_claim(queue="vision", worker=uuid.uuid4()) is None
    assert job_claim(queue="media", worker=uuid.uuid4(), kind="other") is None
    assert job_claim(queue="media", worker=uuid.uuid4(), kind="try") == job


def test_what_somebody_waits_for_comes_first_and_interrupts_long_work() -> None:
    long, other = create(long=True), create()
    for kind in ("elsewhere", "look"):
        job_create(kind=kind, params={})
    run_job(claim())
    look = Job.objects.get(kind="look")
    assert ran == [long.pk, look.pk, long.pk]
    assert state(look) == JobState.SUCCEEDED
    assert state(long) == JobState.SUCCEEDED
    assert state(other) == JobState.QUEUED
    late = job_create(kind="look", params={})
    run_jobs(queue="media")
    assert ran[3:] == [late.pk, other.pk]
    assert not Job.objects.filter(kind="elsewhere", state=JobState.SUCCEEDED).exists()


def test_work_with_a_key_is_queued_once_until_it_ends() -> None:
    job = create("clip 1")
    assert create("clip 1") == job
    run_job(claim())
    assert create("clip 1") != job


def test_many_are_queued_at_once_less_those_under_way() -> None:
    create("1")
    jobs_create(kind="try", works=[JobWork(params={"n": n}, key=str(n)) for n in range(3)])
    assert sorted(Job.objects.values_list("key", flat=True)) == ["0", "1", "2"]


def test_a_worker_is_woken_after_the_commit_and_only_then(django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = create()
        assert state(job) == JobState.QUEUED
    assert state(job) == JobState.SUCCEEDED  # the test run's broker runs tasks where they are sent


def test_a_broker_that_is_away_does_not_cost_the_job(django_capture_on_commit_callbacks, monkeypatch) -> None:
    def away(**options: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("config.jobs.tasks.jobs_wake.apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        job = create()
    assert state(job) == JobState.QUEUED


def test_a_run_leaves_its_progress_and_result() -> None:
    job = create()
    assert run_jobs(queue="media") == 1
    assert state(job) == JobState.SUCCEEDED
    assert (job.progress_done, job.progress_total, job.result, job.attempt) == (2, 2, {"made": 3}, 1)
    assert job.finished_at is not None
    assert job.worker is None


def test_a_refusal_is_kept_as_its_sentence() -> None:
    job = create(refuse="The disk is full.")
    run_jobs(queue="media")
    assert (state(job), job.error) == (JobState.FAILED, "The disk is full.")


def test_a_failure_is_kept_with_where_it_happened() -> None:
    job = create(fail="it broke")
    run_jobs(queue="media")
    assert (state(job), job.reason) == (JobState.FAILED, "RuntimeError: it broke")
    assert "in handle" in job.details


def test_a_failed_job_does_not_stop_the_next() -> None:
    create(fail="it broke")
    job = create()
    assert run_jobs(queue="media") == 2
    assert state(job) == JobState.SUCCEEDED


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = create()
    job_cancel(job=job)
    assert state(job) == JobState.CANCELLED
    assert run_jobs(queue="media") == 0


def test_a_running_job_ends_at_its_next_step() -> None:
    job = create(cancel=True)
    run_jobs(queue="media")
    assert state(job) == JobState.CANCELLED
    assert job.result == {}


def test_a_finished_job_cannot_be_cancelled() -> None:
    job = create()
    run_jobs(queue="media")
    job_cancel(job=job)
    assert (state(job), job.cancel_requested) == (JobState.SUCCEEDED, False)


@pytest.mark.parametrize("params", [{"cancel": True}, {"fail": "x"}])
def test_what_ended_early_is_resumed(params: dict[str, Any]) -> None:
    job = create(**params)
    run_jobs(queue="media")
    Job.objects.filter(pk=job.pk).update(params={})
    job_resume(job=job)
    assert (state(job), job.cancel_requested, job.error) == (JobState.QUEUED, False, "")
    run_jobs(queue="media")
    assert state(job) == JobState.SUCCEEDED


def test_resuming_what_was_queued_anew_meanwhile_changes_nothing() -> None:
    old = create("clip 1", fail="x")
    run_jobs(queue="media")
    new = create("clip 1")
    job_resume(job=old)
    assert (state(old), state(new)) == (JobState.FAILED, JobState.QUEUED)


def test_what_succeeded_is_not_resumed() -> None:
    job = create()
    run_jobs(queue="media")
    job_resume(job=job)
    assert state(job) == JobState.SUCCEEDED


def test_the_job_of_a_silent_worker_goes_back_to_its_queue() -> None:
    create()
    job = claim()
    assert jobs_release_stale() == []
    assert state(job) == JobState.RUNNING
    silence(job)
    assert jobs_release_stale() == ["media"]
    assert (state(job), job.worker) == (JobState.QUEUED, None)
    assert claim() == job


def test_a_job_that_kills_every_worker_fails_in_the_end() -> None:
    create()
    for _ in range(3):
        job = claim()
        silence(job)
        jobs_release_stale()
    assert (state(job), job.attempt) == (JobState.FAILED, 3)
    assert "The worker died each time" in job.error
    job_resume(job=job)
    assert claim() == job


def test_the_cancelled_job_of_a_silent_worker_is_not_queued_again() -> None:
    create()
    job = claim()
    job_cancel(job=job)
    silence(job)
    assert jobs_release_stale() == []
    assert state(job) == JobState.CANCELLED


def test_a_worker_that_lost_its_job_can_write_nothing_more() -> None:
    create()
    lost = claim()
    silence(lost)
    jobs_release_stale()
    job = claim()
    with pytest.raises(JobLost):
        job_beat(job=lost, progress={"progress_done": 99})
    assert not job_finish(job=lost, state=JobState.FAILED, error="too late")
    assert (state(job), job.progress_done, job.error) == (JobState.RUNNING, 0, "")


def test_a_run_that_lost_its_job_leaves_it_to_the_other() -> None:
    job = create(steal=True)
    run_jobs(queue="media")
    assert (state(job), job.result) == (JobState.RUNNING, {})


def test_a_beat_tells_that_it_was_cancelled() -> None:
    create()
    job = claim()
    job_beat(job=job)
    job_cancel(job=job)
    with pytest.raises(JobCancelled):
        job_beat(job=job)


@pytest.mark.django_db(transaction=True)
def test_the_heart_beats_while_a_handler_sits_in_one_step(monkeypatch) -> None:
    monkeypatch.setattr(runner, "BEAT_SECONDS", 0.02)
    job = Job.objects.create(kind="try", queue="media")  # not by the service, which would wake a worker
    claimed = claim()
    before = Job.objects.get(pk=job.pk).heartbeat_at
    beaten = threading.Event()

    def wait(run: JobRun) -> None:
        # Until the row has a later heartbeat; the bound only ends a test that would never end.
        for _ in range(5000):
            if Job.objects.get(pk=job.pk).heartbeat_at != before:
                beaten.set()
                return
            threading.Event().wait(0.02)

    monkeypatch.setattr(f"{__name__}.handle", wait)
    run_job(claimed)
    assert beaten.is_set()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_once_does_not_stop_the_heart(monkeypatch) -> None:
    monkeypatch.setattr(runner, "BEAT_SECONDS", 0.02)
    Job.objects.create(kind="try", queue="media")
    claimed = claim()
    beats: list[str] = []
    enough = threading.Event()

    def beat(*, job: Job) -> None:
        beats.append("failed" if not beats else "beaten")
        if len(beats) == 1:
            raise OperationalError("the database is restarting")
        job_beat(job=job)
        enough.set()

    monkeypatch.setattr(runner, "job_beat", beat)
    monkeypatch.setattr(f"{__name__}.handle", lambda run: enough.wait(120))
    run_job(claimed)
    assert beats[:2] == ["failed", "beaten"]


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_run_each_job_once() -> None:
    Job.objects.bulk_create([Job(kind="try", queue="media") for _ in range(40)])
    start = threading.Barrier(8)
    claimed: list[list[int]] = [[] for _ in range(8)]
    errors: list[Exception] = []

    def work(mine: list[int]) -> None:
        try:
            start.wait()
            while (job := try_claim()) is not None:
                mine.append(job.pk)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(mine,)) for mine in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(pk for mine in claimed for pk in mine) == sorted(Job.objects.values_list("pk", flat=True))
