"""A study that can really be watched: clips on disk that carry their frame numbers, and people with references."""

from pathlib import Path

from django.conf import settings
from PIL import Image

from annotator.models import Study
from annotator.services.studies import study_create, study_open
from datasets.models import Clip, Pair, Person, Reference
from tests.annotator.factories import make_pair, make_person
from tests.end_to_end.coded_clips import write_coded_clip

FPS = 24
SECONDS = 2
FRAMES = FPS * SECONDS


def make_watchable_study(
    *, pairs: int, seconds: int = SECONDS, size: tuple[int, int] = (320, 180), **fields: object
) -> Study:
    """Make an open study of `pairs` pairs of two people, Ada and Bo; all pairs show the same two clips."""
    people = (_person("Ada", (200, 120, 80)), _person("Bo", (80, 130, 190)))
    media = Path(settings.MEDIA_ROOT)
    files = [_clip_file(media, number, seconds, size) for number in (1, 2)]
    made = [make_pair(*people, frames_a=FPS * seconds, frames_b=FPS * seconds) for _ in range(pairs)]
    for pair in made:
        for clip, file in zip((pair.clip_a, pair.clip_b), files, strict=True):
            Clip.objects.filter(pk=clip.pk).update(playback_file=file)
    values = {
        "name": "Two friends, one kitchen",
        "overlap": 1,
        "repeat_share": 0.0,
        "created_by": None,
        **fields,
    }
    chosen = Pair.objects.filter(pk__in=[pair.pk for pair in made])
    return study_open(study=study_create(pairs=chosen, **values))  # type: ignore[arg-type]


def _clip_file(media: Path, number: int, seconds: int, size: tuple[int, int]) -> str:
    name = f"playback/{number}.mp4"
    (media / name).parent.mkdir(parents=True, exist_ok=True)
    write_coded_clip(media / name, fps=FPS, seconds=seconds, size=size, seed=number)
    return name


def _person(name: str, colour: tuple[int, int, int]) -> Person:
    person = make_person(key=name.lower(), name=name)
    file = f"references/{name.lower()}.jpg"
    path = Path(settings.MEDIA_ROOT) / file
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (96, 96), colour).save(path)
    Reference.objects.create(person=person, sha256=f"{person.pk:064x}", file=file, width=96, height=96)
    return person
