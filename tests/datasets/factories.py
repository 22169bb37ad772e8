"""Rows of the library with files of a few bytes: enough for everything that does not decode them."""

import hashlib
import itertools
import json
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.models import (
    Clip,
    ClipAnalysis,
    ClipState,
    ClipSubject,
    FaceTrack,
    IdentityTrack,
    Pair,
    Person,
    Reference,
    Release,
    ReleaseState,
)

# All of six digits: no name begins another, and names sort in the order in which they were made.
_number = itertools.count(100_000)


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


def make_analysis(clip: Clip, *others: Person | None, **fields: Any) -> ClipAnalysis:
    """Make an analysis in which each subject of the clip is seen all the time, and so is each of the others.

    The faces have the numbers 0, 1, … in that order; someone who is None is nobody of them.
    """
    number = next(_number)
    people = [each.person for each in clip.clip_subjects.select_related("person")]
    frames = clip.frames or 1
    faces = [*people, *others]
    boxes = [[[20 * i, 8, 20 * i + 16, 28]] * frames for i in range(len(faces))]
    tracks = [
        {"number": i, "still": False, "frames": list(range(frames)), "boxes": each}
        for i, each in enumerate(boxes)
    ]
    overlay = {
        "frames": frames, "fps": 24.0, "width": clip.width, "height": clip.height, "cuts": [], "tracks": tracks
    }  # fmt: skip
    values: dict[str, Any] = {
        "backend": "yunet@1+sface@1",
        "file": _store(f"tracks/{number}.npz", b"tracks"),
        "overlay_file": _store(f"overlays/{number}.json", json.dumps(overlay).encode()),
        "strips_file": _store(f"strips/{number}.jpg", b"strips"),
        "strip_frames": list(range(0, frames, 6)),
        "strip_step": 0.25,
        "summary": {"frames": frames, "people": len(faces), "stills": 0},
        "score": 0.8,
        "face_sim": 0.85,
    }
    analysis = ClipAnalysis.objects.create(clip=clip, **(values | fields))
    FaceTrack.objects.bulk_create(
        FaceTrack(
            analysis=analysis, number=i, first=0, last=frames - 1, frames=frames, quality=0.9,
            machine_person=person, person=person, similarity=None if person is None else 0.8,
        )
        for i, person in enumerate(faces)
    )  # fmt: skip
    IdentityTrack.objects.bulk_create(
        IdentityTrack(
            analysis=analysis, person=person, row=row, similarity=0.8, coverage=1.0, threshold=0.36,
            numbers={"similarity": 0.8, "survival_threshold": 0.36, "coverage": 1.0, "drop_gaps": []},
            curve={
                "frames": [0, frames - 1], "own": [0.8, 0.8], "other": [], "quality": [1.0, 1.0],
                "swapped": [False, False], "spans": [[0, frames - 1]],
            },
        )
        for row, person in enumerate(people)
    )  # fmt: skip
    return analysis


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
