"""A study of two procedural people on real film, of whom one drifts on one side, with the faces found in it."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from annotator.models import Study
from annotator.services.studies import study_create, study_open
from datasets.analysing.clip import clip_tracks_find
from datasets.cast import Clip, chosen_cast, drift, film, held
from datasets.identity.backends import Backend
from datasets.models import Clip as ClipRow
from datasets.models import Pair, Person
from datasets.services.people import reference_add
from tests.annotator.factories import make_clip, make_person

FPS = 24
FRAMES = 40
NAMES = ("Ada", "Bo")


@dataclass(frozen=True)
class Films:
    """Files: a clip that keeps everybody, one in which Bo drifts, each person's references, tracks found so far."""

    kept: Path
    drifting: Path
    references: tuple[tuple[Path, ...], ...]
    tracks: Path


def shoot_films(folder: Path) -> Films:
    ada, bo, other = chosen_cast(3)
    kept = Clip(seed=3, courses=(held(ada), held(bo)), frames=FRAMES, events=())
    gone = drift(bo, other, start=FRAMES // 4, end=FRAMES - 8)
    drifting = Clip(seed=3, courses=(held(ada), gone), frames=FRAMES, events=())
    filmed = film(kept, folder / "kept.mp4", views=("neutral", "left"))
    return Films(
        filmed.clip, film(drifting, folder / "drifting.mp4").clip, filmed.references, folder / "tracks"
    )


def make_filmed_study(films: Films, backend: Backend, *, pairs: int = 3, **fields: Any) -> Study:
    """Make an open study of pairs of the two clips, analysed; what was found is looked for once only."""
    people = tuple(make_person(key=name.lower(), name=name, is_procedural=True) for name in NAMES)
    for person, pictures in zip(people, films.references, strict=True):
        for picture in pictures:
            reference_add(person=person, path=picture, source_name=picture.name)
    tracks = Path(settings.MEDIA_ROOT) / "tracks"
    if films.tracks.exists():
        shutil.copytree(films.tracks, tracks)
    made = []
    for _ in range(pairs):
        clips = [_clip(path, people) for path in (films.kept, films.drifting)]
        for clip in clips:
            clip_tracks_find(clip=clip, backend=backend)
        made.append(Pair.objects.create(clip_a=clips[0], clip_b=clips[1], prompt="Two friends talk."))
    shutil.copytree(tracks, films.tracks, dirs_exist_ok=True)
    chosen = Pair.objects.filter(pk__in=[pair.pk for pair in made])
    values: dict[str, Any] = {
        "name": "Two friends",
        "overlap": 1,
        "repeat_share": 0.0,
        "created_by": None,
        **fields,
    }
    return study_open(study=study_create(pairs=chosen, **values))


def _clip(path: Path, people: tuple[Person, ...]) -> ClipRow:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    name = f"playback/{digest}.mp4"
    target = Path(settings.MEDIA_ROOT) / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)
    return make_clip(
        subjects=people, playback_file=name, playback_sha256=digest, width=640, height=360, frames=FRAMES
    )
