"""Stored files over HTTP: whole, in part, conditional, by way of nginx, by a signed link."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.http import Http404
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.web import media

DATA = bytes(range(256)) * 3
NAME = "playback/ab/clip.mp4"


@pytest.fixture
def stored() -> str:
    return default_storage.save(NAME, ContentFile(DATA))


def ask(name: str, method: str = "get", **headers: str) -> Any:
    request = getattr(RequestFactory(), method)("/", headers=headers)
    return media.serve_file(request, name, content_type="video/mp4", etag="abc")


def body(response: Any) -> bytes:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    response.close()
    return content


def test_the_whole_file(stored: str) -> None:
    response = ask(stored)
    assert response.status_code == 200
    assert body(response) == DATA
    assert response["Content-Length"] == str(len(DATA))
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Type"] == "video/mp4"
    assert response["Cache-Control"].startswith("private")
    assert response["ETag"] == '"abc"'


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
@given(first=st.integers(0, 800), length=st.integers(1, 900))
def test_a_part_is_the_same_bytes_as_a_slice(stored: str, first: int, length: int) -> None:
    last = first + length - 1
    response = ask(stored, Range=f"bytes={first}-{last}")
    expected = DATA[first : last + 1]
    if not expected:
        assert response.status_code == 416
        assert response["Content-Range"] == f"bytes */{len(DATA)}"
        return
    assert response.status_code == 206
    assert body(response) == expected
    assert response["Content-Length"] == str(len(expected))
    assert response["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(DATA)}"


def test_parts_are_read_in_chunks(stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "CHUNK_BYTES", 100)
    response = ask(stored, Range="bytes=50-299")
    chunks = list(response.streaming_content)
    response.close()
    assert [len(chunk) for chunk in chunks] == [100, 100, 50]
    assert b"".join(chunks) == DATA[50:300]


def test_a_browser_that_goes_away_leaves_no_file_open(stored: str) -> None:
    response = ask(stored)
    part = response.streaming_content
    next(iter(part))
    response.close()
    with pytest.raises(ValueError, match="closed file"):
        list(part)


def test_head_says_the_length_and_sends_nothing(stored: str) -> None:
    response = ask(stored, "head")
    assert response.status_code == 200
    assert (response["Content-Length"], body(response)) == (str(len(DATA)), b"")
    part = ask(stored, "head", Range="bytes=0-9")
    assert (part.status_code, part["Content-Length"]) == (206, "10")


def test_several_parts_at_once_are_answered_with_the_whole_file(stored: str) -> None:
    response = ask(stored, Range="bytes=0-1,5-6")
    assert (response.status_code, body(response)) == (200, DATA)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ('"abc"', 206),
        ('"other"', 200),
        ('W/"abc"', 200),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("nonsense", 200),
    ],
)
def test_if_range_guards_against_mixing_two_files(stored: str, condition: str, status: int) -> None:
    response = ask(stored, Range="bytes=0-9", If_Range=condition)
    assert response.status_code == status
    response.close()


def test_if_range_by_date(stored: str) -> None:
    modified = ask(stored, "head")["Last-Modified"]
    response = ask(stored, Range="bytes=0-9", If_Range=modified)
    assert response.status_code == 206
    response.close()


@pytest.mark.parametrize("tags", ['"abc"', 'W/"abc"', '"x", "abc"', "*"])
def test_an_unchanged_file_is_not_sent_again(stored: str, tags: str) -> None:
    response = ask(stored, If_None_Match=tags)
    assert (response.status_code, body(response)) == (304, b"")
    assert response["ETag"] == '"abc"'


def test_a_tag_decides_before_a_date(stored: str) -> None:
    modified = ask(stored, "head")["Last-Modified"]
    assert ask(stored, If_Modified_Since=modified).status_code == 304
    response = ask(stored, If_None_Match='"other"', If_Modified_Since=modified)
    assert response.status_code == 200
    response.close()


def test_an_empty_file_has_no_part(home) -> None:
    name = default_storage.save("empty.mp4", ContentFile(b""))
    assert body(ask(name)) == b""
    assert ask(name, Range="bytes=0-").status_code == 416


@pytest.mark.parametrize("name", ["", "playback/gone.mp4", "playback"])
def test_what_is_not_there_is_404(stored: str, name: str) -> None:
    with pytest.raises(Http404):
        ask(name)


def test_nginx_is_told_the_file_and_sends_the_bytes(stored: str, settings) -> None:
    settings.MEDIA_ACCEL_PREFIX = "/internal-media/"
    response = ask("playback/ab/a b%.mp4", Range="bytes=0-1")
    assert response["X-Accel-Redirect"] == "/internal-media/playback/ab/a%20b%25.mp4"
    assert (response.status_code, response.content) == (200, b"")
    assert response["Content-Type"] == "video/mp4"
    assert response["Cache-Control"].startswith("private")


def test_a_bucket_is_read_by_a_link_that_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = SimpleNamespace(
        url=lambda name: f"https://bucket.example/{name}?X-Amz-Expires=3600&X-Amz-Signature=s"
    )
    monkeypatch.setattr(media, "default_storage", bucket)
    response = ask(NAME)
    assert response.status_code == 302
    assert response["Location"] == f"https://bucket.example/{NAME}?X-Amz-Expires=3600&X-Amz-Signature=s"
    assert "private" in response["Cache-Control"]


def blindly(name: str, **headers: str) -> Any:
    request = RequestFactory().get("/", headers=headers)
    return media.serve_file(request, name, content_type="video/mp4", etag="abc", blind=True)


def test_a_blind_file_has_no_date_and_answers_no_question_about_one(stored: str) -> None:
    modified = ask(stored, "head")["Last-Modified"]
    for conditions in ({}, {"If-Modified-Since": modified}, {"Range": "bytes=0-9", "If-Range": modified}):
        response = blindly(stored, **conditions)
        assert response.status_code == 200
        assert "Last-Modified" not in response
        assert body(response) == DATA
    assert blindly(stored, If_None_Match='"abc"').status_code == 304


def test_a_blind_file_of_a_bucket_comes_without_its_link(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = InMemoryStorage()
    bucket.save(NAME, ContentFile(DATA))
    monkeypatch.setattr(media, "default_storage", bucket)
    response = blindly(NAME, Range="bytes=5-9")
    assert (response.status_code, body(response)) == (206, DATA[5:10])
    assert NAME not in str(response.headers)
    with pytest.raises(Http404):
        blindly("playback/gone.mp4")
