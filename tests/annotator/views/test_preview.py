import json
from typing import Any

import pytest
from django.test import Client

from annotator.models import CurvesSeen, Judgment, Slot, Study, TrackReport
from config.accounts.models import User
from datasets.models import Clip
from tests.annotator.analyses import make_analysis
from tests.annotator.factories import make_answer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(study: Study) -> str:
    return f"/studies/{study.slug}/preview/"


def claim(browser: Client, url: str, holding: list[str]) -> Any:
    return browser.post(f"{url}claim", json.dumps({"holding": holding}), "application/json")


def test_the_workbench_is_shown_and_says_that_nothing_is_stored(browser: Client, url: str) -> None:
    page = browser.get(url).content.decode()

    assert "nothing is stored" in page
    assert f'data-claim="{url}claim"' in page
    assert f'data-submit="{url}submit"' in page


def test_hands_out_pairs_as_a_claim_does_but_none_that_is_in_hand(
    browser: Client, study: Study, url: str
) -> None:
    tokens: list[str] = []
    for _ in range(4):
        payload = claim(browser, url, tokens).json()
        tokens.append(payload["slot"]["token"])

        assert set(payload) == {
            "slot",
            "left",
            "right",
            "prompt",
            "people",
            "questions",
            "progress",
            "previous",
        }
        assert len(payload["people"]) == 2
        assert payload["left"]["url"] != payload["right"]["url"]

    assert len(set(tokens)) == 4
    assert claim(browser, url, tokens).status_code == 204


def test_stores_nothing(browser: Client, url: str) -> None:
    before = list(Slot.objects.order_by("pk").values())
    token = claim(browser, url, []).json()["slot"]["token"]

    sent = browser.post(
        f"{url}submit", json.dumps({"token": token, "answer": make_answer()}), "application/json"
    )
    kept = browser.post(f"{url}heartbeat", json.dumps({"tokens": [token]}), "application/json")

    assert (sent.status_code, sent.json()["surplus"]) == (201, False)
    assert kept.json() == {"kept": {token: True}}
    assert browser.get(f"{url}last").status_code == 204
    assert not Judgment.objects.exists()
    assert list(Slot.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("body", ["", "[]", "{", '{"holding": ["x"]}'])
def test_stands_broken_bodies(browser: Client, url: str, body: str) -> None:
    assert browser.post(f"{url}claim", body, "application/json").status_code == 200


def test_is_for_the_leads_of_the_study(as_user, annotator: User, reviewer: User, url: str) -> None:
    for outsider in (annotator, reviewer, make_user(is_lead=True)):
        browser = as_user(outsider)
        assert browser.get(url).status_code == 404
        assert browser.get(f"{url}last").status_code == 404
        for name in ("claim", "heartbeat", "submit"):
            assert browser.post(f"{url}{name}", "{}", "application/json").status_code == 404


def test_shows_faces_as_annotators_see_them_and_stores_no_report(
    browser: Client, study: Study, url: str
) -> None:
    for clip in Clip.objects.all():
        make_analysis(clip, *clip.subjects.all(), columns=4)
    token = claim(browser, url, []).json()["slot"]["token"]

    faces = browser.get(f"{url}{token}/faces?across=12").json()
    assert faces["moments"] == [0, 0.25, 0.5, 0.75]
    assert browser.get(faces["left"]).headers["Content-Type"] == "image/jpeg"
    assert len(browser.post(f"{url}{token}/curves").json()["people"]) == 2
    assert browser.post(f"{url}{token}/reports").status_code == 204
    assert not TrackReport.objects.exists()
    assert not CurvesSeen.objects.exists()


@pytest.mark.parametrize("token", ["none", "9" * 30, "-", "--1"])
def test_faces_of_no_pair_are_not_there(browser: Client, url: str, token: str) -> None:
    assert browser.get(f"{url}{token}/faces").status_code == 404


def test_a_pair_keeps_its_sides(browser: Client, study: Study, url: str) -> None:
    """The clip on the left of the players is the one whose faces stand on the left."""
    for _ in range(6):
        payload = claim(browser, url, []).json()
        item = study.items.get(pk=payload["slot"]["token"].removeprefix("-"))
        left = int(payload["left"]["url"].split("/")[2])
        assert left in (item.pair.clip_a_id, item.pair.clip_b_id)
        is_a = not payload["slot"]["token"].startswith("-")
        assert is_a == (left == item.pair.clip_a_id)
