"""What a worker of the queue training runs (settings.JOB_KINDS)."""

from __future__ import annotations

from config.jobs.runner import JobRefused, JobRun
from config.jobs.services import JobCancelled
from training.models import Run, RunState


def reward_train(run: JobRun) -> None:
    """Train a reward model in a child process; resumed after a worker's death, ended when the job is cancelled."""
    from training.work import run_work

    found = Run.objects.filter(pk=run.params["run"]).first()
    if found is None:
        raise JobRefused("The run was deleted.")
    if found.state == RunState.CANCELLED:
        raise JobCancelled
    code = run_work(
        run=found,
        on_beat=lambda where: run.progress(where.step, message=where.stage),
        quiet=True,
    )
    if code:
        raise JobRefused(found.error)
