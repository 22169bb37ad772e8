"""Who takes part in a study: invitations, joining, leaving."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from annotator.models import Invitation, Member, Role, Slot, SlotState, Study
from config.accounts.models import User

from .refusals import InvitationInvalid

ONLY_LEAD = "A study keeps one lead at least: invite another lead first."
INVALID = "This invitation has run out or was withdrawn. Ask whoever sent it for a new one."


def member_add(*, study: Study, user: User, role: Role = Role.ANNOTATOR) -> Member:
    """Add somebody, or give a member another role. Who comes back goes on where they stopped."""
    member, _ = Member.objects.update_or_create(
        study=study,
        user=user,
        defaults={"role": role},
        create_defaults={"role": role, "n_done": _answered(study, user)},
    )
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
            member = Member.objects.create(
                study=invitation.study,
                user=user,
                role=invitation.role,
                n_done=_answered(invitation.study, user),
            )
            _lead_make(user, Role(invitation.role))
            return member
    except IntegrityError:
        # A second click at the same moment: the use is rolled back with the second membership.
        return places.get()


def _answered(study: Study, user: User) -> int:
    return Slot.objects.filter(study=study, annotator=user, state=SlotState.DONE).count()


def _lead_make(user: User, role: Role) -> None:
    """Whoever is to lead a study may use the library and the study pages, which are for leads."""
    if role == Role.LEAD and not user.is_lead:
        user.is_lead = True
        user.save(update_fields=["is_lead"])
