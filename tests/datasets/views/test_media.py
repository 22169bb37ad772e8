"""Media of the library: for leads, with ranges; for nobody else."""

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from tests.datasets.factories import make_clip, make_person, make_reference

pytestmark = pytest.mark.django_db

KINDS = ["clip-playback", "clip-poster", "clip-filmstrip", "reference"]


@pytest.fixture
def url(kind: str) -> str:
    pk = make_reference(make_person()).pk if kind == "reference" else make_clip().pk
    return reverse(f"datasets:{kind}", args=[pk])


@pytest.mark.parametrize("kind", KINDS)
def test_a_lead_sees_them(lead_client, url: str) -> None:
    response = lead_client.get(url)
    assert response.status_code == 200
    assert b"".join(response.streaming_content)
    assert response["Cache-Control"].startswith("private")


@pytest.mark.parametrize("kind", KINDS)
def test_others_do_not(client, outsider_client, url: str) -> None:
    assert outsider_client.get(url).status_code == 404
    response = client.get(url)
    assert (response.status_code, response["Location"].split("?")[0]) == (302, reverse("login"))


def test_the_copy_is_sent_in_parts(lead_client) -> None:
    url = reverse("datasets:clip-playback", args=[make_clip().pk])
    response = lead_client.get(url, headers={"range": "bytes=2-4"})
    assert (response.status_code, b"".join(response.streaming_content)) == (206, b"234")
    assert response["Content-Range"] == "bytes 2-4/10"
    assert lead_client.get(url, headers={"range": "bytes=10-"}).status_code == 416
    assert lead_client.head(url)["Content-Length"] == "10"


@pytest.mark.parametrize("kind", ["clip-playback", "clip-poster", "clip-filmstrip"])
def test_what_is_not_prepared_is_404(lead_client, kind: str) -> None:
    clip = make_clip(state="pending", playback_file="", poster_file="", filmstrip_file="")
    assert lead_client.get(reverse(f"datasets:{kind}", args=[clip.pk])).status_code == 404


def test_a_file_that_is_gone_is_404(lead_client) -> None:
    clip = make_clip()
    default_storage.delete(clip.playback_file)
    assert lead_client.get(reverse("datasets:clip-playback", args=[clip.pk])).status_code == 404
