"""Two procedural people on a second of film, in the library, and the face backend that pip alone installs."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.cast import Clip, chosen_cast, film
from datasets.cast.course import held
from datasets.identity.backends import Backend, backend_load
from datasets.models import Clip as ClipRow
from datasets.models import Person, Reference
from datasets.services.people import reference_add
from tests.datasets.factories import make_clip, make_person

FRAMES = 24


@dataclass(frozen=True)
class Film:
    """Files of one drawn clip."""

    clip: Clip
    path: Path
    references: tuple[tuple[Path, ...], ...]


@dataclass(frozen=True)
class Scene:
    """The same in the library."""

    clip: ClipRow
    people: list[Person]


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Film:
    courses = tuple(held(identity) for identity in chosen_cast(2))
    clip = Clip(seed=3, courses=courses, frames=FRAMES, events=())
    filmed = film(clip, tmp_path_factory.mktemp("cast") / "clip.mp4", views=("neutral", "left"))
    return Film(clip, filmed.clip, filmed.references)


@pytest.fixture(scope="session")
def dlib_backend() -> Backend:
    return backend_load("dlib")


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
def scene(db: None, drawn: Film, put_clip: Callable[..., ClipRow]) -> Scene:
    people = [make_person("Ada", is_procedural=True), make_person("Ben", is_procedural=True)]
    for person, pictures in zip(people, drawn.references, strict=True):
        for picture in pictures:
            reference_add(person=person, path=picture, source_name=picture.name)
    assert Reference.objects.count() == 4
    return Scene(put_clip(*people), people)
