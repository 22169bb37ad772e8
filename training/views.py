"""Runs: the list, a new one, one with its curves, and two side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from config.web.access import lead_required
from config.web.http import SiteRequest
from training.board import config_differences, kept_share, result_tables, stage_boards
from training.forms import PolicyForm, RunForm
from training.models import Run, RunKind
from training.policy_board import evaluation_table, gains_table, policy_board, sheet_png
from training.selectors import clips_job, run_at, runs_of
from training.services import clips_enqueue, run_again, run_cancel, run_create, run_enqueue

PAGE_SIZE = 50
BLIND_PROMPTS, BLIND_SEEDS = 24, 2


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


@require_http_methods(["GET", "POST"])
@lead_required
def policy_new(request: SiteRequest) -> HttpResponse:
    """Describe a policy's run and leave it to the workers."""
    asked = {"reward": request.GET["reward"]} if request.GET.get("reward", "").isdecimal() else {}
    form = PolicyForm(request.POST or None, user=request.user, initial=asked)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        reward: Run = values["reward"]
        run = run_create(
            kind=RunKind.POLICY,
            release_folder=Path(reward.release_folder),
            config=form.config(),
            reward_folder=Path(reward.folder),
            generator_folder=Path(settings.TOY),
            name=values["name"] or f"{values['method'].partition('_')[0].upper()} on {reward.name}",
            created_by=request.user,
        )
        run_enqueue(run=run, created_by=request.user)
        messages.success(request, f"“{run}” is queued; a worker of the queue training takes it.")
        return redirect("training:run", run.pk)
    status = 422 if request.method == "POST" else 200
    return render(request, "training/policy_new.html", {"form": form}, status=status)


@require_GET
@lead_required
def run(request: SiteRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(runs_of(request.user), pk=pk)
    is_fragment = request.htmx and not request.htmx.history_restore_request
    if is_fragment and not shown.is_active:
        return HttpResponseClientRefresh()
    alike = runs_of(request.user).filter(kind=shown.kind)
    wanted = request.GET.get("with", "")
    other = alike.filter(pk=int(wanted)).first() if wanted.isdecimal() else None
    is_policy = shown.kind == RunKind.POLICY
    live = "training/_policy_live.html" if is_policy else "training/_run_live.html"
    context = {
        "run": shown,
        "is_policy": is_policy,
        "live": live,
        "is_live": shown.is_active,
        "others": alike.exclude(pk=pk)[:PAGE_SIZE],
        "other": other,
        "differences": config_differences(shown, other) if other else [],
        **(_policy_context(shown, other) if is_policy else _reward_context(shown, other)),
    }
    return render(request, live if is_fragment else "training/run.html", context)


def _reward_context(shown: Run, other: Run | None) -> dict[str, Any]:
    return {
        "stages": stage_boards(shown),
        "kept": kept_share(shown),
        "tables": result_tables(shown),
        "other_tables": result_tables(other) if other else {},
    }


def _policy_context(shown: Run, other: Run | None) -> dict[str, Any]:
    return {
        "board": policy_board(shown),
        "evaluated": evaluation_table(shown),
        "gains": gains_table(shown),
        "clips_job": clips_job(shown),
        "blind": {
            "prompts": BLIND_PROMPTS,
            "seeds": BLIND_SEEDS,
            "generators": ["toy base", f"toy run-{shown.pk}"],
        },
        "other_evaluated": evaluation_table(other) if other else None,
        "reward_run": run_at(shown.reward_folder),
    }


@require_GET
@lead_required
def sheet(request: SiteRequest, pk: int, update: int) -> HttpResponse:
    """Answer with clips of the same prompts and seeds, those of the base policy beside those after an update."""
    png = sheet_png(get_object_or_404(runs_of(request.user), pk=pk), update)
    if png is None:
        raise Http404
    # What an evaluation has kept does not change.
    return HttpResponse(png, content_type="image/png", headers={"Cache-Control": "private, max-age=86400"})


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
def clips(request: SiteRequest, pk: int) -> HttpResponse:
    """Have clips generated for a blind comparison of a policy with its base."""
    tuned = get_object_or_404(runs_of(request.user), pk=pk)
    try:
        clips_enqueue(run=tuned, prompts=BLIND_PROMPTS, seeds=BLIND_SEEDS, created_by=request.user)
        messages.success(request, "A worker of the queue training generates them, others prepare them.")
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect(f"{reverse('training:run', args=[pk])}#blind")


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
