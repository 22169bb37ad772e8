from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotator.gold_charts import delay_chart, psychometric_chart
from annotator.models import Item, Member, Qualification, Study, StudyState
from annotator.selectors.board import study_board
from annotator.selectors.disputes import disputed_items, disputes
from annotator.selectors.gold_figures import gold_figures
from annotator.selectors.track_reports import open_reports
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by

DISPUTES_SHOWN = 4


@dataclass(frozen=True)
class Action:
    name: str
    label: str
    icon: str
    primary: bool = False
    asks: bool = False  # what it means is said before it is done


# What a lead may do next, by the state that the study is in.
ACTIONS: dict[str, list[Action]] = {
    StudyState.DRAFT: [Action("open", "Open the study", "play", primary=True)],
    StudyState.OPEN: [Action("pause", "Pause", "pause"), Action("close", "Close", "stop", asks=True)],
    StudyState.PAUSED: [Action("resume", "Resume", "play"), Action("close", "Close", "stop", asks=True)],
    StudyState.CLOSED: [Action("reopen", "Reopen", "play")],
}


@lead_required
@require_GET
def study(request: SiteRequest, slug: str) -> HttpResponse:
    """Show a study to its lead; htmx asks every few seconds for the part that changes."""
    found = study_led_by(request.user, slug)
    board = study_board(found)
    context = {
        "study": found,
        "board": board,
        "is_lead": True,
        "disputes": disputes(list(disputed_items(study=found)[:DISPUTES_SHOWN])),
        "reports": open_reports(found).count(),
        "gold": _gold_in_short(found),
        "actions": ACTIONS[found.state],
        "time_zone": settings.TIME_ZONE,
    }
    template = "annotator/_study_live.html" if request.htmx else "annotator/study.html"
    return render(request, template, context)


def _gold_in_short(study: Study) -> dict[str, Any] | None:
    """Return what the study's page says of its test questions; None where it has none."""
    if not Item.objects.filter(study=study, is_gold=True).exists():
        return None
    figures = gold_figures(study)
    failed = Member.objects.filter(study=study, qualification=Qualification.FAILED).count()
    chart = psychometric_chart(figures.seen, figures.fit)
    return {"figures": figures, "curve": chart, "delays": delay_chart(figures.delays), "failed": failed}
