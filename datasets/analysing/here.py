"""Run a batch in this process for somebody who waits for it; a worker may take it as well, there is one row."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable

from django.db import connection

from config.jobs.models import Job
from config.jobs.runner import run_job
from config.jobs.services import job_cancel, job_claim

POLL_S = 0.3


def batch_run_here(*, job: Job, on_progress: Callable[[Job], None]) -> Job:
    """Work until the job has ended, here or at a worker, and return its row; ctrl-C cancels it, to be resumed."""
    runner = threading.Thread(target=_work, daemon=True)
    runner.start()
    while True:
        try:
            job.refresh_from_db()
            on_progress(job)
            if not job.is_active:
                return job
            time.sleep(POLL_S)
        except KeyboardInterrupt:
            job_cancel(job=job)


def _work() -> None:
    try:
        while (job := job_claim(queue="vision", worker=uuid.uuid4(), kind="clips_analyse")) is not None:
            run_job(job)
    finally:
        connection.close()
