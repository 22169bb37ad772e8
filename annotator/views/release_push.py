"""Pushing a release to the Hub: the panel on its page, which asks for itself again while a worker pushes."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from annotator.forms import PushForm
from annotator.selectors.releases import releases_led
from annotator.services.release_pushes import last_push, release_push_cancel, release_push_queue
from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.models import Release, ReleaseState


@lead_required
@require_http_methods(["GET", "POST"])
def release_push_view(request: SiteRequest, pk: int) -> HttpResponse:
    """Show how a push stands; ask for one."""
    found = _frozen_led_by(request, pk)
    form = PushForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        release_push_queue(
            release=found,
            repo=form.cleaned_data["repo"],
            private=form.cleaned_data["private"],
            created_by=request.user,
        )
        form = PushForm()
        if not request.htmx:
            return redirect("annotator:release", pk)
    return _panel(request, found, form)


@lead_required
@require_POST
def release_push_cancel_view(request: SiteRequest, pk: int) -> HttpResponse:
    found = _frozen_led_by(request, pk)
    release_push_cancel(release=found)
    return _panel(request, found, PushForm()) if request.htmx else redirect("annotator:release", pk)


def _frozen_led_by(request: SiteRequest, pk: int) -> Release:
    return get_object_or_404(releases_led(request.user).filter(state=ReleaseState.FROZEN), pk=pk)


def _panel(request: SiteRequest, release: Release, form: PushForm) -> HttpResponse:
    template = "annotator/_release_push.html" if request.htmx else "annotator/release_push.html"
    context = {"release": release, "push": last_push(release), "push_form": form}
    return render(request, template, context, status=422 if form.errors else 200)
