"""Pushes of frozen releases to the Hugging Face Hub, as rows of jobs: asked for, cancelled. `release_push` does them.

The token is the worker's own (HF_TOKEN in its environment, or `hf auth login`), so that no page, no row and no log
ever has it, and the web process need not know one.
"""

from config.accounts.models import User
from config.jobs.models import ACTIVE_STATES, Job
from config.jobs.services import job_cancel, job_create
from datasets.models import Release

JOB_KIND = "release_push"


def release_push_queue(*, release: Release, repo: str, private: bool, created_by: User | None = None) -> Job:
    """Have a worker push a frozen release; one push of it at a time."""
    return job_create(
        kind=JOB_KIND,
        params={"release": release.pk, "repo": repo, "private": private},
        key=_key(release),
        label=f"{release} to {repo}"[:200],
        created_by=created_by,
    )


def release_push_cancel(*, release: Release) -> bool:
    """Cancel a push before anything of it shows in the repository; False when none is under way."""
    job = Job.objects.filter(kind=JOB_KIND, key=_key(release), state__in=ACTIVE_STATES).first()
    if job is None:
        return False
    job_cancel(job=job)
    return True


def last_push(release: Release) -> Job | None:
    return (
        Job.objects.filter(kind=JOB_KIND, key=_key(release))
        .select_related("created_by")
        .order_by("-pk")
        .first()
    )


def _key(release: Release) -> str:
    return f"push:{release.pk}"
