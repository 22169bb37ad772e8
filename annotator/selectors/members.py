"""Who is in a study, who was, and what taking somebody off it means."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from annotator.models import Member, Role, Slot, SlotKind, SlotState, Study
from config.accounts.models import User


@dataclass(frozen=True, kw_only=True)
class Former:
    """Somebody whose answers are in a study that they are not a member of any more."""

    user: User
    role: Role
    answers: int


@dataclass(frozen=True, kw_only=True)
class Removal:
    """What taking a member off a study would do. `held` are pairs in their hands, `repeats` those kept for them."""

    member: Member
    is_only_lead: bool
    held: int
    repeats: int


def members_of(study: Study) -> QuerySet[Member]:
    return Member.objects.filter(study=study).select_related("user").order_by("role", "id")


def former_members(study: Study) -> list[Former]:
    """Return who answered and is no member any more, by name. Whoever reviewed was a reviewer."""
    done = Slot.objects.filter(study=study, state=SlotState.DONE)
    gone = done.exclude(annotator__in=Member.objects.filter(study=study).values("user"))
    reviews = Count("pk", filter=Q(kind=SlotKind.REVIEW))
    counts = {
        row["annotator"]: row
        for row in gone.order_by().values("annotator").annotate(answers=Count("pk"), reviews=reviews)
    }
    return [
        Former(
            user=user,
            role=Role.REVIEWER if counts[user.pk]["reviews"] else Role.ANNOTATOR,
            answers=counts[user.pk]["answers"],
        )
        for user in User.objects.filter(pk__in=counts).order_by("username")
    ]


def member_removal(member: Member) -> Removal:
    slots = Slot.objects.filter(study=member.study_id)
    leads = Member.objects.filter(study=member.study_id, role=Role.LEAD).exclude(pk=member.pk)
    return Removal(
        member=member,
        is_only_lead=member.role == Role.LEAD and not leads.exists(),
        held=slots.filter(annotator=member.user_id, state=SlotState.LEASED).count(),
        repeats=slots.filter(
            reserved_for=member.user_id, repeat_of__isnull=False, state=SlotState.FREE
        ).count(),
    )
