"""The preview of recipes on one clip."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from config.jobs.models import Job
from config.web.access import lead_required
from config.web.http import SiteRequest
from config.web.media import serve_file
from datasets.views.media import PICTURES_MAX_AGE_S
from distortions.forms import PreviewForm
from distortions.models import Preview, PreviewStrip
from distortions.services.previews import preview_create


@require_POST
@lead_required
def preview_new(request: SiteRequest) -> HttpResponse:
    """Ask for a preview; the answer is a fragment that fills itself."""
    form = PreviewForm(request.POST)
    if not form.is_valid():
        return render(request, "distortions/_preview.html", {"form": form}, status=422)
    data = form.cleaned_data
    preview = preview_create(
        clip=data["clip"],
        recipes=form.recipes(),
        severity=data["severity"],
        donors=data["donors"],
        by=request.user,
    )
    return _part(request, preview)


@require_GET
@lead_required
def preview_part(request: SiteRequest, uid: uuid.UUID) -> HttpResponse:
    return _part(request, get_object_or_404(Preview.objects.select_related("clip"), uid=uid))


def _part(request: SiteRequest, preview: Preview) -> HttpResponse:
    strips = list(preview.strips.all())
    job = Job.objects.filter(kind="distortion_preview", key=str(preview.pk)).order_by("-pk").first()
    is_waiting = any(not strip.is_ready for strip in strips)
    context = {
        "preview": preview,
        "strips": strips,
        "job": job,
        "is_waiting": is_waiting,
        "is_live": is_waiting and job is not None and job.is_active,
    }
    return render(request, "distortions/_preview.html", context)


@require_safe
@lead_required
def strip_picture(request: SiteRequest, uid: uuid.UUID, recipe: str) -> HttpResponseBase:
    strip = get_object_or_404(PreviewStrip, preview__uid=uid, recipe=recipe)
    return serve_file(request, strip.picture, "image/jpeg", max_age_s=PICTURES_MAX_AGE_S)
