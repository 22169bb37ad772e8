"""A clip's page: what is known of it, in every state, and what can be done."""

import pytest
from django.urls import reverse

from config.jobs.models import Job, JobState
from config.jobs.services import job_create
from datasets.models import Clip, ClipState, Person
from tests.datasets.factories import make_clip, make_pair, make_person, make_release

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
UNPREPARED = {"playback_file": "", "poster_file": "", "filmstrip_file": "", "frames": None}


def page(clip: Clip) -> str:
    return reverse("datasets:clip", args=[clip.pk])


def queue(clip: Clip, **fields) -> Job:
    job = job_create(kind="clip_prepare", params={"clip": clip.pk}, key=str(clip.pk))
    Job.objects.filter(pk=job.pk).update(**fields)
    return job


def test_a_ready_clip_shows_player_people_pairs_and_facts(lead_client) -> None:
    jo = make_person("Jo")
    clip = make_clip(jo, generator="vace", prompt="A dance", probe={"codec": "vp9", "container": "webm"})
    make_pair(clip, make_clip(jo, generator="phantom"))
    text = lead_client.get(page(clip)).content.decode()
    for part in (
        reverse("datasets:clip-playback", args=[clip.pk]),
        "Jo",
        "phantom",
        "A dance",
        "vp9",
        clip.sha256,
    ):
        assert part in text


def test_outsiders_get_404(outsider_client) -> None:
    clip = make_clip()
    for name in ("clip", "clip-status", "clip-remove"):
        assert outsider_client.get(reverse(f"datasets:{name}", args=[clip.pk])).status_code == 404
    for name in ("clip-edit", "clip-again", "clip-remove"):
        assert outsider_client.post(reverse(f"datasets:{name}", args=[clip.pk])).status_code == 404
    assert Clip.objects.filter(pk=clip.pk).exists()


@pytest.mark.parametrize("pk", [0, 10**6, 10**30])
def test_no_such_clip(lead_client, pk: int) -> None:
    assert lead_client.get(f"/library/{pk}/").status_code == 404


def test_a_refused_clip_says_why_and_can_be_tried_again(lead_client) -> None:
    clip = make_clip(state=ClipState.REFUSED, refusal="x.mp4 has sound but no video.", **UNPREPARED)
    assert "x.mp4 has sound but no video." in lead_client.get(page(clip)).content.decode()
    lead_client.post(reverse("datasets:clip-again", args=[clip.pk]))
    clip.refresh_from_db()
    assert clip.state == ClipState.PENDING
    assert Job.objects.get().params == {"clip": clip.pk}


def test_a_waiting_clip_asks_how_it_goes_until_it_is_done(lead_client) -> None:
    clip = make_clip(state=ClipState.PENDING, **UNPREPARED)
    queue(clip)
    status = reverse("datasets:clip-status", args=[clip.pk])
    assert status in lead_client.get(page(clip)).content.decode()
    assert status in lead_client.get(status, headers=HTMX).content.decode()
    assert lead_client.get(status).json()["state"] == "pending"
    Clip.objects.update(state=ClipState.REFUSED, refusal="It is no video.")
    assert lead_client.get(status, headers=HTMX)["HX-Refresh"] == "true"
    assert lead_client.get(status).json() == {
        "state": "refused",
        "message": "It is no video.",
        "percent": None,
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": JobState.CANCELLED}, "was cancelled"),
        ({"state": JobState.FAILED, "error": "The disk is full.\n\nTraceback"}, "The disk is full."),
        (None, "never queued"),
    ],
)
def test_a_clip_whose_job_ended_early_is_not_stuck(lead_client, fields, sentence: str) -> None:
    clip = make_clip(state=ClipState.PENDING, **UNPREPARED)
    if fields:
        queue(clip, **fields)
    text = lead_client.get(page(clip)).content.decode()
    assert sentence in text
    assert reverse("datasets:clip-again", args=[clip.pk]) in text
    assert lead_client.get(reverse("datasets:clip-status", args=[clip.pk])).json()["state"] == "stuck"


def test_a_description_is_changed(lead_client) -> None:
    jo = make_person("Jo")
    clip = make_clip()
    lead_client.post(
        reverse("datasets:clip-edit", args=[clip.pk]),
        {"people": "jo; Al Foo", "prompt": "A dance", "origin": "generated", "generator": "vace"},
    )
    clip.refresh_from_db()
    assert (clip.prompt, clip.generator) == ("A dance", "vace")
    assert [subject.person.name for subject in clip.clip_subjects.all()] == ["Jo", "Al Foo"]
    assert Person.objects.count() == 2
    assert jo in clip.subjects.all()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"origin": "real", "generator": "vace"}, "A real clip has no generator."),
        ({"origin": "odd"}, "not one of the available choices"),
        ({"origin": "real", "people": "x" * 300}, "at most 200 characters"),
        ({"origin": "real", "prompt": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_a_bad_description_is_said_and_kept_in_the_form(lead_client, fields, sentence: str) -> None:
    clip = make_clip(prompt="old")
    response = lead_client.post(reverse("datasets:clip-edit", args=[clip.pk]), fields)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert Clip.objects.get(pk=clip.pk).prompt == "old"
    assert not Person.objects.exists()


def test_deleting_asks_first(lead_client) -> None:
    clip = make_clip()
    url = reverse("datasets:clip-remove", args=[clip.pk])
    assert "deleted for good" in lead_client.get(url).content.decode()
    assert Clip.objects.filter(pk=clip.pk).exists()
    assert lead_client.post(url).status_code == 302
    assert not Clip.objects.filter(pk=clip.pk).exists()


def test_a_clip_of_a_frozen_release_is_not_deleted(lead_client) -> None:
    clip = make_clip()
    release = make_release(clip)
    url = reverse("datasets:clip-remove", args=[clip.pk])
    assert str(release) in lead_client.get(url).content.decode()
    response = lead_client.post(url, follow=True)
    assert "a release never changes" in response.content.decode()
    assert Clip.objects.filter(pk=clip.pk).exists()


def test_the_page_of_a_clip_without_files(lead_client) -> None:
    clip = make_clip(state=ClipState.REMOVED, file="", **UNPREPARED)
    assert lead_client.get(page(clip)).status_code == 200
    assert lead_client.get(reverse("datasets:clip-remove", args=[clip.pk])).status_code == 404
