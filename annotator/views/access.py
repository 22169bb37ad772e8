"""Who may see what. Loading a study and checking the right to it are one call, so no view can forget it."""

from django.shortcuts import get_object_or_404

from annotator.models import Member, Role, Study
from config.accounts.models import User


def study_led_by(user: User, slug: str) -> Study:
    """Return a study in which the user is a lead, else answer 404: outsiders do not learn that it exists."""
    return get_object_or_404(Study, slug=slug, members__user=user, members__role=Role.LEAD)


def membership(user: User, slug: str, *roles: Role) -> Member:
    """Return the user's place in a study, in one of the roles if any are given, else answer 404."""
    members = Member.objects.select_related("study")
    if roles:
        members = members.filter(role__in=roles)
    return get_object_or_404(members, user=user, study__slug=slug)
