"""Every write to a study itself. Its items and slots are made in items.py, its members in members.py."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.text import slugify

from annotator.models import Curves, Member, Role, Study, StudyState
from config.accounts.models import User
from datasets.models import Clip, Pair

from .consensus import study_consensus_queue
from .gold import gold_plan
from .items import items_create

NO_PAIRS = "None of the chosen pairs can be judged: a study needs at least one pair of two playable clips."
NO_NEW_PAIRS = "None of the chosen pairs is new to the study and playable."
CLOSED = "The study is closed. Open it again before adding to it."


@transaction.atomic
def study_create(
    *,
    name: str,
    pairs: QuerySet[Pair],
    created_by: User | None,
    slug: str = "",
    instructions: str = "",
    example_clips: Iterable[Clip] = (),
    overlap: int = 3,
    lease_minutes: int = 20,
    repeat_share: float = 0.05,
    ask_overall: bool = True,
    ask_people: bool = True,
    ask_marks: bool = True,
    ask_remark: bool = True,
    curves: str = Curves.AFTER,
    filter: dict[str, Any] | None = None,  # noqa: A002 - the model's word
    seed: int = 0,
) -> Study:
    """Make a draft with its items and slots; whoever makes it leads it. Of `pairs`, playable ones count."""
    study = Study(
        name=name,
        slug=slug or _free_slug(name),
        instructions=instructions,
        overlap=overlap,
        lease_minutes=lease_minutes,
        repeat_share=repeat_share,
        ask_overall=ask_overall,
        ask_people=ask_people,
        ask_marks=ask_marks,
        ask_remark=ask_remark,
        curves=curves,
        filter=filter or {},
        seed=seed,
        created_by=created_by,
    )
    # A demo study is made by nobody, and a field that may be NULL is not blank=True in this model.
    study.full_clean(exclude=["created_by", "filter"])
    study.save()
    study.example_clips.set(example_clips)
    if created_by is not None:
        Member.objects.create(study=study, user=created_by, role=Role.LEAD)
    if not items_create(study=study, pairs=pairs):
        raise ValidationError({"pairs": NO_PAIRS})
    return study


@transaction.atomic
def study_add_items(*, study: Study, pairs: QuerySet[Pair]) -> int:
    """Add the pairs that the study lacks behind its other items; return how many."""
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.state == StudyState.CLOSED:
        raise ValidationError(CLOSED)
    added = items_create(study=locked, pairs=pairs)
    if not added:
        raise ValidationError({"pairs": NO_NEW_PAIRS})
    if locked.n_gold:
        gold_plan(study=locked)
    study.refresh_from_db(fields=["n_items", "n_slots"])
    return added


def study_open(*, study: Study) -> Study:
    return _move(study, StudyState.OPEN, of=[StudyState.DRAFT])


def study_pause(*, study: Study) -> Study:
    """Hand out nothing more for now. Answers to what is in hands already are still taken."""
    _move(study, StudyState.PAUSED, of=[StudyState.OPEN])
    # Whoever pauses or closes looks at what came of it next.
    study_consensus_queue(study=study)
    return study


def study_resume(*, study: Study) -> Study:
    return _move(study, StudyState.OPEN, of=[StudyState.PAUSED])


def study_close(*, study: Study) -> Study:
    """End a study. Answers to what is in hands already are still taken."""
    _move(
        study, StudyState.CLOSED, of=[StudyState.DRAFT, StudyState.OPEN, StudyState.PAUSED], closed_at=Now()
    )
    study_consensus_queue(study=study)
    return study


def study_reopen(*, study: Study) -> Study:
    """Take a closed study up again where it ended."""
    return _move(study, StudyState.OPEN, of=[StudyState.CLOSED], closed_at=None)


def _move(study: Study, to: StudyState, *, of: list[StudyState], **changes: Any) -> Study:
    """Change the state by a conditional update, so that of two leads who act at once one is told."""
    if not Study.objects.filter(pk=study.pk, state__in=of).update(state=to, **changes):
        study.refresh_from_db(fields=["state"])
        raise ValidationError(
            {
                "state": f"A study that is {study.get_state_display().lower()} cannot become {to.label.lower()}."
            }
        )
    study.refresh_from_db(fields=["state", *changes])
    return study


def _free_slug(name: str) -> str:
    """Return a slug made from the name that no study has."""
    base = slugify(name)[:100] or "study"
    taken = {"new", *Study.objects.filter(slug__startswith=base).values_list("slug", flat=True)}
    return next(
        slug for slug in [base, *(f"{base}-{n}" for n in range(2, len(taken) + 3))] if slug not in taken
    )
