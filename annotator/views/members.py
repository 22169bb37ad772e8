"""Taking people off a study, and back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from annotator.models import Member, Role, Study
from annotator.selectors.members import member_removal
from annotator.services.members import member_add, member_remove
from config.accounts.models import User
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by

RETURN = "annotator.member-return"


@lead_required
@require_http_methods(["GET", "POST"])
def member_remove_view(request: SiteRequest, slug: str, pk: int) -> HttpResponse:
    """Say what taking somebody off the study means; do it."""
    study = study_led_by(request.user, slug)
    member = get_object_or_404(Member.objects.select_related("user", "study"), study=study, pk=pk)
    if request.method != "POST":
        context = {"study": study, "removal": member_removal(member)}
        return render(request, "annotator/member_remove.html", context)
    user, role = member.user, Role(member.role)
    try:
        member_remove(member=member)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect("annotator:invitations", slug)
    messages.success(request, f"{user} is taken off “{study.name}”.")
    if user == request.user:
        return redirect("annotator:studies")
    # Whoever answered nothing is in no list any more, so the page that comes next offers the way back.
    page = reverse("annotator:invitations", args=[slug])
    return redirect(f"{page}?{urlencode({'undo': return_ticket(study, user, role)})}")


@lead_required
@require_POST
def member_return_view(request: SiteRequest, slug: str) -> HttpResponse:
    """Take somebody back whom the page with this form offered: nobody else can be named."""
    study = study_led_by(request.user, slug)
    found = ticket_holder(study, request.POST.get("who", ""))
    if found is None:
        raise Http404
    user, role = found
    member_add(study=study, user=user, role=role)
    messages.success(request, f"{user} is back in “{study.name}”.")
    return redirect("annotator:invitations", slug)


def return_ticket(study: Study, user: User, role: str) -> str:
    """What names somebody who may be taken back, in a form that only this site makes."""
    return signing.dumps([study.pk, user.pk, str(role)], salt=RETURN)


def ticket_holder(study: Study, ticket: str) -> tuple[User, Role] | None:
    """Return whom a ticket of the study names, and their role, unless they are a member."""
    try:
        study_pk, user_pk, role = signing.loads(ticket, salt=RETURN)
    except signing.BadSignature:
        return None
    members = Member.objects.filter(study=study).values("user")
    user = User.objects.filter(pk=user_pk).exclude(pk__in=members).first()
    return (user, Role(role)) if user and study_pk == study.pk else None
