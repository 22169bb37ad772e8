"""The jobs of a batch: one for each clip that something is planned of."""

from __future__ import annotations

from django.db.models import QuerySet

from config.jobs.models import ACTIVE_STATES, Job
from distortions.models import Batch

KIND = "clip_distort"


def batch_jobs(batch: Batch) -> QuerySet[Job]:
    """Return the jobs of a batch, past ones included."""
    return Job.objects.filter(kind=KIND, key__startswith=f"{batch.pk}:")


def batch_is_active(batch: Batch) -> bool:
    """Say whether a worker has or awaits something of a batch."""
    return batch_jobs(batch).filter(state__in=ACTIVE_STATES).exists()
