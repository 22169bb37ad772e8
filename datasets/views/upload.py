"""Clips by drag and drop: a page, and an address that takes one file at a time."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.forms import ClipFactsForm
from datasets.media.errors import MediaError
from datasets.models import Person
from datasets.selectors.clips import generators
from datasets.services.clips import clip_ingest

from .guards import limits_body


@require_GET
@lead_required
def upload(request: SiteRequest) -> HttpResponse:
    context = {
        "form": ClipFactsForm(initial={"people": request.GET.get("people", "")}),
        "people_names": Person.objects.values_list("name", flat=True)[:500],
        "generator_names": generators(),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
    }
    return render(request, "datasets/upload.html", context)


@require_POST
@lead_required
@limits_body
def upload_file(request: SiteRequest) -> HttpResponse:
    """Take one file. The reply says in a sentence what became of it, and where to ask how it goes on."""
    form = ClipFactsForm(request.POST)
    file = request.FILES.get("file")
    if not form.is_valid():
        return _refusal(_first_error(form))
    if file is None:
        return _refusal("No file came with the upload.")
    try:
        with local_file(file) as path:
            clip, is_new = clip_ingest(
                path=path,
                source_name=file.name or "",
                facts=form.facts(by=request.user),
                created_by=request.user,
            )
    except MediaError as error:
        return _refusal(str(error))
    return JsonResponse(
        {
            "state": clip.state if is_new else "known",
            # A quick worker may have refused it by now.
            "message": clip.refusal
            if is_new
            else f"The library has this video already. {clip.refusal}".strip(),
            "url": reverse("datasets:clip", args=[clip.pk]),
            "status_url": reverse("datasets:clip-status", args=[clip.pk]),
        },
        status=201 if is_new else 200,
    )


def _first_error(form: ClipFactsForm) -> str:
    name, errors = next(iter(form.errors.items()))
    label = form[name].label if name in form.fields else ""
    return f"{label}: {errors[0]}" if label else str(errors[0])


def _refusal(message: str) -> JsonResponse:
    return JsonResponse({"state": "refused", "message": message}, status=422)


@contextmanager
def local_file(file: UploadedFile) -> Iterator[Path]:
    """Give an upload as a path: its own temporary file when it is large, one written from memory when not."""
    if hasattr(file, "temporary_file_path"):
        yield Path(file.temporary_file_path())
        return
    with tempfile.NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)
