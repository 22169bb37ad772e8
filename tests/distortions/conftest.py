"""Two seconds of two procedural people in the library, their faces found once, by real models where there are any."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from datasets.cast import draw_clip, film
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend
from datasets.identity.store import analysis_read, analysis_write
from datasets.identity.tracks import Analysis
from datasets.models import Clip, ClipAnalysis, FaceTrack, Person
from tests.datasets.factories import make_clip, make_person
from tests.datasets.identity.conftest import real_backend, shared_models
from tests.made_once import MadeOnce

__all__ = ["real_backend", "shared_models"]

FRAMES, FPS = 16, 8


@dataclass(frozen=True)
class Film:
    """A drawn clip, what was found in it, and the file of that."""

    path: Path
    analysis: Analysis
    tracks: Path


@dataclass(frozen=True)
class Scene:
    """The same in the library."""

    clip: Clip
    people: list[Person]


@pytest.fixture(scope="session")
def drawn(real_backend: Backend, once: MadeOnce) -> Film:
    folder = once("two-people-small", partial(_shoot, real_backend))
    return Film(folder / "cast.mp4", analysis_read(folder / "tracks.npz"), folder / "tracks.npz")


def _shoot(backend: Backend, folder: Path) -> None:
    clip = draw_clip(8, 2, frames=FRAMES, fps=Fraction(FPS), size=(384, 216), events=())
    path = film(clip, folder / "cast.mp4").clip
    analysis_write(analyse_clip(path, backend), folder / "tracks.npz")


@pytest.fixture
def face_model(settings, shared_models: Path) -> None:
    """Have the site look at faces by the models that are here."""
    settings.FACE_BACKEND, settings.FACE_MODELS = "mobilefacenet", shared_models


@pytest.fixture
def scene(db: None, drawn: Film, face_model: None) -> Scene:
    people = [make_person("Ada", is_procedural=True), make_person("Ben", is_procedural=True)]
    content = drawn.path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    clip = make_clip(
        *people,
        playback_file=default_storage.save(f"playback/{digest}.mp4", ContentFile(content)),
        playback_sha256=digest,
        frames=FRAMES,
        fps_num=FPS,
        fps_den=1,
        width=drawn.analysis.width,
        height=drawn.analysis.height,
        prompt="Two friends",
    )
    analysis = ClipAnalysis.objects.create(
        clip=clip,
        backend=drawn.analysis.backend,
        file=default_storage.save("tracks/1.npz", ContentFile(drawn.tracks.read_bytes())),
        overlay_file="overlays/1.json",
        summary={"people": len(drawn.analysis.people)},
    )
    for track, person in zip(drawn.analysis.people, people, strict=False):
        FaceTrack.objects.create(
            analysis=analysis, number=track.number, first=track.first, last=track.last,
            frames=len(track.frames), quality=0.9, person=person, machine_person=person, similarity=0.9,
        )  # fmt: skip
    return Scene(clip, people)
