"""What an annotator's browser loads, and what it can learn from it."""

import time
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Slot
from annotator.services.members import member_remove
from annotator.tokens import LeaseToken, MediaKind, MediaToken
from datasets.models import Reference
from tests.annotator.factories import make_annotator, make_study, member_of
from tests.annotator.test_slots_api import claim, client_of, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(settings):
    """Make a study whose playback copies exist: each is its clip's name, over and over."""
    study = make_study(n_pairs=3)
    for item in study.items.select_related("pair__clip_a", "pair__clip_b"):
        for clip in (item.pair.clip_a, item.pair.clip_b):
            file = Path(settings.MEDIA_ROOT) / clip.playback_file
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(f"{clip.pk}.".encode() * 100)
    return study


def content(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_each_side_shows_its_clip(study):
    client = client_of(make_annotator(study))
    for _ in range(3):
        payload = claim(client, study).json()
        slot = Slot.objects.select_related("item__pair").get(state="leased")
        pair = slot.item.pair
        left, right = (pair.clip_a, pair.clip_b) if slot.left_is_a else (pair.clip_b, pair.clip_a)
        for side, clip in (("left", left), ("right", right)):
            response = client.get(payload[side]["url"])
            assert response.headers["Content-Type"] == "video/mp4"
            assert content(response).startswith(f"{clip.pk}.".encode())
        submit(client, payload["slot"]["token"])


def test_parts_are_sent(study):
    client = client_of(make_annotator(study))
    url = claim(client, study).json()["left"]["url"]
    whole = content(client.get(url))
    part = client.get(url, headers={"range": "bytes=5-9"})
    assert (part.status_code, content(part)) == (206, whole[5:10])
    assert client.get(url, headers={"range": "bytes=9999-"}).status_code == 416


def test_nothing_tells_which_clip_it_is(study):
    annotator = make_annotator(study)
    client = client_of(annotator)
    payload = claim(client, study).json()
    slot = Slot.objects.select_related("item__pair").get(state="leased")
    pair = slot.item.pair
    response = client.get(payload["left"]["url"])
    content(response)
    said = f"{payload}{dict(response.headers)}"
    for clip in (pair.clip_a, pair.clip_b):
        for secret in (clip.sha256, clip.generator, clip.source_name, clip.playback_file):
            assert secret not in said
    assert "Last-Modified" not in response.headers
    assert response.headers["Cache-Control"].startswith("private")


def test_one_clip_has_another_link_and_tag_for_everybody():
    study = make_study(n_pairs=1, overlap=2)
    clients = [client_of(make_annotator(study)) for _ in range(2)]
    urls = [claim(client, study).json()["left"]["url"] for client in clients]
    urls.append(claim(clients[0], study).json()["left"]["url"])
    assert urls[0] == urls[2] != urls[1]


def test_a_link_is_for_one_person_and_a_time(study):
    annotator = make_annotator(study)
    client = client_of(annotator)
    url = claim(client, study).json()["left"]["url"]
    assert client_of(make_annotator(study)).get(url).status_code == 404
    assert Client().get(url).status_code == 302
    assert client.get(url.replace("/media/", "/media/A")).status_code == 404
    assert client.get(url.replace("clip.mp4", "ref.jpg")).status_code == 404
    slot = Slot.objects.get(state="leased", annotator=annotator)
    assert slot.lease is not None
    lease = LeaseToken(slot.pk, annotator.pk, slot.lease)
    over = MediaToken(MediaKind.LEFT, lease, expires=int(time.time()) - 1)
    assert client.get(reverse("annotator:media-clip", args=[str(over)])).status_code == 404
    assert content(client.get(url))
    member_remove(member=member_of(study, annotator))
    assert client.get(url).status_code == 404


def test_references_are_shown_beside(study, settings):
    person = study.items.first().pair.clip_a.subjects.first()
    file = Path(settings.MEDIA_ROOT) / "references" / "1.jpg"
    file.parent.mkdir()
    file.write_bytes(b"a face")
    Reference.objects.create(person=person, sha256="0", file="references/1.jpg", width=1, height=1)
    client = client_of(make_annotator(study))
    people = claim(client, study).json()["people"]
    (url,) = next(each["references"] for each in people if each["id"] == person.pk)
    response = client.get(url)
    assert (response.headers["Content-Type"], content(response)) == ("image/jpeg", b"a face")
