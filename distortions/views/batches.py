"""The list of batches, and a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.models import Clip
from distortions.config import ConfigError
from distortions.forms import BatchForm, PreviewForm
from distortions.models import BatchState
from distortions.selectors.board import batches_listed
from distortions.selectors.plan import PlanSummary, plan_summary
from distortions.services.batches import batch_create

PAGE_SIZE = 50
UNNAMED = "new"


@require_GET
@lead_required
def batches(request: SiteRequest) -> HttpResponse:
    page = Paginator(batches_listed(), PAGE_SIZE).get_page(request.GET.get("page"))
    is_running = any(batch.state == BatchState.RUNNING for batch in page)
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "distortions/_batches.html" if is_fragment else "distortions/batches.html"
    return render(request, template, {"page": page, "is_running": is_running})


@require_http_methods(["GET", "POST"])
@lead_required
def batch_new(request: SiteRequest) -> HttpResponse:
    """Describe a batch and start it."""
    if request.method != "POST":
        return _form_page(request, BatchForm())
    form = BatchForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        batch, is_new = batch_create(config=form.config, created_by=request.user)
    except ConfigError as error:
        form.add_error(None, error.sentences)
        return _form_page(request, form, status=422)
    if is_new:
        messages.success(request, f"“{batch}” is started.")
    else:
        messages.info(
            request, f"This very batch was started before, as “{batch}”. Another seed makes another."
        )
    return redirect("distortions:batch", batch.pk)


@require_GET
@lead_required
def batch_plan(request: SiteRequest) -> HttpResponse:
    """Say what the form as it stands would give, as a fragment that replaces itself."""
    asked = request.GET.copy()
    if not asked.get("name", "").strip():
        asked["name"] = UNNAMED  # nobody who looks at the plan has to think of a name first
    context = {
        **_plan_context(BatchForm(asked)),
        "chosen": request.GET.get("clip", ""),
        "preview_severity": request.GET.get("severity", ""),
    }
    return render(request, "distortions/_plan.html", context)


def _form_page(request: SiteRequest, form: BatchForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "preview_form": PreviewForm(), **_plan_context(form)}
    return render(request, "distortions/batch_new.html", context, status=status)


def _plan_context(form: BatchForm) -> dict[str, Any]:
    if not form.is_bound:
        form = BatchForm(_initial(form))
    plan = plan_summary(form.config) if form.is_valid() else PlanSummary(wrong=_wrong(form))
    clips = Clip.objects.filter(pk__in=plan.clips).in_bulk()
    return {"plan": plan, "plan_clips": [clips[pk] for pk in plan.clips if pk in clips]}


def _initial(form: BatchForm) -> dict[str, Any]:
    """Return what an empty form says."""
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    return {**values, "name": UNNAMED}


def _wrong(form: BatchForm) -> list[str]:
    """Return what is wrong with a form, in sentences."""
    return [
        message if field == "__all__" else f"{form.fields[field].label or field.capitalize()}: {message}"
        for field, errors in form.errors.items()
        for message in map(str, errors)
    ]
