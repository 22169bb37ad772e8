"""A clip's page and what can be done to it there."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.forms import ClipFactsForm
from datasets.models import Clip, ClipState, Person
from datasets.selectors.clips import frozen_releases_of, generators, pairs_of, preparation_of
from datasets.services.clips import clip_describe, clip_retry
from datasets.services.deletion import clip_delete

from .faces import faces_context


def _page(request: SiteRequest, clip: Clip, form: ClipFactsForm, status: int = 200) -> HttpResponse:
    context = {
        **(faces_context(clip) if clip.state == ClipState.READY else {"clip": clip}),
        "subjects": clip.clip_subjects.select_related("person").prefetch_related("person__references"),
        "pairs": pairs_of(clip),
        "job": preparation_of(clip),
        "releases": frozen_releases_of(clip),
        "form": form,
        "people_names": Person.objects.values_list("name", flat=True)[:500],
        "generator_names": generators(),
    }
    return render(request, "datasets/clip.html", context, status=status)


@require_GET
@lead_required
def clip(request: SiteRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Clip, pk=pk)
    return _page(request, shown, ClipFactsForm.of_clip(shown))


@require_POST
@lead_required
def clip_edit(request: SiteRequest, pk: int) -> HttpResponse:
    edited = get_object_or_404(Clip, pk=pk)
    form = ClipFactsForm(request.POST)
    if not form.is_valid():
        return _page(request, edited, form, status=422)
    try:
        clip_describe(clip=edited, facts=form.facts(by=request.user))
    except ValidationError as error:
        form.add_error(None, error.messages)
        return _page(request, get_object_or_404(Clip, pk=pk), form, status=422)
    messages.success(request, "The clip's description was changed.")
    return redirect("datasets:clip", pk=pk)


@require_GET
@lead_required
def clip_status(request: SiteRequest, pk: int) -> HttpResponse:
    """How far a clip is: a fragment for its page, JSON for the upload page."""
    shown = get_object_or_404(Clip, pk=pk)
    job = preparation_of(shown)
    if request.htmx:
        if shown.state != ClipState.PENDING:
            return HttpResponseClientRefresh()
        return render(request, "datasets/_clip_waiting.html", {"clip": shown, "job": job})
    is_stuck = shown.state == ClipState.PENDING and (job is None or not job.is_active)
    return JsonResponse(
        {
            "state": "stuck" if is_stuck else shown.state,
            "message": shown.refusal or (job.error.splitlines()[0] if job and job.error else ""),
            "percent": job.percent if job else None,
        }
    )


@require_POST
@lead_required
def clip_again(request: SiteRequest, pk: int) -> HttpResponse:
    clip_retry(clip=get_object_or_404(Clip, pk=pk), by=request.user)
    return redirect("datasets:clip", pk=pk)


@require_http_methods(["GET", "POST"])
@lead_required
def clip_remove(request: SiteRequest, pk: int) -> HttpResponse:
    """Say what goes with the clip; delete it when that was confirmed."""
    going = get_object_or_404(Clip.objects.exclude(state=ClipState.REMOVED), pk=pk)
    if request.method == "GET":
        context = {"clip": going, "pairs": pairs_of(going), "releases": frozen_releases_of(going)}
        return render(request, "datasets/clip_remove.html", context)
    holding = clip_delete(clip=going, by=request.user)
    if holding:
        names = ", ".join(map(str, holding))
        messages.error(request, f"The clip was not deleted: {names} holds it, and a release never changes.")
        return redirect("datasets:clip", pk=pk)
    messages.success(request, "The clip was deleted.")
    return redirect("datasets:clips")
