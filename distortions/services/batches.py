"""Batches are made, paused, resumed, cancelled, and finished."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from config.accounts.models import User
from config.jobs.models import JobState
from config.jobs.services import JobWork, jobs_create
from datasets.models import Clip
from distortions.config import BatchConfig
from distortions.models import Batch, BatchState, Distortion, ResultState
from distortions.planning import batch_plan
from distortions.selectors.jobs import KIND, batch_jobs
from distortions.selectors.sources import config_check_against_library, sources_of

ROWS = 500


def batch_create(*, config: BatchConfig, created_by: User | None = None) -> tuple[Batch, bool]:
    """Plan a batch and queue a job for each of its clips; returns it and whether it is new.

    A batch of the same configuration is gone on with instead.
    Raises ConfigError with sentences.
    """
    if (there := Batch.objects.filter(digest=config.digest).first()) is not None:
        batch_resume(batch=there, by=created_by)
        return there, False
    config_check_against_library(config)
    sources = sources_of(config.clips)
    plan = batch_plan(config, sources.usable)
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                name=config.name, config=config.as_json(), digest=config.digest, created_by=created_by,
                left_out=sources.left_out,
            )  # fmt: skip
            Distortion.objects.bulk_create(
                (
                    Distortion(
                        batch=batch, number=each.number, group=each.group, pair_kind=each.pair_kind,
                        source_id=each.clip, recipe=each.recipe, severity=each.severity,
                        schedule=each.schedule, seed=each.seed,
                    )
                    for each in plan
                ),
                batch_size=ROWS,
            )  # fmt: skip
            _queue(batch, created_by)
    except IntegrityError:  # somebody started the same at the same moment
        return Batch.objects.get(digest=config.digest), False
    return batch, True


def _queue(batch: Batch, by: User | None) -> None:
    """Queue a job for each clip that something is still planned of."""
    left = Distortion.objects.filter(batch=batch, state=ResultState.PLANNED)
    clips = Clip.objects.filter(pk__in=left.values("source")).order_by("pk")
    works = (
        JobWork(
            params={"batch": batch.pk, "clip": clip.pk},
            key=f"{batch.pk}:{clip.pk}",
            label=f"{batch.name}: {clip.source_name}"[:200],
        )
        for clip in clips.only("pk", "source_name").iterator()
    )
    jobs_create(kind=KIND, works=works, created_by=by)


@transaction.atomic
def batch_pause(*, batch: Batch) -> bool:
    """Stop a batch after the results that are being made now."""
    return _stop(batch, BatchState.PAUSED, [BatchState.RUNNING])


@transaction.atomic
def batch_cancel(*, batch: Batch) -> bool:
    """Stop a batch for good. What it has made stays; what is planned is not made."""
    return _stop(batch, BatchState.CANCELLED, [BatchState.RUNNING, BatchState.PAUSED])


def _stop(batch: Batch, state: BatchState, before: Iterable[BatchState]) -> bool:
    if not Batch.objects.filter(pk=batch.pk, state__in=list(before)).update(state=state):
        return False
    jobs = batch_jobs(batch)
    jobs.filter(state=JobState.QUEUED).update(state=JobState.CANCELLED, finished_at=Now())
    jobs.filter(state=JobState.RUNNING).update(cancel_requested=True)
    return True


@transaction.atomic
def batch_resume(*, batch: Batch, by: User | None = None) -> bool:
    """Go on with a paused batch, or with one whose jobs failed. A cancelled one stays as it is."""
    running = [BatchState.PAUSED, BatchState.RUNNING]
    if not Batch.objects.filter(pk=batch.pk, state__in=running).update(state=BatchState.RUNNING):
        return False
    # A job that has not heard yet that it should stop simply goes on.
    batch_jobs(batch).filter(state=JobState.RUNNING).update(cancel_requested=False)
    _queue(batch, by)
    return True


def batch_close_if_done(*, batch: Batch) -> bool:
    """Finish a batch of which nothing is planned any more."""
    if Distortion.objects.filter(batch=batch, state=ResultState.PLANNED).exists():
        return False
    return bool(
        Batch.objects.filter(pk=batch.pk, state__in=[BatchState.RUNNING, BatchState.PAUSED]).update(
            state=BatchState.FINISHED, finished_at=Now()
        )
    )
