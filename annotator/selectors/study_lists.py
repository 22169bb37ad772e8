"""Studies in lists: a lead's, and the work of one annotator."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from annotator.models import (
    Consensus,
    ConsensusState,
    Judgment,
    Member,
    Role,
    Slot,
    SlotKind,
    SlotState,
    Study,
    StudyState,
)
from annotator.services.progress import progress_of
from config.accounts.models import User


def studies_led(user: User) -> QuerySet[Study]:
    """Return the studies that a user leads, newest first, each with what its row in the list says.

    Adds `answers_done` (of `n_slots`; reviews apart), `disputed` and `annotator_count`.
    """
    done = Slot.objects.filter(study=OuterRef("pk"), kind=SlotKind.ANSWER, state=SlotState.DONE)
    disputed = Consensus.objects.filter(study=OuterRef("pk"), state=ConsensusState.DISPUTED)
    annotators = Member.objects.filter(study=OuterRef("pk"), role=Role.ANNOTATOR)
    leads = Member.objects.filter(study=OuterRef("pk"), user=user, role=Role.LEAD)
    return (
        Study.objects.filter(Exists(leads))
        .annotate(
            answers_done=_count(done, "study"),
            disputed=_count(disputed, "study"),
            annotator_count=_count(annotators, "study"),
        )
        .order_by("-id")
    )


@dataclass(frozen=True, kw_only=True)
class Work:
    """Somebody's place in a study, with what the workbench would tell them: `done` of `total`, and their pace."""

    member: Member
    study: Study
    done: int
    total: int
    median_seconds: int | None
    last_answer: datetime | None
    to_review: int


def work_of(user: User) -> list[Work]:
    """Return a user's studies, those that can be gone on with first, each kind newest first; one query."""
    return sorted((_work(member) for member in _memberships(user)), key=lambda each: _ORDER[each.study.state])


_ORDER: dict[str, int] = {StudyState.OPEN: 0, StudyState.PAUSED: 1, StudyState.DRAFT: 2, StudyState.CLOSED: 3}


def _work(member: Any) -> Work:
    """Take a member as `_memberships` annotates it."""
    is_reviewer = member.role == Role.REVIEWER
    progress = progress_of(
        n_done=member.n_done,
        recent_ms=member.recent_ms,
        n_items=member.n_done + member.to_review if is_reviewer else member.study.n_items,
        n_slots=member.n_done + member.to_review if is_reviewer else member.study.n_slots,
        n_gold=0 if is_reviewer else member.study.n_gold,
        n_done_by_all=member.n_done if is_reviewer else member.n_done_by_all + member.study.n_done_by_former,
    )
    return Work(
        member=member,
        study=member.study,
        last_answer=member.last_answer,
        to_review=member.to_review,
        **progress,
    )


def _memberships(user: User) -> QuerySet[Any]:
    seen = Slot.objects.filter(
        item=OuterRef("item"), annotator=user, state__in=[SlotState.LEASED, SlotState.DONE]
    )
    reviews = Slot.objects.filter(
        ~Exists(seen), study=OuterRef("study"), kind=SlotKind.REVIEW, state=SlotState.FREE
    )
    answers = Judgment.objects.filter(study=OuterRef("study"), annotator=user).order_by("-id")
    answering = Member.objects.filter(study=OuterRef("study")).exclude(role=Role.REVIEWER)
    done = answering.order_by().values("study")
    return (
        Member.objects.filter(user=user)
        .select_related("study")
        .annotate(
            last_answer=Subquery(answers.values("created_at")[:1]),
            to_review=_count(reviews, "study"),
            n_done_by_all=Coalesce(
                Subquery(done.annotate(n=Sum("n_done")).values("n"), output_field=IntegerField()), 0
            ),
        )
        .order_by("-study_id")
    )


def _count(rows: QuerySet, group: str) -> Coalesce:
    counted = rows.order_by().values(group).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
