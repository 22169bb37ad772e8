"""What a worker runs for this app's kinds of jobs (settings.JOB_KINDS)."""

from config.jobs.runner import JobRun

from .services import deletion, manifest_reading, preparation

# OpenCV and face models are loaded by the workers that look for faces, and by no other.


def clip_prepare(run: JobRun) -> None:
    preparation.clip_prepare(run=run)


def library_import(run: JobRun) -> None:
    manifest_reading.library_import(run=run)


def files_discard(run: JobRun) -> None:
    deletion.files_discard_unused(run=run)


def clip_analyse(run: JobRun) -> None:
    from .analysing import batch

    batch.clip_analyse(run=run)


def clips_analyse(run: JobRun) -> None:
    from .analysing import batch

    batch.clips_analyse(run=run)


def person_examine(run: JobRun) -> None:
    from .analysing import batch

    batch.person_examine(run=run)
