"""People, clips, pairs and studies as rows, without files: enough for everything that does not look at them."""

import itertools
import uuid
from typing import Any

from django.contrib.auth import get_user_model

from annotator.models import Member, Role, Slot, Study
from annotator.services.members import member_add
from annotator.services.studies import study_create, study_open
from config.accounts.models import User
from datasets.models import Clip, ClipState, ClipSubject, Pair, Person

# All of six digits: no name begins another, and names sort in the order in which they were made.
_number = itertools.count(100_000)


def make_user(name: str = "", **fields: Any) -> User:
    return get_user_model().objects.create(username=name or f"user-{next(_number)}", **fields)


def make_person(**fields: Any) -> Person:
    number = next(_number)
    return Person.objects.create(**{"key": f"person-{number}", "name": f"Person {number}", **fields})


def make_clip(*, subjects: tuple[Person, ...] = (), **fields: Any) -> Clip:
    number = next(_number)
    facts = {
        "sha256": f"{number:064x}",
        "file": f"originals/{number}.mp4",
        "bytes": 1000,
        "source_name": f"{number}.mp4",
        "state": ClipState.READY,
        "playback_file": f"playback/{number}.mp4",
        "width": 64,
        "height": 48,
        "fps_num": 24,
        "fps_den": 1,
        "frames": 48,
        "generator": f"generator-{number % 3}",
    }
    clip = Clip.objects.create(**{**facts, **fields})
    for position, person in enumerate(subjects):
        ClipSubject.objects.create(clip=clip, person=person, position=position)
    return clip


def make_pair(*people: Person, frames_a: int = 48, frames_b: int = 60, **fields: Any) -> Pair:
    clip_a = make_clip(subjects=people, frames=frames_a)
    clip_b = make_clip(subjects=people, frames=frames_b)
    return Pair.objects.create(clip_a=clip_a, clip_b=clip_b, prompt="Two friends cook.", **fields)


def make_study(n_pairs: int = 3, *, opened: bool = True, **fields: Any) -> Study:
    """Make a study of pairs of two people who are the same in all of them."""
    people = (make_person(), make_person())
    pairs = [make_pair(*people) for _ in range(n_pairs)]
    values = {
        "name": f"Study {next(_number)}",
        "overlap": 2,
        "repeat_share": 0.0,
        "created_by": None,
        **fields,
    }
    study = study_create(pairs=Pair.objects.filter(pk__in=[pair.pk for pair in pairs]), **values)
    return study_open(study=study) if opened else study


def make_annotator(study: Study, role: Role = Role.ANNOTATOR, **fields: Any) -> User:
    user = make_user(**fields)
    member_add(study=study, user=user, role=role)
    return user


def member_of(study: Study, user: User) -> Member:
    return Member.objects.get(study=study, user=user)


def make_answer(overall: str = "left", **fields: Any) -> dict[str, Any]:
    return {"overall": overall, "people": {}, "marks": [], "no_drift": [], "remark": "", **fields}


def expire(study: Study) -> None:
    """Let every lease of a study run out, as if its time were over."""
    Slot.objects.filter(study=study, state="leased").update(lease_expires_at="2000-01-01T00:00:00Z")


def new_key() -> uuid.UUID:
    return uuid.uuid4()
