"""Test questions of a study: which, how they are asked, who may begin, and how well they are answered."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotator.forms import GoldAddForm, GoldSettingsForm
from annotator.gold_charts import delay_chart, psychometric_chart
from annotator.models import Member, Study
from annotator.selectors.gold import gold_coming, gold_supply, gold_tolerances
from annotator.selectors.gold_figures import gold_figures, qualifiers
from annotator.services.gold import gold_add, gold_settings, member_let_in, member_try_again
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by


@lead_required
@require_GET
def gold(request: SiteRequest, slug: str) -> HttpResponse:
    """Show a study's test questions and what came of them."""
    return _page(request, study_led_by(request.user, slug))


@lead_required
@require_POST
def gold_add_view(request: SiteRequest, slug: str) -> HttpResponse:
    """Make test questions of pairs with known answers."""
    study = study_led_by(request.user, slug)
    form = GoldAddForm(request.POST, batches=_batches(study))
    if not form.is_valid():
        return _page(request, study, add=form)
    data = form.cleaned_data
    try:
        done = gold_add(
            study=study,
            batches=data["batches"],
            gaps=data["gaps"],
            most=data["most"],
            with_reserved=data["with_reserved"],
        )
    except ValidationError as refused:
        form.add_error(None, refused.messages)
        return _page(request, study, add=form)
    messages.success(request, f"{done.added:,} test question{'s' if done.added != 1 else ''} added.")
    for note in done.notes:
        messages.info(request, note)
    return redirect("annotator:gold", slug)


@lead_required
@require_POST
def gold_settings_view(request: SiteRequest, slug: str) -> HttpResponse:
    """Say how test questions are asked."""
    study = study_led_by(request.user, slug)
    form = GoldSettingsForm(request.POST)
    if not form.is_valid():
        return _page(request, study, settings=form)
    data = form.cleaned_data
    try:
        gold_settings(
            study=study,
            share=data["share_per_cent"] / 100,
            most=data["most"],
            tie_up_to=data["tie_up_to"],
            feedback=data["feedback"],
            qualification_size=data["qualification_size"],
            qualification_pass=data["qualification_pass"],
        )
    except ValidationError as refused:
        for field, sentences in _by_field(refused, form):
            form.add_error(field, sentences)
        return _page(request, study, settings=form)
    messages.success(request, "Saved. Pairs that annotators have in hand stay as they are.")
    return redirect("annotator:gold", slug)


@lead_required
@require_POST
def member_let_in_view(request: SiteRequest, slug: str, pk: int) -> HttpResponse:
    """Let somebody work who has not passed the round."""
    member = _member(request, slug, pk)
    try:
        member_let_in(member=member, by=request.user)
        messages.success(request, f"{member.user.get_username()} is in.")
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("annotator:gold", slug)


@lead_required
@require_POST
def member_try_again_view(request: SiteRequest, slug: str, pk: int) -> HttpResponse:
    """Give somebody who failed the round another one."""
    member = _member(request, slug, pk)
    try:
        member_try_again(member=member)
        messages.success(request, f"{member.user.get_username()} gets another round.")
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    return redirect("annotator:gold", slug)


def _member(request: SiteRequest, slug: str, pk: int) -> Member:
    study = study_led_by(request.user, slug)
    return get_object_or_404(Member.objects.select_related("user", "study"), pk=pk, study=study)


def _page(
    request: SiteRequest,
    study: Study,
    *,
    add: GoldAddForm | None = None,
    settings: GoldSettingsForm | None = None,
) -> HttpResponse:
    figures = gold_figures(study)
    context: dict[str, Any] = {
        "study": study,
        "figures": figures,
        "curve": psychometric_chart(figures.seen, figures.fit),
        "delays": delay_chart(figures.delays),
        "supply": gold_supply(study),
        "coming": gold_coming(),
        "tolerances": gold_tolerances(study),
        "qualifiers": qualifiers(study),
        "add": add or GoldAddForm(batches=_batches(study)),
        "settings": settings or GoldSettingsForm(initial=_initial(study)),
    }
    status = 422 if any(form is not None and form.errors for form in (add, settings)) else 200
    return render(request, "annotator/gold.html", context, status=status)


def _batches(study: Study) -> list[tuple[str, str]]:
    return [
        (each.batch, f"{each.batch}: {each.left:,} of {each.pairs:,} left") for each in gold_supply(study)
    ]


def _initial(study: Study) -> dict[str, Any]:
    return {
        "share_per_cent": round(100 * study.gold_share),
        "most": study.gold_most,
        "tie_up_to": study.gold_tie_up_to,
        "feedback": study.gold_feedback,
        "qualification_size": study.qualification_size,
        "qualification_pass": study.qualification_pass,
    }


def _by_field(refused: ValidationError, form: GoldSettingsForm) -> list[tuple[str | None, list[str]]]:
    """Put each sentence at its field, where the form has it."""
    if not hasattr(refused, "error_dict"):
        return [(None, refused.messages)]
    return [
        (field if field in form.fields else None, sentences)
        for field, sentences in refused.message_dict.items()
    ]
