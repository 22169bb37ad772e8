"""The faces of a clip: who they are, how well each is kept, and a lead's corrections; and the search in many clips."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from config.web.access import lead_required
from config.web.http import SiteRequest
from config.web.media import serve_file
from datasets.face_numbers import face_numbers
from datasets.face_timeline import face_timeline
from datasets.filters import ClipFilter
from datasets.models import Clip, ClipAnalysis, ClipState, FaceTrack, Person
from datasets.selectors.clips import clips_listed
from datasets.selectors.tracks import ClipFaces, clip_faces, vision_notice
from datasets.services.analysis import (
    analysis_batch_start,
    clips_analyse_later,
    track_correct,
    track_correction_remove,
)

from .media import PICTURES_MAX_AGE_S


def faces_context(clip: Clip, *, error: str = "") -> dict[str, object]:
    """Return what the template of a clip's faces needs."""
    faces = clip_faces(clip)
    return {
        "clip": clip,
        "faces": faces,
        "timeline": face_timeline(faces) if faces.is_ready else None,
        "numbers": face_numbers(faces) if faces.is_ready else [],
        "faces_error": error,
        "vision_notice": vision_notice() if not faces.is_ready else "",
    }


@require_GET
@lead_required
def clip_faces_part(request: SiteRequest, pk: int) -> HttpResponse:
    """The faces of a clip as part of its page; nothing new (204) while the job is in the state the page knows."""
    clip = get_object_or_404(Clip, pk=pk)
    known = request.GET.get("job", "")
    if known and known == job_state(clip_faces(clip)):
        return HttpResponse(status=204)
    return _part(request, clip)


def job_state(faces: ClipFaces) -> str:
    """Name the state of the job that the page waits for."""
    return faces.job.state if faces.job is not None and faces.is_waiting else "none"


def _part(request: SiteRequest, clip: Clip, *, error: str = "") -> HttpResponse:
    context = faces_context(clip, error=error)
    return render(request, "datasets/_faces.html", context, status=422 if error else 200)


@require_POST
@lead_required
def clip_faces_find(request: SiteRequest, pk: int) -> HttpResponse:
    clip = get_object_or_404(Clip, pk=pk, state=ClipState.READY)
    clips_analyse_later(clip_ids=[clip.pk], by=request.user)
    return _part(request, clip) if request.htmx else redirect("datasets:clip", pk=pk)


@require_POST
@lead_required
def face_correct(request: SiteRequest, pk: int, number: int) -> HttpResponse:
    """Say who a face is: `person` is a key, or nothing for nobody of them."""
    track = _track(pk, number)
    key = request.POST.get("person", "")
    error = ""
    try:
        person = get_object_or_404(Person, key=key) if key else None
        track_correct(track=track, person=person, by=request.user)
    except ValidationError as refusal:
        error = " ".join(refusal.messages)
    return _part(request, track.analysis.clip, error=error)


@require_POST
@lead_required
def face_take_back(request: SiteRequest, pk: int, number: int) -> HttpResponse:
    track = _track(pk, number)
    error = ""
    try:
        track_correction_remove(track=track, by=request.user)
    except ValidationError as refusal:
        error = " ".join(refusal.messages)
    return _part(request, track.analysis.clip, error=error)


def _track(pk: int, number: int) -> FaceTrack:
    tracks = FaceTrack.objects.select_related("analysis__clip", "machine_person")
    return get_object_or_404(tracks, analysis__clip=pk, number=number)


@require_POST
@lead_required
def clips_faces_find(request: SiteRequest) -> HttpResponse:
    """Look for faces in all clips that the library's filter, which is in the address, shows."""
    library = ClipFilter(request.GET, queryset=clips_listed())
    ready = library.qs.filter(state=ClipState.READY).order_by().values_list("pk", flat=True)
    ids = list(ready.distinct())
    if not ids:
        messages.error(request, "No clip here is ready to be looked at.")
        return redirect("datasets:clips")
    job = analysis_batch_start(
        clip_ids=ids,
        label=f"{len(ids):,} clip{'s' if len(ids) > 1 else ''} of the library",
        again=request.POST.get("again") == "on",
        by=request.user,
    )
    return redirect("jobs:job", uid=job.uid)


@require_safe
@lead_required
def clip_overlay(request: SiteRequest, pk: int) -> HttpResponseBase:
    analysis = get_object_or_404(ClipAnalysis, clip=pk)
    return serve_file(request, analysis.overlay_file, "application/json", etag=_tag(analysis.overlay_file))


@require_safe
@lead_required
def clip_strips(request: SiteRequest, pk: int) -> HttpResponseBase:
    analysis = get_object_or_404(ClipAnalysis, clip=pk)
    return serve_file(
        request,
        analysis.strips_file,
        "image/jpeg",
        etag=_tag(analysis.strips_file),
        max_age_s=PICTURES_MAX_AGE_S,
    )


def _tag(name: str) -> str:
    """Return a file's tag: its name is made of its content."""
    return name.rpartition("/")[2].partition(".")[0]
