"""Runs: the list, a new one, one with its curves, and two side by side."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from config.web.access import lead_required
from config.web.http import SiteRequest
from training.board import config_differences, kept_share, result_tables, stage_boards
from training.forms import RunForm
from training.selectors import runs_of
from training.services import run_again, run_cancel, run_create, run_enqueue

PAGE_SIZE = 50


@require_GET
@lead_required
def runs(request: SiteRequest) -> HttpResponse:
    page = Paginator(runs_of(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    is_fragment = request.htmx and not request.htmx.history_restore_request
    context = {"page": page, "is_running": any(run.is_active for run in page)}
    return render(request, "training/_runs.html" if is_fragment else "training/runs.html", context)


@require_http_methods(["GET", "POST"])
@lead_required
def run_new(request: SiteRequest) -> HttpResponse:
    """Describe a run and leave it to the workers."""
    form = RunForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        run = run_create(
            release_folder=Path(values["release"].folder),
            config=values["config"],
            name=values["name"] or str(values["release"]),
            created_by=request.user,
        )
        run_enqueue(run=run, created_by=request.user)
        messages.success(request, f"“{run}” is queued; a worker of the queue training takes it.")
        return redirect("training:run", run.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "training/run_new.html", {"form": form}, status=status)


@require_GET
@lead_required
def run(request: SiteRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(runs_of(request.user), pk=pk)
    is_fragment = request.htmx and not request.htmx.history_restore_request
    if is_fragment and not shown.is_active:
        return HttpResponseClientRefresh()
    wanted = request.GET.get("with", "")
    other = runs_of(request.user).filter(pk=int(wanted)).first() if wanted.isdecimal() else None
    context = {
        "run": shown,
        "stages": stage_boards(shown),
        "kept": kept_share(shown),
        "tables": result_tables(shown),
        "is_live": shown.is_active,
        "others": runs_of(request.user).exclude(pk=pk)[:PAGE_SIZE],
        "other": other,
        "other_tables": result_tables(other) if other else {},
        "differences": config_differences(shown, other) if other else [],
    }
    return render(request, "training/_run_live.html" if is_fragment else "training/run.html", context)


@require_POST
@lead_required
def cancel(request: SiteRequest, pk: int) -> HttpResponse:
    stopped = get_object_or_404(runs_of(request.user), pk=pk)
    if not stopped.is_active:
        messages.warning(request, "The run has ended by now.")
        return redirect("training:run", pk)
    run_cancel(run=stopped)
    messages.success(request, "The run stops after its current step; its last checkpoint stays.")
    return redirect("training:run", pk)


@require_POST
@lead_required
def resume(request: SiteRequest, pk: int) -> HttpResponse:
    try:
        run_enqueue(
            run=run_again(run=get_object_or_404(runs_of(request.user), pk=pk)), created_by=request.user
        )
        messages.success(request, "The run goes on from its last checkpoint.")
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect("training:run", pk)
