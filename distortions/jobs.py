"""What a worker runs for this app's kinds of jobs (settings.JOB_KINDS)."""

from config.jobs.runner import JobRun

# OpenCV and face models are loaded by the workers that distort, and by no other.


def clip_distort(run: JobRun) -> None:
    from .making import clip

    clip.clip_distort(run=run)


def distortion_preview(run: JobRun) -> None:
    from .making import preview

    preview.preview_draw(run=run)
