"""Every write to a job row. A worker claims, beats and finishes; people create, cancel and resume."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError

from config.accounts.models import User
from config.rows import rows_insert

from .models import ACTIVE_STATES, Job, JobState

log = structlog.get_logger(__name__)


class JobCancelled(Exception):
    """Somebody asked for the job to stop; the runner ends its current step and says so."""


class JobLost(Exception):
    """The row belongs to another worker now, since this one was silent for too long."""


def job_create(
    *,
    kind: str,
    params: dict[str, Any],
    key: str = "",
    label: str = "",
    total: int | None = None,
    created_by: User | None = None,
) -> Job:
    """Queue a job and wake a worker on commit. An active job of the same key is returned instead."""
    queue = settings.JOB_KINDS[kind]["queue"]
    job = Job(
        kind=kind,
        queue=queue,
        params=params,
        key=key,
        label=label,
        progress_total=total,
        created_by=created_by,
    )
    try:
        with transaction.atomic():
            job.save()
    except IntegrityError:
        return Job.objects.get(kind=kind, key=key, state__in=ACTIVE_STATES)
    wake_on_commit(queue)
    return job


def job_begin(
    *, kind: str, params: dict[str, Any], key: str, label: str = "", total: int | None = None
) -> Job:
    """Make a job that this process does by itself, as a command does; no worker is woken.

    It has one attempt: when the process dies, the job fails instead of going to a worker unasked.
    """
    return Job.objects.create(
        kind=kind,
        queue=settings.JOB_KINDS[kind]["queue"],
        params=params,
        key=key,
        label=label,
        progress_total=total,
        state=JobState.RUNNING,
        worker=uuid.uuid4(),
        attempt=1,
        max_attempts=1,
        heartbeat_at=timezone.now(),
        started_at=timezone.now(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """What one of many jobs of a kind is about; see Job."""

    params: dict[str, Any]
    key: str
    label: str = ""


def jobs_create(*, kind: str, works: Iterable[JobWork], created_by: User | None = None) -> None:
    """Queue many jobs of a kind by few statements; those whose key has an active job are left out."""
    queue = settings.JOB_KINDS[kind]["queue"]
    rows = [(work.params, work.key, work.label) for work in works]
    if rows:
        with transaction.atomic():
            rows_insert(Job, ("params", "key", "label"), rows, kind=kind, queue=queue, created_by=created_by)
            wake_on_commit(queue)


def wake_on_commit(queue: str) -> None:
    from .tasks import jobs_wake

    def wake() -> None:
        try:
            jobs_wake.apply_async(kwargs={"queue": queue}, queue=queue, ignore_result=True)
        except (OSError, OperationalError):
            # The row stands, and the next sweep wakes somebody: what was asked for is not lost, only late.
            log.exception("broker_does_not_answer", queue=queue)

    transaction.on_commit(wake)


def job_claim(*, queue: str, worker: uuid.UUID, kind: str = "") -> Job | None:
    """Take the oldest queued job of a queue, or None. Safe against any number of workers at once.

    `kind` narrows it to jobs of one kind.
    """
    waiting = Job.objects.filter(queue=queue, state=JobState.QUEUED)
    if kind:
        waiting = waiting.filter(kind=kind)
    while True:
        candidate = waiting.order_by("id").values_list("pk").first()
        if candidate is None:
            return None
        taken = Job.objects.filter(pk=candidate[0], state=JobState.QUEUED).update(
            state=JobState.RUNNING,
            worker=worker,
            heartbeat_at=Now(),
            started_at=Now(),
            attempt=F("attempt") + 1,
            message="",
            error="",
        )
        if taken:
            return Job.objects.get(pk=candidate[0])


def job_beat(*, job: Job, progress: dict[str, Any] | None = None) -> None:
    """Say that the runner is alive, with progress if any; raise when the job is no longer its own."""
    rows = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, worker=job.worker)
    if not rows.update(heartbeat_at=Now(), **(progress or {})):
        raise JobLost(f"job {job.pk} was given to another worker")
    if rows.filter(cancel_requested=True).exists():
        raise JobCancelled


def job_finish(*, job: Job, state: JobState, error: str = "", result: dict[str, Any] | None = None) -> bool:
    """Close a running job; False when another worker has it by now."""
    changes: dict[str, Any] = {"state": state, "error": error, "finished_at": Now(), "worker": None}
    if result is not None:
        changes["result"] = result
    return bool(Job.objects.filter(pk=job.pk, state=JobState.RUNNING, worker=job.worker).update(**changes))


def job_cancel(*, job: Job) -> None:
    """Cancel a queued job at once; a running one ends after its current step."""
    if not Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=Now()
    ):
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested=True)


def job_resume(*, job: Job) -> None:
    """Queue a failed or cancelled job again. What it has done already stays done."""
    try:
        with transaction.atomic():
            Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
                state=JobState.QUEUED, cancel_requested=False, attempt=0, finished_at=None, error=""
            )
    except IntegrityError:
        return  # The same work was queued anew in the meantime.
    wake_on_commit(job.queue)


def jobs_release_stale() -> list[str]:
    """Give the jobs of silent workers back to their queues and return the queues that have work.

    A job that was started max_attempts times without an end fails instead: something in it kills workers.
    """
    limit = timezone.now() - timedelta(seconds=settings.JOB_STALE_SECONDS)
    stale = Job.objects.filter(state=JobState.RUNNING, heartbeat_at__lt=limit)
    stale.filter(cancel_requested=True).update(state=JobState.CANCELLED, worker=None, finished_at=Now())
    stale.filter(attempt__gte=F("max_attempts")).update(
        state=JobState.FAILED,
        worker=None,
        finished_at=Now(),
        error="The worker died each time that this job was tried. Its log says more; resume to try again.",
    )
    stale.update(state=JobState.QUEUED, worker=None)
    return list(Job.objects.filter(state=JobState.QUEUED).values_list("queue", flat=True).distinct())
