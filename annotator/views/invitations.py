from datetime import timedelta

from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from annotator.forms import InvitationForm, SignUpForm
from annotator.models import Invitation, Member, Study
from annotator.selectors.members import former_members, members_of
from annotator.services.members import invitation_accept, invitation_create, invitation_revoke
from annotator.services.refusals import InvitationInvalid
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by
from .members import return_ticket, ticket_holder


@lead_required
@require_http_methods(["GET", "POST"])
def invitations(request: SiteRequest, slug: str) -> HttpResponse:
    """Show a study's links and members; make a link."""
    study = study_led_by(request.user, slug)
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        invitation_create(
            study=study,
            role=form.cleaned_data["role"],
            max_uses=form.cleaned_data["max_uses"],
            valid_for=timedelta(days=form.cleaned_data["days"]),
            created_by=request.user,
        )
        form = InvitationForm()
    return _invitations_page(request, study, form, status=422 if form.errors else 200)


@lead_required
@require_POST
def invitation_revoke_view(request: SiteRequest, slug: str, pk: int) -> HttpResponse:
    study = study_led_by(request.user, slug)
    invitation_revoke(invitation=get_object_or_404(study.invitations, pk=pk))
    return _invitations_page(request, study, InvitationForm())


def _invitations_page(
    request: SiteRequest, study: Study, form: InvitationForm, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    ticket = request.GET.get("undo", "")
    links = [
        {
            "invitation": each,
            "url": request.build_absolute_uri(f"/join/{each.token}/"),
            "ended": _why_ended(each),
        }
        for each in study.invitations.order_by("-id")
    ]
    context = {
        "study": study,
        "form": form,
        "now": now,
        "links": links,
        "members": members_of(study),
        "former": [(each, return_ticket(study, each.user, each.role)) for each in former_members(study)],
        "undo": ticket,
        "removed": ticket_holder(study, ticket),
    }
    template = "annotator/_invitations.html" if request.htmx else "annotator/invitations.html"
    return render(request, template, context, status=status)


def _why_ended(invitation: Invitation) -> str:
    """Say in a word why a link no longer works; nothing while it does."""
    if invitation.revoked_at:
        return "revoked"
    if invitation.expires_at <= timezone.now():
        return "expired"
    return "used up" if invitation.uses >= invitation.max_uses else ""


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Take up an invitation: logged in with one click, else with a new account or an old one."""
    invitation = get_object_or_404(Invitation.objects.select_related("study"), token=token)
    ended = _why_ended(invitation)
    known = request.user if request.user.is_authenticated else None
    if known and Member.objects.filter(study=invitation.study, user=known).exists():
        return redirect("annotator:desk")
    form = SignUpForm(request.POST if request.method == "POST" and not known else None)
    context = {"invitation": invitation, "study": invitation.study, "ended": ended, "form": form}
    if request.method != "POST" or ended:
        return render(request, "annotator/join.html", context, status=410 if ended else 200)
    if not known and not form.is_valid():
        return render(request, "annotator/join.html", context, status=422)
    try:
        with transaction.atomic():  # no account is left behind when the last place went to somebody else
            user = known or form.save()
            invitation_accept(token=invitation.token, user=user)
    except InvitationInvalid:
        context["ended"] = "used up"
        return render(request, "annotator/join.html", context, status=410)
    if not known:
        login(request, user)
    messages.success(request, f"Welcome to “{invitation.study.name}”.")
    return redirect("annotator:desk")
