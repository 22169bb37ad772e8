"""The policy of every page: nothing from elsewhere but media, and those from the bucket alone."""

import pytest

from config.web.csp import policy


def directives(text: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in text.split("; "))}


def test_without_a_bucket_everything_comes_from_here() -> None:
    for name, values in directives(policy(media_origins=[])).items():
        assert set(values) <= {"'self'", "'none'", "data:", "blob:"}, name


def test_a_bucket_gives_media_and_nothing_else() -> None:
    bucket = "https://clips.s3.example"
    found = directives(policy(media_origins=[bucket]))
    with_bucket = {name for name, values in found.items() if bucket in values}
    assert with_bucket == {"img-src", "media-src", "connect-src"}
    assert found["default-src"] == ["'self'"]


@pytest.mark.django_db
def test_every_page_has_it(client) -> None:
    said = directives(client.get("/login/")["Content-Security-Policy"])
    assert said["default-src"] == ["'self'"]
    assert "script-src" not in said
