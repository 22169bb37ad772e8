"""Clips come in once, whatever they are called, and say what is known of them."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage

from config.jobs.models import Job, JobState
from datasets.media.errors import MediaError
from datasets.models import Clip, ClipState, Origin
from datasets.services.clips import (
    ClipFacts,
    clip_describe,
    clip_ingest,
    clip_publish,
    clip_retry,
    storable_name,
)
from tests.datasets.factories import content_of, make_clip, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"some video")
    return path


def test_a_file_is_stored_by_its_content_and_queued(source: Path, lead) -> None:
    person = make_person()
    facts = ClipFacts(prompt="A dance", generator="vace", subject_ids=(person.pk,))
    clip, is_new = clip_ingest(path=source, source_name="A dance.MP4", facts=facts, created_by=lead)
    assert is_new
    assert (clip.state, clip.bytes, clip.source_name) == (ClipState.PENDING, 10, "A dance.MP4")
    assert clip.file == f"clips/{clip.sha256[:2]}/{clip.sha256}.mp4"
    assert content_of(clip.file) == b"some video"
    assert list(clip.subjects.all()) == [person]
    job = Job.objects.get()
    assert (job.kind, job.params, job.label, job.created_by) == (
        "clip_prepare",
        {"clip": clip.pk},
        "A dance.MP4",
        lead,
    )


def test_the_worker_is_woken_only_after_the_commit(source: Path, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        clip_ingest(path=source, source_name="x.mp4", facts=ClipFacts())
        assert Job.objects.get().state == JobState.QUEUED
    assert len(callbacks) == 1


def test_the_same_file_is_one_clip(source: Path, tmp_path: Path) -> None:
    first, _ = clip_ingest(path=source, source_name="one.mp4", facts=ClipFacts(prompt="first"))
    copy = tmp_path / "copy"
    copy.write_bytes(source.read_bytes())
    second, is_new = clip_ingest(path=copy, source_name="two.mp4", facts=ClipFacts(prompt="second"))
    assert (second.pk, is_new, second.prompt) == (first.pk, False, "first")
    assert Job.objects.count() == 1


def test_nothing_half_written_is_left_in_the_storage(source: Path, home: Path) -> None:
    clip_ingest(path=source, source_name="one.mp4", facts=ClipFacts())
    assert [path.suffix for path in (home / "media").rglob("*") if path.is_file()] == [".mp4"]


def test_an_empty_or_huge_file_is_refused_with_its_name(tmp_path: Path, source: Path, settings) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    with pytest.raises(MediaError, match=r"^none\.mp4 is empty \(0 bytes\)\.$"):
        clip_ingest(path=empty, source_name="none.mp4", facts=ClipFacts())
    settings.UPLOAD_MAX_BYTES = 9
    with pytest.raises(MediaError, match=r"^big\.mp4 is larger than a clip may be"):
        clip_ingest(path=source, source_name="big.mp4", facts=ClipFacts())
    assert not Clip.objects.exists()


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\videos\\a.mp4", "a.mp4"),
        ("a\0b\n.mp4", "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}.mp4"),
        ("caf\udce9.mp4", "caf\N{REPLACEMENT CHARACTER}.mp4"),
        ("", "clip"),
        ("x" * 400 + ".mp4", "…" + "x" * 295 + ".mp4"),
    ],
)
def test_any_name_can_be_stored(name: str, stored: str, source: Path) -> None:
    assert storable_name(name) == stored
    clip, _ = clip_ingest(path=source, source_name=name, facts=ClipFacts())
    clip.refresh_from_db()
    assert clip.source_name == stored


@pytest.mark.parametrize("name", ["clip.sh;x", "clip.тест", "clip", "clip.verylongsuffix"])
def test_a_suffix_that_is_none_is_not_kept(name: str, source: Path) -> None:
    clip, _ = clip_ingest(path=source, source_name=name, facts=ClipFacts())
    assert clip.file.endswith(".bin")


def test_a_clip_can_be_tried_again(home: Path) -> None:
    clip = make_clip(state=ClipState.REFUSED, refusal="x.mp4 is odd.")
    clip_retry(clip=clip)
    clip_retry(clip=clip)
    clip.refresh_from_db()
    assert (clip.state, clip.refusal) == (ClipState.PENDING, "")
    assert Job.objects.filter(kind="clip_prepare", key=str(clip.pk)).count() == 1


def test_a_ready_clip_is_not_prepared_again() -> None:
    clip_retry(clip=make_clip())
    assert not Job.objects.exists()


def test_a_description_is_changed_as_a_whole() -> None:
    one, two = make_person(), make_person()
    clip = make_clip(one, prompt="old", generator="vace")
    clip_describe(clip=clip, facts=ClipFacts(prompt="new", origin=Origin.REAL, subject_ids=(two.pk, one.pk)))
    clip.refresh_from_db()
    assert (clip.prompt, clip.generator, clip.origin) == ("new", "", Origin.REAL)
    assert [subject.person for subject in clip.clip_subjects.all()] == [two, one]


def test_a_real_clip_has_no_generator() -> None:
    clip = make_clip(prompt="old")
    with pytest.raises(ValidationError, match="clips_real_have_no_generator"):
        clip_describe(clip=clip, facts=ClipFacts(origin=Origin.REAL, generator="vace", prompt="new"))
    clip.refresh_from_db()
    assert clip.prompt == "old"


def test_copies_of_a_clip_that_was_deleted_meanwhile_are_deleted() -> None:
    clip = make_clip()
    names = {kind: getattr(clip, kind) for kind in ("playback_file", "poster_file", "filmstrip_file")}
    Clip.objects.filter(pk=clip.pk).delete()
    clip_publish(clip=clip, facts={**names, "frames": 3})
    assert not any(default_storage.exists(name) for name in names.values())
