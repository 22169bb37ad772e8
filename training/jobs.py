"""What a worker of the queue training runs (settings.JOB_KINDS)."""

from __future__ import annotations

from pathlib import Path

from config.jobs.runner import JobRefused, JobRun
from config.jobs.services import JobCancelled
from training.models import Run, RunKind, RunState


def run_train(run: JobRun) -> None:
    """Train a reward model or a policy in a child process; resumed after a worker's death, ended by cancelling."""
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


def policy_clips(run: JobRun) -> None:
    """Generate clips of the base and a tuned policy and take them into the library, where workers prepare them."""
    from training.generating import BASE, ClipsWanted, NotGenerated, clips_make, clips_take, policy_named

    found = Run.objects.filter(pk=run.params["run"], kind=RunKind.POLICY).first()
    if found is None:
        raise JobRefused("The run was deleted.")
    wanted = ClipsWanted(
        policies=[BASE, policy_named(str(found.pk))[0]],
        prompts=Path(found.release_folder),
        most=run.params["prompts"],
        seeds=range(run.params["seeds"]),
        generator_folder=Path(found.generator_folder),
    )
    out = Path(found.folder) / f"clips-{run.job.pk}"
    try:
        clips_make(wanted, out, on_beat=lambda: run.progress(0, message="generating"), quiet=True)
    except NotGenerated as error:
        raise JobRefused(str(error)) from None
    report = clips_take(out, created_by=run.job.created_by)
    run.result = {"pairs": len(report.pair_ids), "problems": [str(each) for each in report.problems[:10]]}
