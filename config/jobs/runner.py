"""What a worker does with a claimed job: run its handler, beat meanwhile, record how it ended."""

import threading
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from .models import Job, JobState
from .services import JobCancelled, JobLost, job_beat, job_claim, job_finish

log = structlog.get_logger(__name__)

BEAT_SECONDS = 10.0


class JobRefused(Exception):
    """The work cannot be done for a reason that a person can act on; the message is that sentence."""


class JobRun:
    """A handler's view of its job: parameters, progress, a way to learn that it was cancelled."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.result: dict[str, Any] = {}
        self._told: dict[str, Any] = {}

    def progress(self, done: int, total: int | None = None, message: str = "") -> None:
        """Record progress, and what `result` was set to meanwhile.

        Raises JobCancelled or JobLost, which the handler lets through.
        """
        fields: dict[str, Any] = {"progress_done": done, "message": message[:300]}
        if total is not None:
            fields["progress_total"] = total
        if self.result is not self._told:
            fields["result"] = self._told = self.result
        job_beat(job=self.job, progress=fields)

    def headway(self) -> None:
        """Say that a step is done for good: workers that died before it no longer count against the job.

        Raises JobCancelled or JobLost, which the handler lets through.
        """
        job_beat(job=self.job, progress={"attempt": 1})

    def give_way(self) -> None:
        """Run what somebody waits for on this job's queue. A long job calls it between its steps."""
        run_jobs(queue=self.job.queue, only_urgent=True)


def run_jobs(*, queue: str, only_urgent: bool = False) -> int:
    """Run queued jobs of one queue until there is none, the urgent ones first; return how many were run."""
    worker = uuid.uuid4()
    count = 0
    while (job := _next_job(queue, worker, only_urgent=only_urgent)) is not None:
        run_job(job)
        count += 1
    return count


def _next_job(queue: str, worker: uuid.UUID, *, only_urgent: bool) -> Job | None:
    """Claim a job: of a kind for which somebody sits before a page, or else the oldest."""
    for kind, facts in settings.JOB_KINDS.items():
        if facts.get("urgent") and facts["queue"] == queue:
            job = job_claim(queue=queue, worker=worker, kind=kind)
            if job is not None:
                return job
    return None if only_urgent else job_claim(queue=queue, worker=worker)


def run_job(job: Job) -> None:
    handler = import_string(settings.JOB_KINDS[job.kind]["handler"])
    run = JobRun(job)
    try:
        with beating(job):
            handler(run)
    except JobCancelled:
        job_finish(job=job, state=JobState.CANCELLED, result=run.result)
    except JobLost:
        log.warning("job_lost", job=job.pk, kind=job.kind)
    except JobRefused as refusal:
        job_finish(job=job, state=JobState.FAILED, error=str(refusal))
    except Exception as failure:
        log.exception("job_failed", job=job.pk, kind=job.kind)
        sentence = f"{type(failure).__name__}: {failure}\n\n{traceback.format_exc(limit=-8)}"
        job_finish(job=job, state=JobState.FAILED, error=sentence)
    else:
        job_finish(job=job, state=JobState.SUCCEEDED, result=run.result)


@contextmanager
def beating(job: Job) -> Iterator[None]:
    """Keep the heartbeat fresh while this process works on a job."""
    stop = threading.Event()
    beat = threading.Thread(target=_beat_until, args=(job, stop), daemon=True)
    beat.start()
    try:
        yield
    finally:
        stop.set()
        beat.join()


def _beat_until(job: Job, stop: threading.Event) -> None:
    try:
        while not stop.wait(BEAT_SECONDS):
            try:
                job_beat(job=job)
            except DatabaseError:
                # A database that restarts must not cost the job: the next beat comes over a new connection.
                log.exception("job_beat_failed", job=job.pk)
                connection.close()
    except (JobCancelled, JobLost):
        return  # The handler learns it from its own next call of progress().
    finally:
        connection.close()
