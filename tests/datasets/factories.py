"""Rows of the library with files of a few bytes: enough for everything that does not decode them."""

import hashlib
import itertools
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.models import Clip, ClipState, ClipSubject, Pair, Person, Reference, Release, ReleaseState

_number = itertools.count(1)


def make_person(name: str = "", **fields: Any) -> Person:
    number = next(_number)
    return Person.objects.create(key=f"person_{number}", name=name or f"Person {number}", **fields)


def make_reference(person: Person, content: bytes = b"") -> Reference:
    content = content or f"picture {next(_number)}".encode()
    digest = hashlib.sha256(content).hexdigest()
    return Reference.objects.create(
        person=person, sha256=digest, file=_store(f"references/{digest}.jpg", content), width=80, height=60
    )


def make_clip(*people: Person, **fields: Any) -> Clip:
    """Make a ready clip; each of its four files holds a few bytes that no other has."""
    digest = hashlib.sha256(f"clip {next(_number)}".encode()).hexdigest()
    values: dict[str, Any] = {
        "sha256": digest,
        "bytes": 5,
        "source_name": f"{digest[:8]}.mp4",
        "state": ClipState.READY,
        "file": _store(f"clips/{digest}.mp4", b"video"),
        "playback_file": _store(f"playback/{digest}.mp4", b"0123456789"),
        "poster_file": _store(f"poster/{digest}.jpg", b"poster"),
        "filmstrip_file": _store(f"filmstrip/{digest}.jpg", b"strip"),
        "width": 64,
        "height": 48,
        "fps_num": 24,
        "fps_den": 1,
        "frames": 48,
    }
    clip = Clip.objects.create(**(values | fields))
    for position, person in enumerate(people):
        ClipSubject.objects.create(clip=clip, person=person, position=position)
    return clip


def make_pair(clip_a: Clip, clip_b: Clip, **fields: Any) -> Pair:
    return Pair.objects.create(clip_a=clip_a, clip_b=clip_b, **fields)


def make_release(*clips: Clip, people: tuple[Person, ...] = (), state: str = ReleaseState.FROZEN) -> Release:
    release = Release.objects.create(
        name="faces", version=next(_number), format="likeness", state=state, folder="releases/faces"
    )
    release.clips.set(clips)
    release.people.set(people)
    return release


def files_of(clip: Clip) -> list[str]:
    return [clip.file, clip.playback_file, clip.poster_file, clip.filmstrip_file]


def content_of(name: str) -> bytes:
    with default_storage.open(name) as file:
        return file.read()


def _store(name: str, content: bytes) -> str:
    if not default_storage.exists(name):
        default_storage.save(name, ContentFile(content))
    return name
