"""Who takes part in a study: invitations, joining, leaving."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now

from annotator.models import Invitation, Member, Role, Slot, SlotKind, SlotState, Study
from config.accounts.models import User

from .gold import gold_member_prepare
from .refusals import InvitationInvalid
from .slots import GOLD_OF_KIND, KIND_OF_ROLE

ONLY_LEAD = "A study keeps one lead at least: invite another lead first."
INVALID = "This invitation has run out or was withdrawn. Ask whoever sent it for a new one."


@transaction.atomic
def member_add(*, study: Study, user: User, role: Role = Role.ANNOTATOR) -> Member:
    """Add somebody, or give a member another role. Who comes back goes on where they stopped."""
    place = {"role": role, "n_done": _filled(study, user, role)}
    member, is_new = Member.objects.select_for_update().get_or_create(study=study, user=user, defaults=place)
    if not is_new and member.role != role:
        member.role, member.n_done = role, _filled(study, user, role)
        member.save(update_fields=["role", "n_done"])
        _former_count(study)
    elif is_new and member.n_done:
        _former_count(study)
    gold_member_prepare(study=study, member=member)
    _lead_make(user, role)
    return member


@transaction.atomic
def member_remove(*, member: Member) -> None:
    """Take somebody off a study. Their judgments stay; what they hold goes to the next who asks.

    Raises ValidationError for the only lead, without whom nobody could open the study any more.
    """
    leads = Member.objects.select_for_update().filter(study=member.study_id, role=Role.LEAD)
    if member.role == Role.LEAD and len(leads) == 1:
        raise ValidationError(ONLY_LEAD)
    Slot.objects.filter(study=member.study_id, annotator=member.user_id, state=SlotState.LEASED).update(
        lease_expires_at=Now()
    )
    member.delete()
    _former_count(member.study)


def invitation_create(
    *, study: Study, created_by: User, role: Role = Role.ANNOTATOR, max_uses: int = 1, valid_for: timedelta
) -> Invitation:
    invitation = Invitation(
        study=study, role=role, max_uses=max_uses, expires_at=Now() + valid_for, created_by=created_by
    )
    invitation.save()
    invitation.refresh_from_db(fields=["expires_at"])
    return invitation


def invitation_revoke(*, invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk, revoked_at__isnull=True).update(revoked_at=Now())


def invitation_accept(*, token: str, user: User) -> Member:
    """Join the study of an invitation. Who is a member already stays what they are and uses nothing up."""
    invitation = Invitation.objects.select_related("study").filter(token=token).first()
    if invitation is None:
        raise InvitationInvalid(INVALID)
    places = Member.objects.select_related("study").filter(study=invitation.study_id, user=user)
    if (present := places.first()) is not None:
        return present
    try:
        with transaction.atomic():
            used = Invitation.objects.filter(
                pk=invitation.pk, revoked_at__isnull=True, expires_at__gt=Now(), uses__lt=F("max_uses")
            ).update(uses=F("uses") + 1)
            if not used:
                raise InvitationInvalid(INVALID)
            role = Role(invitation.role)
            n_done = _filled(invitation.study, user, role)
            member = Member.objects.create(study=invitation.study, user=user, role=role, n_done=n_done)
            if n_done:
                _former_count(invitation.study)
            gold_member_prepare(study=invitation.study, member=member)
            _lead_make(user, role)
            return member
    except IntegrityError:
        # A second click at the same moment: the use is rolled back with the second membership.
        return places.get()


def _filled(study: Study, user: User, role: Role) -> int:
    """Count the places that somebody filled, of the kind that their role is given, test questions among them too."""
    kind = KIND_OF_ROLE[role]
    kinds = {kind, GOLD_OF_KIND[kind]}
    return Slot.objects.filter(study=study, annotator=user, kind__in=kinds, state=SlotState.DONE).count()


def _former_count(study: Study) -> None:
    """Count again what those filled who answer no more: nobody's progress may hold it to be still to do.

    The row of the study is the lock that puts two changes of its members one behind another.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    answering = Member.objects.filter(study=study, user=OuterRef("annotator")).exclude(role=Role.REVIEWER)
    kinds = [SlotKind.ANSWER, SlotKind.GOLD]
    filled = Slot.objects.filter(~Exists(answering), study=study, kind__in=kinds, state=SlotState.DONE)
    Study.objects.filter(pk=study.pk).update(n_done_by_former=filled.count())


def _lead_make(user: User, role: Role) -> None:
    """Whoever is to lead a study may use the library and the study pages, which are for leads."""
    if role == Role.LEAD and not user.is_lead:
        user.is_lead = True
        user.save(update_fields=["is_lead"])
