"""Uploading a release to a dataset repository on the Hugging Face Hub."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from httpx2 import HTTPError  # what huggingface_hub speaks with, and lets through when nobody answers
from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError

from datasets.releases.errors import ReleaseError

from .hub_names import hub_name_problem

# What is uploaded between two looks at whether somebody cancelled.
STEP_BYTES = 32 * 1024**2
STEP_FILES = 32

MISSING = "There is no token for the Hugging Face Hub: set HF_TOKEN to one with write access, or run `hf auth login`."


def hub_check(*, repo: str) -> None:
    """Say what is missing for an upload, before anything is written. Raises ReleaseError with a sentence."""
    if problem := hub_name_problem(repo):
        raise ReleaseError(problem)
    if not get_token():
        raise ReleaseError(MISSING)


def hub_push(
    *,
    folder: Path,
    repo: str,
    private: bool,
    message: str,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Upload a whole folder in one commit, making the repository where there is none; returns its address.

    `on_progress` gets the bytes that are there and all bytes, step by step; what it raises ends the upload before
    anything shows in the repository, since files become visible with the commit alone. The endpoint is HF_ENDPOINT
    or the Hub. Raises ReleaseError with a sentence; the folder stays as it is.
    """
    hub_check(repo=repo)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        url = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        operations = []
        for batch, done, total in _steps(folder):
            part = [CommitOperationAdd(path.relative_to(folder).as_posix(), path) for path in batch]
            api.preupload_lfs_files(repo, part, repo_type="dataset")
            operations += part
            on_progress(done, total)
        api.create_commit(repo, operations, repo_type="dataset", commit_message=message)
    except HfHubHTTPError as error:
        raise ReleaseError(_sentence(repo, error)) from error
    except RuntimeError as error:
        # What the library raises for a file that would not go; the cause is what happened.
        raise ReleaseError(
            f"The upload to {repo} broke off. {error} {error.__cause__ or ''}".strip()
        ) from error
    except (HTTPError, OSError) as error:
        raise ReleaseError(f"The Hub cannot be reached at {api.endpoint}: {error}.") from error
    return str(url)


def _steps(folder: Path) -> Iterator[tuple[Sequence[Path], int, int]]:
    """Yield the files of a folder in steps that take seconds, with the bytes until there and of all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    total = sum(path.stat().st_size for path in files)
    batch: list[Path] = []
    size = done = 0
    for path in files:
        batch.append(path)
        size += path.stat().st_size
        if size >= STEP_BYTES or len(batch) >= STEP_FILES:
            done += size
            yield batch, done, total
            batch, size = [], 0
    if batch:
        yield batch, done + size, total


def _sentence(repo: str, error: HfHubHTTPError) -> str:
    status = error.response.status_code
    if status == 401:
        return "The Hub does not know this token (401): make a new one with write access and set HF_TOKEN."
    if status == 403:
        return (
            f"This token may not write to {repo} (403): it needs write access to that owner's repositories."
        )
    return f"The Hub refused the upload to {repo} ({status}): {error.server_message or error}"
