"""Uploads: one file a request, one sentence a file."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from config.jobs.runner import run_jobs
from datasets.models import Clip, ClipState, Person
from tests.datasets.services.test_preparation import USABLE

pytestmark = pytest.mark.django_db

URL = "/library/upload/file"


def send(client: Client, content: bytes, name: str = "clip.mp4", **fields: str):
    file = SimpleUploadedFile(name, content, content_type="video/mp4")
    return client.post(URL, {"origin": "generated", **fields, "file": file})


def test_a_file_becomes_a_clip_with_what_is_said_of_it(lead_client, lead, make_video) -> None:
    response = send(lead_client, make_video().read_bytes(), people="Jo", prompt="A dance", generator="vace")
    clip = Clip.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "state": "pending",
        "message": "",
        "url": reverse("datasets:clip", args=[clip.pk]),
        "status_url": reverse("datasets:clip-status", args=[clip.pk]),
    }
    assert (clip.prompt, clip.generator, clip.created_by) == ("A dance", "vace", lead)
    assert clip.subjects.get().name == "Jo"
    run_jobs(queue="media")
    assert lead_client.get(response.json()["status_url"]).json()["state"] == "ready"


def test_the_same_file_again_is_said(lead_client) -> None:
    send(lead_client, b"one video")
    response = send(lead_client, b"one video", name="copy.mp4")
    assert (response.status_code, response.json()["state"]) == (200, "known")
    assert Clip.objects.count() == 1


def test_a_large_file_goes_by_the_disk(lead_client, settings, home: Path) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    assert send(lead_client, b"more than ten bytes").status_code == 201
    assert Clip.objects.get().bytes == 19
    assert list((home / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "fields", "sentence"),
    [
        (b"", {}, "clip.mp4 is empty (0 bytes)."),
        (b"x", {"origin": "real", "generator": "vace"}, "Generator: A real clip has no generator."),
        (
            b"x",
            {"people": "y" * 201},
            "People in it: A name has at most 200 characters. Separate people by “;”.",
        ),
    ],
)
def test_what_cannot_be_taken_is_said(lead_client, content: bytes, fields, sentence: str) -> None:
    response = send(lead_client, content, **fields)
    assert (response.status_code, response.json()) == (422, {"state": "refused", "message": sentence})
    assert not Clip.objects.exists()
    assert not Person.objects.exists()


def test_a_request_without_a_file(lead_client) -> None:
    response = lead_client.post(URL, {"origin": "generated"})
    assert (response.status_code, response.json()["message"]) == (422, "No file came with the upload.")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(lead, settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    settings.FILE_UPLOAD_HANDLERS = ["no.such.handler.is.ever.loaded"]
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    response = client.generic("POST", URL, b"x" * 2_000_000, content_type="multipart/form-data; boundary=b")
    assert response.status_code == 413
    assert response.json()["state"] == "refused"


def test_only_with_the_token_of_the_page(lead) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(lead)
    assert send(client, b"a video").status_code == 403
    client.get(reverse("datasets:upload"))
    token = client.cookies["csrftoken"].value
    file = SimpleUploadedFile("clip.mp4", b"a video")
    response = client.post(URL, {"origin": "generated", "file": file}, headers={"X-CSRFToken": token})
    assert response.status_code == 201


def test_outsiders_upload_nothing(client, outsider_client) -> None:
    assert send(outsider_client, b"a video").status_code == 404
    assert send(client, b"a video").status_code == 302
    assert not Clip.objects.exists()


@pytest.mark.slow
@pytest.mark.one_database
def test_every_damaged_or_odd_file_gets_a_sentence_or_a_copy(lead_client, shared_data: Path) -> None:
    files = sorted((shared_data / "broken").iterdir())
    # Those that get a copy take long, and test_preparation.py looks at each of them: one will do here.
    copied = [path for path in files if path.name in USABLE]
    for path in [path for path in files if path not in copied[1:]]:
        response = send(lead_client, path.read_bytes(), name=path.name)
        reply = response.json()
        if reply["state"] == "refused":
            assert reply["message"].startswith(path.name)
            continue
        run_jobs(queue="media")
        status = lead_client.get(reply["status_url"]).json()
        assert status["state"] in ("ready", "refused"), path.name
        assert lead_client.get(reply["url"]).status_code == 200
        if status["state"] == "refused":
            assert status["message"].startswith(path.name)
    assert not Clip.objects.filter(state=ClipState.PENDING).exists()
