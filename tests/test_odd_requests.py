"""Requests that no page of ours makes: none of them is an error of the server, on either database."""

import itertools

import pytest
from django.test import Client

from tests.annotator.factories import make_study, make_user

pytestmark = pytest.mark.django_db

HUGE = "9" * 5000
NUMBERS = ["0", "-1", "9" * 30, HUGE, "%00", "%ED%A0%80", "²", "1e3", "None", "%F0%9F%98%80", "a" * 3000]

ADDRESSES = [
    "/join/{}/",
    "/library/{}/",
    "/library/{}/playback.mp4",
    "/people/{}/",
    "/people/references/{}.jpg",
    "/w/{}/",
    "/w/media/{}/clip.mp4",
    "/w/media/{}/ref.jpg",
    "/w/two-friends/examples/{}.mp4",
    "/studies/{}/",
    "/studies/two-friends/reviews/{}/",
    "/studies/two-friends/reviews/{}/left.mp4",
    "/releases/{}/",
    "/releases/{}/download.zip",
    "/api/v1/people/{}",
    "/api/v1/clips/{}",
    "/api/v1/studies/{}",
    "/api/v1/studies/{}/slots/last",
    "/api/v1/judgments/{}",
    "/jobs/?show={}",
    "/jobs/?page={}",
    "/library/?text={}",
    "/library/?person={}",
    "/library/?generator={}",
    "/library/?page={}",
    "/people/?text={}",
    "/studies/?state={}",
    "/studies/new/?people={}",
    "/studies/new/plan/?people={0}&overlap={0}&person_counts={0}&repeat_per_cent={0}",
    "/studies/new/plan/?prompt={0}&example_clips={0}&seed={0}",
    "/ranking/?study={}",
    "/ranking/?people={}",
    "/login/?next={}",
    "/api/v1/clips?sha256={}",
    "/api/v1/clips?subjects__key={}",
    "/api/v1/pairs?clip_a={}",
    "/api/v1/judgments?study__slug={}",
    "/api/v1/people?cursor={}",
    "/api/v1/people?page_size={}",
]


@pytest.fixture
def lead(db) -> Client:
    user = make_user("lead", is_lead=True)
    make_study(1, created_by=user, name="Two friends")
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_parts_of_addresses(lead):
    broken = [
        (address, odd[:20])
        for address, odd in itertools.product(ADDRESSES, NUMBERS)
        if lead.get(address.format(odd)).status_code >= 500
    ]
    assert broken == []


@pytest.mark.parametrize("name", ["claim", "heartbeat", "submit"])
def test_bodies_of_the_preview(lead, name):
    bodies = [
        "",
        "[",
        "[]",
        "null",
        "7",
        "[" * 100_000,
        '{"holding": null, "tokens": null}',
        '{"holding": 7, "tokens": 7}',
        '{"holding": {"a": 1}, "tokens": {"a": 1}}',
        f'{{"holding": ["{"9" * 30}", "{HUGE}", [], null], "tokens": [[], null, "\\ud800"]}}',
    ]
    for body in bodies:
        url = f"/studies/two-friends/preview/{name}"
        assert lead.post(url, body, content_type="application/json").status_code < 500, body[:40]


def test_forms(lead):
    odd = ["\0", "\ud800", HUGE, "=1+1", "<script>"]
    for text in odd:
        sent = {"text": text, "name": text, "people": text, "ids": text, "role": text, "username": text}
        sent |= {"instructions": text, "splits": text, "licence": text, "origin": "generated", "seed": text}
        for url in [
            "/people/new",
            "/studies/new/",
            "/studies/new/preview/",
            "/studies/two-friends/members/",
            "/studies/two-friends/release/",
            "/library/upload/file",
            "/login/",
        ]:
            body = "&".join(f"{key}={percent(value)}" for key, value in sent.items())
            response = lead.post(url, body, content_type="application/x-www-form-urlencoded")
            assert response.status_code < 500, (url, text[:20])


def percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(errors="surrogatepass"))
