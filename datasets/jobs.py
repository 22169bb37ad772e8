"""What a worker runs for this app's kinds of jobs (settings.JOB_KINDS)."""

from config.jobs.runner import JobRun

from .services import deletion, preparation


def clip_prepare(run: JobRun) -> None:
    preparation.clip_prepare(run=run)


def files_discard(run: JobRun) -> None:
    deletion.files_discard_unused(run=run)
