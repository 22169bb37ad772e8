"""Pushing a frozen release to the Hugging Face Hub: what a worker does."""

from pathlib import Path

from huggingface_hub.utils.tqdm import disable_progress_bars

from config.jobs.runner import JobRefused, JobRun
from datasets.models import Release, ReleaseState
from datasets.releases.errors import ReleaseError
from datasets.releases.verify import verify_release
from datasets.services.hub import hub_check, hub_push

GONE = "The release is gone, or not whole."
MOVED = "The folder of this release is not where it was written."


def release_push(*, run: JobRun) -> None:
    """The job behind the button. Run again after a crash it starts over: what is uploaded is known by its hash."""
    release = Release.objects.filter(pk=run.params["release"], state=ReleaseState.FROZEN).first()
    if release is None:
        raise JobRefused(GONE)
    try:
        run.result = {"url": _push(release, run)}
    except ReleaseError as error:
        raise JobRefused(str(error)) from error


def _push(release: Release, run: JobRun) -> str:
    folder, repo = Path(release.folder), run.params["repo"]
    hub_check(repo=repo)
    if not folder.is_dir():
        raise ReleaseError(MOVED)
    disable_progress_bars()  # the row shows it
    run.progress(0, message="Checking every byte")
    if findings := verify_release(folder):
        raise ReleaseError(f"The release is not what was written, and stays here: {findings[0]}")
    return hub_push(
        folder=folder,
        repo=repo,
        private=run.params["private"],
        message=f"Add {release}",
        on_progress=lambda done, total: run.progress(done, total, "Uploading"),
    )
