"""One batch: how far it is, what the gate says, and what can be done to it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRefresh

from config.web.access import lead_required
from config.web.http import SiteRequest
from distortions.models import Batch, BatchState, ResultState
from distortions.selectors.board import batch_board, pair_counts, results_listed
from distortions.services.batches import batch_cancel, batch_pause, batch_resume

PAGE_SIZE = 24


@require_GET
@lead_required
def batch(request: SiteRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(Batch.objects.select_related("created_by"), pk=pk)
    is_live = shown.state == BatchState.RUNNING
    is_fragment = request.htmx and not request.htmx.history_restore_request
    if is_fragment and not is_live:
        return HttpResponseClientRefresh()  # what can be done to it stands outside the fragment
    board = batch_board(shown)
    recipe, state = request.GET.get("recipe", ""), request.GET.get("state", "")
    results = results_listed(shown, recipe=recipe, state=state)
    context = {
        "batch": shown,
        "board": board,
        "pair_kinds": pair_counts(shown),
        "page": Paginator(results, PAGE_SIZE).get_page(request.GET.get("page")),
        "recipe": recipe,
        "state": state,
        "states": ResultState.choices,
        "is_live": is_live,
    }
    template = "distortions/_batch_live.html" if is_fragment else "distortions/batch.html"
    return render(request, template, context)


def _change(request: SiteRequest, pk: int, change: Callable[[Batch], bool], done: str) -> HttpResponse:
    changed = get_object_or_404(Batch, pk=pk)
    if change(changed):
        messages.success(request, done)
    else:
        changed.refresh_from_db()
        messages.warning(request, f"The batch is {changed.get_state_display().lower()} by now.")
    return redirect("distortions:batch", pk)


@require_POST
@lead_required
def pause(request: SiteRequest, pk: int) -> HttpResponse:
    return _change(
        request, pk, lambda batch: batch_pause(batch=batch), "Paused after what is being made now."
    )


@require_POST
@lead_required
def resume(request: SiteRequest, pk: int) -> HttpResponse:
    return _change(
        request, pk, lambda batch: batch_resume(batch=batch, by=request.user), "The batch goes on."
    )


@require_POST
@lead_required
def cancel(request: SiteRequest, pk: int) -> HttpResponse:
    return _change(request, pk, lambda batch: batch_cancel(batch=batch), "Cancelled. What was made stays.")
