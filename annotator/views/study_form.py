from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.forms import StudyForm, study_defaults
from annotator.selectors.pair_filter import pairs_matching
from annotator.selectors.study_plan import StudyPlan, study_plan
from annotator.services.studies import study_create
from config.web.access import lead_required
from config.web.http import SiteRequest


@lead_required
@require_http_methods(["GET", "POST"])
def study_new(request: SiteRequest) -> HttpResponse:
    """Make a study from a filter over the library."""
    if request.method != "POST":
        return _form_page(request, StudyForm(initial={**study_defaults(), **_asked_for(request)}))
    form = StudyForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    data, wanted = form.cleaned_data, form.pair_filter()
    try:
        study = study_create(
            name=data["name"],
            created_by=request.user,
            pairs=pairs_matching(wanted),
            filter=wanted.as_json(),
            instructions=data["instructions"],
            example_clips=data["example_clips"],
            overlap=data["overlap"],
            lease_minutes=data["lease_minutes"],
            repeat_share=data["repeat_per_cent"] / 100,
            ask_overall=data["ask_overall"],
            ask_people=data["ask_people"],
            ask_marks=data["ask_marks"],
            ask_remark=data["ask_remark"],
            curves=data["curves"],
            seed=data["seed"],
        )
    except ValidationError as refused:
        form.add_error(None, refused.messages)
        return _form_page(request, form, status=422)
    messages.success(request, f"“{study.name}” is made. Open it when everything looks right.")
    return redirect("annotator:study", study.slug)


@lead_required
@require_GET
def study_plan_fragment(request: SiteRequest) -> HttpResponse:
    """Say what the form as it stands would give, as a fragment that replaces itself."""
    form = StudyForm(request.GET)
    form.is_valid()
    return render(request, "annotator/_study_plan.html", {"form": form, "plan": _plan(form)})


@lead_required
@require_POST
def markdown_preview(request: SiteRequest) -> HttpResponse:
    text = request.POST.get("instructions", "")[:20_000]
    return render(request, "annotator/_markdown.html", {"text": text})


def _asked_for(request: SiteRequest) -> dict[str, Any]:
    """Take the filter that a link from another page carries in its query string, and a name."""
    asked: dict[str, Any] = {
        key: request.GET.getlist(key) for key in ("people", "generators") if key in request.GET
    }
    return asked | ({"name": request.GET["name"]} if "name" in request.GET else {})


def _form_page(request: SiteRequest, form: StudyForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "plan": _plan(form), "text": form["instructions"].value() or ""}
    return render(request, "annotator/study_new.html", context, status=status)


def _plan(form: StudyForm) -> StudyPlan:
    if not form.is_bound:
        initial = form.initial
        form = StudyForm(initial)
        form.is_valid()
    defaults = study_defaults()
    data = form.cleaned_data
    return study_plan(
        wanted=form.pair_filter(),
        overlap=data.get("overlap") or defaults["overlap"],
        repeat_share=data.get("repeat_per_cent", defaults["repeat_per_cent"]) / 100,
        chosen=[clip.pk for clip in data.get("example_clips", [])],
    )
