"""Every write to a run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from config.accounts.models import User
from config.jobs.models import ACTIVE_STATES, Job
from config.jobs.services import job_cancel, job_create, job_resume
from datasets.models import Release
from training.models import Run, RunKind, RunState
from training.reward.config import Config, config_of, toml_text
from training.reward.vlm.config import vlm_config_of

JOBS = {RunKind.REWARD: "reward_train", RunKind.POLICY: "policy_train"}
"""Keys of settings.JOB_KINDS."""
CLIPS = "policy_clips"
NOT_TUNED = "Clips are generated with a policy whose run is finished."
CLIPS_ALREADY = "Its clips are being generated already."
FINISHED_ALREADY = "This run is finished: its model is in its folder."
RUNNING_ALREADY = "This run is under way: wait for it, or cancel it first."
OTHER_CONFIGURATION = (
    "The folder holds a run of another configuration or release: resume with the same ones, or choose "
    "another folder."
)
HOLDS_A_RUN = "The folder holds a run already: resume it, or choose another folder."


@transaction.atomic
def run_create(
    *,
    release_folder: Path,
    config: Config | str,
    kind: RunKind = RunKind.REWARD,
    reward_folder: Path | None = None,
    generator_folder: Path | None = None,
    folder: Path | None = None,
    name: str = "",
    resume: bool = False,
    created_by: User | None = None,
) -> Run:
    """Register a run that nobody works on yet, or, to resume, return the one of that folder made ready again.

    Args:
        release_folder: What it learns from.
        config: How; as TOML of a policy, since what checks it needs torch (training.grpo.config), and of the reward
            that looks at pictures.
        reward_folder, generator_folder: Of a policy, what scores its clips, and its base.
        folder: Its own; one below LIKENESS_HOME/runs by default.
        name: What a person calls it.
        resume: Go on with what the folder holds.

    Raises:
        ValidationError: the folder is another run's, or this one is under way.
    """
    release_folder = release_folder.resolve()
    wanted = {
        "kind": kind,
        "release_folder": str(release_folder),
        "config": config if isinstance(config, str) else toml_text(config.as_dict()),
        "reward_folder": str(reward_folder.resolve()) if reward_folder else "",
        "generator_folder": str(generator_folder.resolve()) if generator_folder else "",
    }
    if folder is not None:
        folder = folder.resolve()
        found = Run.objects.select_for_update().filter(folder=str(folder)).first()
        if found is not None:
            return _again(found, wanted, resume=resume)
    run = Run(
        **wanted,
        name=name or release_folder.name,
        release=Release.objects.filter(folder=str(release_folder)).first(),
        folder=str(folder or f"new {timezone.now().isoformat()}"),
        created_by=created_by,
    )
    run.full_clean(exclude=["created_by"])
    run.save()
    if folder is None:
        run.folder = str(Path(settings.RUNS_ROOT) / f"{kind}-{run.pk}")
        run.save(update_fields=["folder"])
    return run


def _again(run: Run, wanted: dict[str, str], *, resume: bool) -> Run:
    if not resume:
        raise ValidationError(HOLDS_A_RUN)
    asked_for = {**wanted, "config": _compared(wanted["kind"], wanted["config"])}
    begun_with = {name: getattr(run, name) for name in wanted}
    if asked_for != {**begun_with, "config": _compared(run.kind, run.config)}:
        raise ValidationError(OTHER_CONFIGURATION)
    return run_again(run=run)


def _compared(kind: str, config: str) -> Any:
    """Return a configuration as two of them are compared: a reward's with its defaults."""
    values = tomllib.loads(config)
    if kind != RunKind.REWARD:
        return values
    return vlm_config_of(values) if "vlm" in values else config_of(values)


@transaction.atomic
def run_again(*, run: Run) -> Run:
    """Make a run that ended without a model ready to go on.

    Raises:
        ValidationError: it is under way, or finished.
    """
    if run.is_active:
        raise ValidationError(RUNNING_ALREADY)
    if run.state == RunState.FINISHED:
        raise ValidationError(FINISHED_ALREADY)
    run.state, run.error, run.finished_at = RunState.QUEUED, "", None
    run.save(update_fields=["state", "error", "finished_at"])
    return run


@transaction.atomic
def run_enqueue(*, run: Run, created_by: User | None = None) -> None:
    """Leave a run to the workers of the queue training."""
    if run.job is not None and not run.job.is_active:
        job_resume(job=run.job)
        return
    run.job = job_create(
        kind=JOBS[RunKind(run.kind)],
        params={"run": run.pk},
        key=str(run.pk),
        label=run.name,
        created_by=created_by,
    )
    run.save(update_fields=["job"])


@transaction.atomic
def clips_enqueue(*, run: Run, prompts: int, seeds: int, created_by: User | None = None) -> Job:
    """Have a worker generate clips of the base and a tuned policy on people of the release's test split, as pairs.

    Raises:
        ValidationError: it is no finished policy, or is being asked for already.
    """
    if run.kind != RunKind.POLICY or run.state != RunState.FINISHED:
        raise ValidationError(NOT_TUNED)
    if Job.objects.filter(kind=CLIPS, key=str(run.pk), state__in=ACTIVE_STATES).exists():
        raise ValidationError(CLIPS_ALREADY)
    params = {"run": run.pk, "prompts": prompts, "seeds": seeds}
    return job_create(kind=CLIPS, params=params, key=str(run.pk), label=run.name, created_by=created_by)


def run_begin(*, run: Run) -> None:
    """Say that a process works on a run."""
    now = timezone.now()
    _update(
        run,
        state=RunState.RUNNING,
        heartbeat_at=now,
        started_at=run.started_at or now,
        error="",
        finished_at=None,
    )


def run_beat(*, run: Run, stage: str = "", step: int = 0) -> None:
    """Say that its process is alive, and where it is."""
    _update(run, heartbeat_at=timezone.now(), **({"stage": stage, "step": step} if stage else {}))


def run_finish(*, run: Run, state: RunState, error: str = "") -> None:
    """Say how a run ended; of a finished one, keep its results."""
    changes: dict[str, Any] = {"state": state, "error": error, "finished_at": timezone.now()}
    if state == RunState.FINISHED:
        document = json.loads((Path(run.folder) / "results.json").read_text(encoding="utf-8"))
        changes["results"] = document["results"]
    _update(run, **changes)


def run_cancel(*, run: Run) -> None:
    """Stop a run of the background; its last checkpoint stays, so that it can be resumed."""
    if run.job is not None:
        job_cancel(job=run.job)
    Run.objects.filter(pk=run.pk, state=RunState.QUEUED).update(
        state=RunState.CANCELLED, finished_at=timezone.now()
    )
    run.refresh_from_db()


def _update(run: Run, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(run, name, value)
    Run.objects.filter(pk=run.pk).update(**changes)
