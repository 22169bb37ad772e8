"""What a reward model got most wrong, and its scores for the library."""

from __future__ import annotations

import io

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from config.jobs.services import job_create
from config.web.access import lead_required
from config.web.http import SiteRequest
from training.mistakes import clip_of_release, mistakes_of_run
from training.models import RunState
from training.selectors import runs_of

SCORING = "pairs_score"


@require_GET
@lead_required
def mistakes(request: SiteRequest, pk: int) -> HttpResponse:
    """Show the pairs that a run gets most wrong, playable where the library has their clips."""
    run = get_object_or_404(runs_of(request.user), pk=pk)
    return render(request, "training/mistakes.html", {"run": run, "tables": mistakes_of_run(run)})


@require_GET
@lead_required
def mistake_clip(request: SiteRequest, pk: int, sha256: str) -> HttpResponseBase:
    """Answer with a clip of the run's release that its model got wrong, where the library has it no more."""
    content = clip_of_release(get_object_or_404(runs_of(request.user), pk=pk), sha256)
    if content is None:
        raise Http404
    return FileResponse(io.BytesIO(content), content_type="video/mp4")


@require_POST
@lead_required
def score(request: SiteRequest, pk: int) -> HttpResponse:
    """Have a finished run's model judge the library's pairs in the background."""
    run = get_object_or_404(runs_of(request.user), pk=pk, state=RunState.FINISHED)
    job_create(
        kind=SCORING, params={"run": run.pk}, key=str(run.pk), label=f"Scores by {run.name}"[:200],
        created_by=request.user,
    )  # fmt: skip
    messages.success(
        request, "A worker of the queue training scores the library's pairs; studies can use them then."
    )
    return redirect("training:run", pk)
