"""How a run's command ends: left to the workers, or watched until its child has."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from training.models import Run, RunState
from training.services import run_enqueue


def run_start(command: BaseCommand, run: Run, *, detach: bool, result: str) -> None:
    """Enqueue the run, or do it here and say where its result is. CommandError says why there is none."""
    if detach:
        run_enqueue(run=run)
        command.stdout.write(f"Run {run.pk} is queued; its folder is {run.folder}.")
        return
    # The child is started by no other command.
    from training.work import run_work

    try:
        code = run_work(run=run, quiet=False)
    except KeyboardInterrupt:
        raise CommandError(
            f"Stopped. The same command with --out {run.folder} --resume goes on.", returncode=130
        ) from None
    if code:
        raise CommandError(f"Run {run.pk} failed. {run.error}", returncode=code)
    assert run.state == RunState.FINISHED
    command.stdout.write(command.style.SUCCESS(f"Run {run.pk} is finished: {result}"))
