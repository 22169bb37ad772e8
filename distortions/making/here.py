"""Run a batch in this process for somebody who waits for it; workers may share the work, rows say who has what."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from django.db import connection

from config.jobs.runner import run_job
from config.jobs.services import job_claim, jobs_release_stale
from distortions.models import Batch, ResultState
from distortions.selectors.jobs import KIND, batch_is_active
from distortions.services.batches import batch_pause

POLL_S = 0.3


def batch_run_here(*, batch: Batch, on_progress: Callable[[int, int], None]) -> Batch:
    """Work until no job of the batch is left, here or at a worker; ctrl-C pauses it, to be resumed."""
    runner = threading.Thread(target=_work, daemon=True)
    runner.start()
    total = batch.distortions.count()
    while True:
        try:
            left = batch.distortions.filter(state=ResultState.PLANNED).count()
            on_progress(total - left, total)
            if not runner.is_alive() and not batch_is_active(batch):
                batch.refresh_from_db()
                return batch
            jobs_release_stale()
            time.sleep(POLL_S)
        except KeyboardInterrupt:
            batch_pause(batch=batch)


def _work() -> None:
    try:
        while (job := job_claim(queue="vision", worker=uuid.uuid4(), kind=KIND)) is not None:
            run_job(job)
    finally:
        connection.close()
