from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.forms import PushForm, ReleaseForm
from annotator.selectors.releases import release_rows, releases_led
from annotator.services.release_pushes import last_push
from annotator.services.releases import release_cancel, release_delete, release_queue, release_retry
from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.models import Release, ReleaseState

from .access import study_led_by
from .paging import page_of


@lead_required
@require_GET
def releases(request: SiteRequest) -> HttpResponse:
    """List the releases of the lead's studies; htmx asks for the table while one is being built."""
    page = page_of(releases_led(request.user), request)
    rows = release_rows(list(page))
    context = {"page": page, "rows": rows, "is_building": any(row.is_building for row in rows)}
    template = "annotator/_releases.html" if request.htmx else "annotator/releases.html"
    return render(request, template, context)


@lead_required
@require_http_methods(["GET", "POST"])
def release_new(request: SiteRequest, slug: str) -> HttpResponse:
    """Release a study: choose how, and have a worker build it."""
    study = study_led_by(request.user, slug)
    form = ReleaseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        release = release_queue(study=study, options=form.options(), created_by=request.user)
        messages.success(request, f"{release} is being built. It appears here when it is whole.")
        return redirect("annotator:release", release.pk)
    past = release_rows(list(releases_led(request.user, study=study)[:5]))
    context = {"study": study, "form": form, "rows": past}
    return render(request, "annotator/release_new.html", context, status=422 if form.errors else 200)


@lead_required
@require_GET
def release(request: SiteRequest, pk: int) -> HttpResponse:
    """Show one release: what is in it, where it lies, how it is checked and loaded."""
    found = _release_led_by(request, pk)
    template = "annotator/_release.html" if request.htmx else "annotator/release.html"
    context: dict[str, Any] = {"row": release_rows([found])[0]}
    if found.state == ReleaseState.FROZEN:
        context |= {"push": last_push(found), "push_form": PushForm()}
    return render(request, template, context)


@lead_required
@require_POST
def release_cancel_view(request: SiteRequest, pk: int) -> HttpResponse:
    found = _release_led_by(request, pk)
    if release_cancel(release=found):
        messages.success(request, f"{found} stops after its present step.")
    return redirect("annotator:release", pk)


@lead_required
@require_POST
def release_retry_view(request: SiteRequest, pk: int) -> HttpResponse:
    found = _release_led_by(request, pk)
    if release_retry(release=found, by=request.user):
        messages.success(request, f"{found} is being built again.")
    return redirect("annotator:release", pk)


@lead_required
@require_POST
def release_delete_view(request: SiteRequest, pk: int) -> HttpResponse:
    found = _release_led_by(request, pk)
    if not release_delete(release=found):
        messages.error(request, f"{found} stays: a release that is whole, or being built, is not deleted.")
        return redirect("annotator:release", pk)
    messages.success(request, f"{found}, which never came to be, is deleted.")
    return redirect("annotator:releases")


def _release_led_by(request: SiteRequest, pk: int) -> Release:
    return get_object_or_404(releases_led(request.user), pk=pk)
