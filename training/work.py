"""Working on a run: start the child, say how it goes, write down how it ended."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from config.jobs.services import JobCancelled
from training.child import Where, run_child
from training.models import Run, RunState
from training.services import run_beat, run_begin, run_finish

REFUSED = 2
"""The command's exit code for what a person can mend; its last line is the sentence."""
NO_TORCH = (
    "Training needs torch, which is not installed here: pip install -r requirements/training.txt, or let a worker of "
    "the queue training on a machine that has it do it."
)


def run_work(*, run: Run, on_beat: Callable[[Where], None] | None = None, quiet: bool) -> int:
    """Train until the end and return the child's exit code; the run's state says the rest.

    Raises:
        JobCancelled, KeyboardInterrupt: whatever `on_beat` or the terminal raises, after the child has stopped.
    """
    run_begin(run=run)
    if find_spec("torch") is None:
        run_finish(run=run, state=RunState.FAILED, error=NO_TORCH)
        return REFUSED

    def beat(where: Where) -> None:
        run_beat(run=run, stage=where.stage, step=where.step)
        if on_beat is not None:
            on_beat(where)

    try:
        ended = run_child(run, on_beat=beat, quiet=quiet)
    except (JobCancelled, KeyboardInterrupt):
        run_finish(run=run, state=RunState.CANCELLED)
        raise
    if ended.code == 0:
        run_finish(run=run, state=RunState.FINISHED)
    else:
        why = ended.said or "What it said stands above."
        run_finish(
            run=run,
            state=RunState.FAILED,
            error=why if ended.code == REFUSED else f"Training ended with status {ended.code}. {why}",
        )
    return ended.code
