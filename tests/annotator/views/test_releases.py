from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotator.models import Study
from annotator.releasing.options import ReleaseOptions
from annotator.services.releases import release_queue
from config.accounts.models import User
from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from datasets.models import Clip, Release, ReleaseState
from tests.annotator.answering import answer_all, for_clip_a
from tests.annotator.factories import make_user

from .conftest import HTMX

pytestmark = pytest.mark.django_db


def filled(**fields: Any) -> dict[str, Any]:
    return {"format": "likeness", "splits": "80/10/10", "seed": 3, "licence": "cc-by-4.0", **fields}


@pytest.fixture(autouse=True)
def playback_copies(study: Study) -> None:
    """Let clips differ: two that are the same bytes make no comparison."""
    for clip in Clip.objects.all():
        clip.playback_sha256 = f"{clip.pk:064x}"
        clip.save(update_fields=["playback_sha256"])


@pytest.fixture
def release(study: Study, lead: User) -> Release:
    """A release that waits for a worker."""
    return release_queue(study=study, options=ReleaseOptions(media=False), created_by=lead)


@pytest.fixture
def url(release: Release) -> str:
    return f"/releases/{release.pk}/"


def test_the_button_queues_a_release_with_the_options_chosen(
    browser: Client, study: Study, lead: User
) -> None:
    response = browser.post(f"/studies/{study.slug}/release/", filled())

    made = Release.objects.get()
    assert response.headers["Location"] == f"/releases/{made.pk}/"
    assert (made.state, made.created_by) == (ReleaseState.BUILDING, lead)
    assert made.config == {
        "study": study.slug,
        "format": "likeness",
        "splits": "80/10/10",
        "seed": 3,
        "licence": "cc-by-4.0",
        "media": False,
        "embed": False,
        "tracks": False,
        "synthetic": False,
        "gold": False,
    }
    assert Job.objects.get().params == {"release": made.pk, "study": study.pk}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"splits": "90/20"}, "must add up to 100"),
        ({"splits": "most/rest"}, "are written like 80/10/10"),
        ({"seed": -1}, "greater than or equal to 0"),
        ({"format": "zip"}, "not one of the available choices"),
        ({"embed": "on"}, "Clips are embedded in comparisons in the format likeness, with media."),
        ({"format": "videoalign"}, "The format videoalign cannot do without media."),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_a_sentence(
    browser: Client, study: Study, fields: dict[str, Any], sentence: str
) -> None:
    response = browser.post(f"/studies/{study.slug}/release/", filled(**fields))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Release.objects.exists()


def test_every_option_of_the_service_can_be_chosen(browser: Client, study: Study) -> None:
    page = browser.get(f"/studies/{study.slug}/release/").content.decode()

    for name in ReleaseOptions.__dataclass_fields__:
        assert f'name="{name}"' in page or f'name="with_{name}"' in page


def test_a_release_that_waits_asks_for_itself_again(browser: Client, url: str) -> None:
    assert "Waiting for a worker" in browser.get(url).content.decode()

    fragment = browser.get(url, headers=HTMX).content.decode()
    assert "<html" not in fragment
    assert "every 2s" in fragment
    assert "every 3s" in browser.get("/releases/", headers=HTMX).content.decode()


def test_a_whole_release_says_what_is_in_it_and_how_to_use_it(
    browser: Client, study: Study, annotator: User, release: Release, url: str
) -> None:
    answer_all(study, annotator, for_clip_a)
    run_jobs(queue="media")

    page = browser.get(url).content.decode()

    release.refresh_from_db()
    assert (release.state, release.error) == (ReleaseState.FROZEN, "")
    assert Path(release.folder).is_dir()
    assert release.manifest_sha256 in page
    assert f"verify_release {release.folder}" in page
    assert "<dd>4</dd><dd>4 human</dd>" in page
    assert "every 2s" not in page
    assert "every 3s" not in browser.get("/releases/").content.decode()


def test_a_release_that_failed_says_why_and_is_tried_again(
    browser: Client, study: Study, annotator: User, release: Release, url: str
) -> None:
    run_jobs(queue="media")  # nobody has judged anything
    assert "There is nothing to release yet" in browser.get(url).content.decode()

    answer_all(study, annotator, for_clip_a)
    browser.post(f"{url}again/")
    run_jobs(queue="media")

    release.refresh_from_db()
    assert (release.state, release.error) == (ReleaseState.FROZEN, "")


def test_a_waiting_release_is_cancelled(browser: Client, release: Release, url: str) -> None:
    browser.post(f"{url}cancel/")

    assert Job.objects.get().state == JobState.CANCELLED


def test_only_a_release_that_never_came_to_be_is_deleted(
    browser: Client, study: Study, annotator: User, release: Release, url: str
) -> None:
    page = browser.post(f"{url}delete/", follow=True).content.decode()
    assert "is not deleted" in page

    run_jobs(queue="media")
    browser.post(f"{url}delete/")

    assert not Release.objects.exists()


def test_outsiders_get_nothing(as_user, study: Study, annotator: User, release: Release, url: str) -> None:
    for outsider in (annotator, make_user(is_lead=True)):
        browser = as_user(outsider)
        assert browser.get(url).status_code == 404
        assert browser.get(f"/studies/{study.slug}/release/").status_code == 404
        for action in ("cancel", "again", "delete"):
            assert browser.post(f"{url}{action}/").status_code == 404
    assert str(release.name) not in as_user(make_user(is_lead=True)).get("/releases/").content.decode()


def test_the_list_costs_the_same_queries_for_any_number(
    browser: Client, study: Study, lead: User, release: Release, django_assert_max_num_queries
) -> None:
    for _ in range(4):
        release_queue(study=study, options=ReleaseOptions(media=False), created_by=lead)

    with django_assert_max_num_queries(7):
        browser.get("/releases/")
