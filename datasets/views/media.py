"""Clips' and people's files, for leads."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from config.web.access import lead_required
from config.web.http import SiteRequest
from config.web.media import serve_file
from datasets.models import Clip, Reference

# Pictures by the dozen on each page: a browser may show them for an hour without asking.
PICTURES_MAX_AGE_S = 3600


@require_safe
@lead_required
def clip_playback(request: SiteRequest, pk: int) -> HttpResponseBase:
    clip = get_object_or_404(Clip, pk=pk)
    return serve_file(request, clip.playback_file, "video/mp4", etag=clip.playback_sha256)


@require_safe
@lead_required
def clip_poster(request: SiteRequest, pk: int) -> HttpResponseBase:
    clip = get_object_or_404(Clip, pk=pk)
    return serve_file(request, clip.poster_file, "image/jpeg", max_age_s=PICTURES_MAX_AGE_S)


@require_safe
@lead_required
def clip_filmstrip(request: SiteRequest, pk: int) -> HttpResponseBase:
    clip = get_object_or_404(Clip, pk=pk)
    return serve_file(request, clip.filmstrip_file, "image/jpeg", max_age_s=PICTURES_MAX_AGE_S)


@require_safe
@lead_required
def reference_image(request: SiteRequest, pk: int) -> HttpResponseBase:
    reference = get_object_or_404(Reference, pk=pk)
    return serve_file(
        request, reference.file, "image/jpeg", etag=reference.sha256, max_age_s=PICTURES_MAX_AGE_S
    )
