"""A study whose clips and references are real files: two scenes of two people each, three generators."""

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from annotator.models import Item, Slot, SlotKind, Study
from annotator.services.studies import study_create, study_open
from config.accounts.models import User
from datasets.models import Clip, Pair, Person, Reference
from tests.annotator.factories import make_clip, make_person, make_user
from tests.annotator.judging import judge
from tests.datasets.releases.samples import FRAMES, sha256, video_bytes


def store(name: str, content: bytes) -> str:
    return default_storage.save(name, ContentFile(content))


def picture(number: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (64, 80), (number * 40 % 256, 90, 30)).save(sink, "JPEG", quality=92, optimize=True)
    return sink.getvalue()


def add_person(number: int) -> Person:
    names = ("amy", "bob", "cid", "dee")
    person = make_person(
        key=names[number], name=names[number].title(), consent="for tests", is_procedural=number == 3
    )
    for position in range(2):
        content = picture(10 * number + position)
        digest = sha256(content)
        Reference.objects.create(
            person=person,
            sha256=digest,
            file=store(f"references/{digest}.jpg", content),
            width=64,
            height=80,
            position=position,
            source_name=f"{position}.jpg",
            licence="cc-by-4.0",
        )
    return person


def add_clip(number: int, people: tuple[Person, ...], generator: str, **fields) -> Clip:
    content = video_bytes(number)
    return make_clip(
        subjects=people,
        sha256=sha256(b"original" + content),
        playback_sha256=sha256(content),
        playback_file=store(f"playback/{sha256(content)}.mp4", content),
        playback_bytes=len(content),
        source_name=f"take {number}.mov",
        width=64,
        height=48,
        fps_num=12,
        fps_den=1,
        frames=FRAMES,
        generator=generator,
        generator_version="2",
        seed=str(number),
        prompt=f"scene {number // 3}",
        licence="cc-by-4.0",
        **fields,
    )


@pytest.fixture
def study(db) -> Study:
    people = [add_person(number) for number in range(4)]
    pairs: list[int] = []
    for scene in range(2):
        cast = (people[2 * scene], people[2 * scene + 1])
        clips = [add_clip(3 * scene + number, cast, f"generator {number}") for number in range(3)]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            pair = Pair.objects.create(
                clip_a=clips[a], clip_b=clips[b], prompt=f"scene {scene}", key=f"scene-{scene}-{a}{b}"
            )
            pairs.append(pair.pk)
    study = study_create(
        name="Tea party",
        slug="tea",
        pairs=Pair.objects.filter(pk__in=pairs),
        created_by=make_user("the-lead", is_lead=True),
        overlap=2,
        repeat_share=0.0,
        instructions="Which clip keeps **both** faces?",
    )
    return study_open(study=study)


@pytest.fixture
def items(study: Study) -> list[Item]:
    return list(study.items.filter(repeat_of__isnull=True).order_by("position"))


@pytest.fixture
def annotators(db) -> list[User]:
    return [make_user("one"), make_user("two")]


@pytest.fixture
def judged(study: Study, items: list[Item], annotators: list[User]) -> Study:
    """Everybody agrees on every item but the last: there a and b stand against one another."""
    for item in items:
        people = dict.fromkeys(item.pair.clip_a.subjects.values_list("pk", flat=True), "a")
        judge(item, annotators[0], "a_much", people)
        last = item == items[-1]
        judge(item, annotators[1], "b" if last else "a", dict.fromkeys(people, "b" if last else "a"))
    return study


def add_review_slot(item: Item) -> Slot:
    return Slot.objects.create(
        study=item.study, item=item, slot_no=99, kind=SlotKind.REVIEW, position=99, left_is_a=False
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
