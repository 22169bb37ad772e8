"""Pushing a release from its page, by the real huggingface_hub, to a stand-in for the Hub on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.test import Client
from huggingface_hub import HfApi, constants

from annotator.models import Study
from annotator.releasing.options import ReleaseOptions
from annotator.services.release_pushes import release_push_queue
from annotator.services.releases import release_queue
from config.accounts.models import User
from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from config.jobs.services import job_cancel
from datasets.models import Clip, Release
from datasets.services import hub as hub_service
from tests.annotator.answering import answer_all, for_clip_a
from tests.annotator.factories import make_user
from tests.datasets.releases.hub_double import TOKEN, Hub, serve

from .conftest import HTMX

pytestmark = [
    pytest.mark.django_db,
    # huggingface_hub's own, of how it calls its HTTP library
    pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning"),
]
WANTED = {"repo": "team/tea", "private": "on"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    # Read from the environment when the library is imported, so set here: the double knows plain uploads alone.
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with serve(Hub()) as double:
        monkeypatch.setenv("HF_ENDPOINT", double.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield double


@pytest.fixture
def release(study: Study, lead: User, annotator: User) -> Release:
    """A frozen release."""
    for clip in Clip.objects.all():
        clip.playback_sha256 = f"{clip.pk:064x}"
        clip.save(update_fields=["playback_sha256"])
    answer_all(study, annotator, for_clip_a)
    made = release_queue(study=study, options=ReleaseOptions(media=False), created_by=lead)
    run_jobs(queue="media")
    made.refresh_from_db()
    return made


@pytest.fixture
def url(release: Release) -> str:
    return f"/releases/{release.pk}/"


def test_the_button_pushes_every_byte_by_a_job(
    browser: Client, lead: User, release: Release, url: str, hub: Hub
) -> None:
    assert "Hugging Face Hub" in browser.get(url).content.decode()
    fragment = browser.post(f"{url}push/", WANTED, headers=HTMX).content.decode()
    assert "Waiting for a worker" in fragment
    assert "every 2s" in fragment

    run_jobs(queue="media")

    folder = Path(release.folder)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert hub.files == {"team/tea": files}
    job = Job.objects.get(kind="release_push")
    assert (job.state, job.created_by, job.progress_done) == (
        JobState.SUCCEEDED,
        lead,
        sum(map(len, files.values())),
    )
    page = browser.get(f"{url}push/", headers=HTMX).content.decode()
    assert f'href="{hub.address}/datasets/team/tea"' in page
    assert "every 2s" not in page


def test_the_token_is_in_no_row_and_on_no_page(browser: Client, url: str, hub: Hub) -> None:
    hub.status = 403
    browser.post(f"{url}push/", WANTED)
    run_jobs(queue="media")

    page = browser.get(url).content.decode()
    assert "This token may not write to team/tea (403)" in page
    assert TOKEN not in page
    assert TOKEN not in browser.get("/jobs/?show=failed").content.decode()
    assert TOKEN not in serializers.serialize("json", Job.objects.all())


def test_a_missing_token_is_one_sentence(
    browser: Client, url: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(hub_service, "get_token", lambda: None)  # nor one of `hf auth login` on this machine
    browser.post(f"{url}push/", WANTED)
    run_jobs(queue="media")

    assert "There is no token for the Hugging Face Hub: set HF_TOKEN" in browser.get(url).content.decode()
    assert not hub.repositories


def test_a_push_is_cancelled_before_anything_shows(
    browser: Client, url: str, hub: Hub, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.post(f"{url}push/", WANTED)
    browser.post(f"{url}push/cancel/")
    assert "was cancelled" in browser.get(url).content.decode()

    monkeypatch.setattr(hub_service, "STEP_FILES", 1)

    preupload = HfApi.preupload_lfs_files

    def cancel_after_the_first(*args: Any, **kwargs: Any) -> None:
        preupload(*args, **kwargs)
        job_cancel(job=Job.objects.get(kind="release_push", state=JobState.RUNNING))

    monkeypatch.setattr(HfApi, "preupload_lfs_files", cancel_after_the_first)
    release_push_queue(release=release, repo="team/tea", private=True)
    run_jobs(queue="media")

    assert Job.objects.filter(kind="release_push").latest("pk").state == JobState.CANCELLED
    assert len(hub.blobs) <= 1
    assert hub.files == {}


def test_a_release_with_an_edited_byte_is_not_pushed(
    browser: Client, url: str, hub: Hub, release: Release
) -> None:
    card = Path(release.folder) / "README.md"
    card.write_text(card.read_text() + "x")
    browser.post(f"{url}push/", WANTED)
    run_jobs(queue="media")

    assert "The release is not what was written" in browser.get(url).content.decode()
    assert not hub.files


@pytest.mark.parametrize("repo", ["", "tea", "team/tea/x", "../etc"])
def test_a_name_that_is_no_repository_is_refused(browser: Client, url: str, repo: str) -> None:
    response = browser.post(f"{url}push/", {"repo": repo})

    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Job.objects.filter(kind="release_push").exists()


def test_two_clicks_are_one_push(browser: Client, url: str) -> None:
    for _ in range(2):
        browser.post(f"{url}push/", WANTED)

    assert Job.objects.filter(kind="release_push").count() == 1


def test_outsiders_push_nothing(as_user, annotator: User, url: str) -> None:
    for outsider in (annotator, make_user(is_lead=True)):
        assert as_user(outsider).post(f"{url}push/", WANTED).status_code == 404
        assert as_user(outsider).get(f"{url}push/").status_code == 404
