"""What a worker of the queue training runs to score pairs (settings.JOB_KINDS)."""

from __future__ import annotations

from pathlib import Path

from config.jobs.runner import JobRefused, JobRun
from training.models import Run


def pairs_score(run: JobRun) -> None:
    """Let a finished run's model judge the library's pairs; running it twice does no harm."""
    from training.reward.errors import RewardError
    from training.scoring import pairs_score as score

    found = Run.objects.select_related("created_by").filter(pk=run.params["run"]).first()
    if found is None:
        raise JobRefused("The run was deleted.")
    try:
        done = score(
            model=Path(found.folder) / "model",
            name=found.name,
            created_by=found.created_by,
            on_progress=run.progress,
        )
    except RewardError as error:
        raise JobRefused(str(error)) from error
    run.result = {"pairs": done.pairs, "left_out": list(done.left_out)}
