"""Reads that are more than a get."""

from __future__ import annotations

from pathlib import Path

from django.db.models import Q, QuerySet

from config.accounts.models import User
from config.jobs.models import Job
from datasets.models import Release, ReleaseState
from training.models import Run, RunKind, RunState
from training.services import CLIPS


def release_folder(text: str) -> Path | None:
    """Return the folder of a release: given its folder, its name (the newest version) or `name@version`."""
    if Path(text).is_dir():
        return Path(text)
    name, _, version = text.partition("@")
    found = Release.objects.filter(name=name, state=ReleaseState.FROZEN).order_by("-version")
    if version:
        found = found.filter(version=int(version)) if version.isdigit() else found.none()
    release = found.first()
    return Path(release.folder) if release else None


def runs_of(user: User) -> QuerySet[Run]:
    """Return the runs that a lead may see: their own, and those started at the command line."""
    return Run.objects.filter(Q(created_by=user) | Q(created_by=None)).select_related(
        "release", "created_by", "job"
    )


def run_at(folder: str) -> Run | None:
    """Return the run of a folder, or of the one that a model's folder lies in."""
    if not folder:
        return None
    return Run.objects.filter(folder__in=[folder, str(Path(folder).parent)]).first()


def clips_job(run: Run) -> Job | None:
    """Return the last job that generated clips with a policy."""
    return Job.objects.filter(kind=CLIPS, key=str(run.pk)).order_by("-pk").first()


def rewards_for(user: User) -> QuerySet[Run]:
    """Return the finished reward models that a lead may tune a policy on."""
    return runs_of(user).filter(kind=RunKind.REWARD, state=RunState.FINISHED)


def releases_for(user: User) -> QuerySet[Release]:
    """Return the releases that a lead may learn from on the pages: those that they made, and nobody's in particular."""
    usable = Release.objects.filter(state=ReleaseState.FROZEN, format="likeness")
    return usable.filter(Q(created_by=user) | Q(created_by=None))
