"""A manifest in the browser: upload it, see line by line what it would do, import it."""

import uuid
from collections import Counter

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.services.manifests import (
    MAX_MANIFEST_BYTES,
    ManifestFolder,
    ManifestRefused,
    last_reading,
    manifest_file_add,
    manifest_read_queue,
    manifest_store,
)

from .guards import limits_body
from .upload import local_file

COLUMNS = (
    ("clip", "path of the video, as it is called beside the manifest or in the library"),
    ("prompt", "what was asked for; rows that share prompt and subjects become pairs"),
    ("subjects", "who should appear, separated by ;"),
    ("references", "their pictures: subject=path, separated by ;"),
    ("generator, generator_version, seed", "what made it; empty for a camera"),
    ("pair", "rows that share a name here are a pair, whatever else they say"),
    ("published_better", "yes, no or tie; kept as a published label and never shown"),
    ("origin, licence", "real, generated or distorted; a licence’s name"),
)


@require_http_methods(["GET", "POST"])
@lead_required
@limits_body
def import_new(request: SiteRequest) -> HttpResponse:
    """Take a manifest and have it read without writing anything."""
    said = ""
    if request.method == "POST":
        file = request.FILES.get("manifest")
        try:
            if file is None:
                raise ManifestRefused("Choose a manifest first.")
            with local_file(file) as path:
                folder = manifest_store(path=path, name=file.name or "")
        except ManifestRefused as refused:
            said = str(refused)
        else:
            manifest_read_queue(folder=folder, dry_run=True, by=request.user)
            return redirect("datasets:import", folder.uid)
    context = {"said": said, "max_bytes": MAX_MANIFEST_BYTES, "columns": COLUMNS}
    return render(request, "datasets/import_new.html", context, status=422 if said else 200)


@require_GET
@lead_required
def import_page(request: SiteRequest, uid: uuid.UUID) -> HttpResponse:
    """Show what the last reading said; htmx asks for it while a worker reads."""
    folder = ManifestFolder(uid)
    job = last_reading(folder)
    if job is None:
        raise Http404
    table = job.result.get("table", [])
    context = {
        "uid": uid,
        "job": job,
        "dry_run": job.params["dry_run"],
        "is_there": folder.manifest is not None,
        "result": job.result,
        "table": table,
        "takes": Counter(line["state"] for line in table),
        "max_bytes": settings.UPLOAD_MAX_BYTES,
    }
    template = "datasets/_import.html" if request.htmx else "datasets/import.html"
    response = render(request, template, context)
    if request.htmx and not job.is_active:
        response["HX-Refresh"] = "true"  # what stands around the fragment depends on what the reading found
    return response


@require_POST
@lead_required
@limits_body
def import_file(request: SiteRequest, uid: uuid.UUID) -> HttpResponse:
    """Put one file beside the manifest."""
    folder = _folder(uid)
    file = request.FILES.get("file")
    if file is None:
        return JsonResponse({"state": "refused", "message": "No file came with the upload."}, status=422)
    try:
        with local_file(file) as path:
            manifest_file_add(folder=folder, name=request.POST.get("path") or file.name or "", path=path)
    except ManifestRefused as refused:
        return JsonResponse({"state": "refused", "message": str(refused)}, status=422)
    return JsonResponse({"state": "stored", "message": ""}, status=201)


@require_POST
@lead_required
def import_read(request: SiteRequest, uid: uuid.UUID, how: str) -> HttpResponse:
    """Read the manifest again, without writing or to import it."""
    manifest_read_queue(folder=_folder(uid), dry_run=how == "check", by=request.user)
    return redirect("datasets:import", uid)


def _folder(uid: uuid.UUID) -> ManifestFolder:
    folder = ManifestFolder(uid)
    if folder.manifest is None:
        raise Http404
    return folder
