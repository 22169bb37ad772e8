"""Uploading a release to a dataset repository on the Hugging Face Hub."""

import os
import re
from pathlib import Path

from httpx2 import HTTPError  # what huggingface_hub speaks with, and lets through when nobody answers
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError

from datasets.releases import ReleaseError

MISSING = "There is no token for the Hugging Face Hub: set HF_TOKEN to one with write access, or run `hf auth login`."


def hub_check(*, repo: str) -> None:
    """Say what is missing for an upload, before anything is written. Raises ReleaseError with a sentence."""
    if not re.fullmatch(r"[\w][\w.-]{0,95}/[\w][\w.-]{0,95}", repo, re.ASCII):
        raise ReleaseError(f"A repository on the Hub is written owner/name, not {repo!r}.")
    if not get_token():
        raise ReleaseError(MISSING)


def hub_push(*, folder: Path, repo: str, private: bool, message: str) -> str:
    """Upload a whole folder in one commit, making the repository where there is none; returns its address.

    The endpoint is HF_ENDPOINT or the Hub. Raises ReleaseError with a sentence; the folder stays as it is.
    """
    hub_check(repo=repo)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        url = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(repo_id=repo, repo_type="dataset", folder_path=folder, commit_message=message)
    except HfHubHTTPError as error:
        raise ReleaseError(_sentence(repo, error)) from error
    except (HTTPError, OSError) as error:
        raise ReleaseError(f"The Hub cannot be reached at {api.endpoint}: {error}.") from error
    return str(url)


def _sentence(repo: str, error: HfHubHTTPError) -> str:
    status = error.response.status_code
    if status == 401:
        return "The Hub does not know this token (401): make a new one with write access and set HF_TOKEN."
    if status == 403:
        return (
            f"This token may not write to {repo} (403): it needs write access to that owner's repositories."
        )
    return f"The Hub refused the upload to {repo} ({status}): {error.server_message or error}"
