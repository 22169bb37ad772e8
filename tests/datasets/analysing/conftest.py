"""Two procedural people on a second of film, in the library, and the face backend that pip alone installs.

dlib looks for the faces of that film once a run; a scene has what it found as from an earlier analysis, unless it is
a `fresh_scene`.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.analysing.backend import site_backend
from datasets.cast import Clip, chosen_cast, film, held
from datasets.identity.backends import Backend
from datasets.identity.cache import analyse_cached
from datasets.models import Clip as ClipRow
from datasets.models import Person, Reference
from datasets.services.people import reference_add
from tests.datasets.factories import make_clip, make_person
from tests.made_once import MadeOnce

FRAMES = 24
VIEWS = ("neutral", "left")


@dataclass(frozen=True)
class Film:
    """Files of one drawn clip, and the folder of what dlib found in it."""

    clip: Clip
    path: Path
    references: tuple[tuple[Path, ...], ...]
    tracks: Path


@dataclass(frozen=True)
class Scene:
    """The same in the library."""

    clip: ClipRow
    people: list[Person]


@pytest.fixture(scope="session")
def drawn(once: MadeOnce) -> Film:
    courses = tuple(held(identity) for identity in chosen_cast(2))
    clip = Clip(seed=3, courses=courses, frames=FRAMES, events=())
    folder = once("two-people", partial(_shoot, clip))
    pictures = tuple(
        tuple(folder / f"clip.references/{person}-{view}.png" for view in VIEWS) for person in range(2)
    )
    return Film(clip, folder / "clip.mp4", pictures, folder / "tracks")


def _shoot(clip: Clip, folder: Path) -> None:
    path = film(clip, folder / "clip.mp4", views=VIEWS).clip
    analyse_cached(path, site_backend("dlib"), folder / "tracks")


@pytest.fixture(scope="session")
def dlib_backend() -> Backend:
    """Return the backend that the site uses in the test's process, too."""
    return site_backend("dlib")


@pytest.fixture
def put_clip(drawn: Film) -> Callable[..., ClipRow]:
    """Return a function that makes a ready clip of the drawn film, or of other bytes."""

    def put(*people: Person, content: bytes = b"") -> ClipRow:
        content = content or drawn.path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        name = f"playback/{digest}.mp4"
        if not default_storage.exists(name):
            default_storage.save(name, ContentFile(content))
        width, height = drawn.clip.size
        facts = {"frames": FRAMES, "fps_num": 24, "fps_den": 1, "width": width, "height": height}
        return make_clip(*people, playback_file=name, playback_sha256=digest, **facts)

    return put


@pytest.fixture
def fresh_scene(db: None, drawn: Film, put_clip: Callable[..., ClipRow]) -> Scene:
    people = [make_person("Ada", is_procedural=True), make_person("Ben", is_procedural=True)]
    for person, pictures in zip(people, drawn.references, strict=True):
        for picture in pictures:
            reference_add(person=person, path=picture, source_name=picture.name)
    assert Reference.objects.count() == 4
    return Scene(put_clip(*people), people)


@pytest.fixture
def scene(fresh_scene: Scene, drawn: Film, home: Path) -> Scene:
    shutil.copytree(drawn.tracks, home / "media" / "tracks")
    return fresh_scene
