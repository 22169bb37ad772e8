from dataclasses import dataclass
from math import ceil, floor, isfinite

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from annotator.charts import Scale, interval_axis, interval_mark, nice_ticks
from annotator.models import Role, Study
from annotator.selectors.rating import (
    GeneratorRanking,
    Judges,
    Meeting,
    RankedGenerator,
    generator_ranking,
    ranking_choices,
)
from config.web.access import lead_required
from config.web.http import SiteRequest

JUDGES: dict[str, Judges] = {"human": "human", "simulated": "simulated", "all": "all"}
ELO_STEP = 50


@dataclass(frozen=True, kw_only=True)
class Place:
    """One line of the ranking, with its interval drawn on the scale of all."""

    rank: int
    generator: RankedGenerator
    has_interval: bool
    mark: SafeString
    cells: list[tuple[Meeting | None, str]]


@lead_required
@require_GET
def ranking(request: SiteRequest) -> HttpResponse:
    """Rank generators over the lead's studies or one of them; a filter that names nothing known is as good as none."""
    studies = list(Study.objects.filter(members__user=request.user, members__role=Role.LEAD))
    study = next((each for each in studies if each.slug == request.GET.get("study")), None)
    chosen = [study] if study else studies
    choices = ranking_choices(studies=chosen)
    asked = request.GET.get("people", "")
    person_count = next((count for count in choices.person_counts if str(count) == asked), None)
    # Until people have judged something, what there is to see is simulated, and the page says so.
    only_simulated = choices.simulated and not choices.human
    judges = JUDGES.get(request.GET.get("judges", ""), "simulated" if only_simulated else "human")
    table = generator_ranking(studies=chosen, person_count=person_count, judges=judges)
    scale = _scale(table)
    context = {
        "studies": studies,
        "study": study,
        "choices": choices,
        "person_count": person_count,
        "judges": judges,
        "table": table,
        "places": _places(table, scale),
        "axis": interval_axis(scale, ticks=nice_ticks(scale)),
    }
    template = "annotator/_ranking.html" if request.htmx else "annotator/ranking.html"
    return render(request, template, context)


def _places(table: GeneratorRanking, scale: Scale) -> list[Place]:
    places = []
    for rank, (row, meetings) in enumerate(zip(table.rows, table.matrix, strict=True), start=1):
        has_interval = isfinite(row.elo_low) and isfinite(row.elo_high)
        low, high = (row.elo_low, row.elo_high) if has_interval else (row.elo, row.elo)
        said = f"{row.name}: {row.elo:.0f}, 95 % interval {low:.0f} to {high:.0f}"
        places.append(
            Place(
                rank=rank,
                generator=row,
                has_interval=has_interval,
                mark=interval_mark(row.elo, low, high, scale, label=said),
                cells=[(meeting, _heat(meeting)) for meeting in meetings],
            )
        )
    return places


def _scale(table: GeneratorRanking) -> Scale:
    """Span all ratings and intervals, rounded out, and never less than 100 points either way of the mean."""
    ends = [end for row in table.rows for end in (row.elo, row.elo_low, row.elo_high) if isfinite(end)]
    low = floor(min([900.0, *ends]) / ELO_STEP) * ELO_STEP
    high = ceil(max([1100.0, *ends]) / ELO_STEP) * ELO_STEP
    return Scale(low=low, high=high)


def _heat(meeting: Meeting | None) -> str:
    """Return a class that shades in four steps either way of one half; the number beside it says the same."""
    if meeting is None:
        return "heat--none"
    step = min(4, int(abs(meeting.share - 0.5) * 10 + 1e-9))
    return f"heat--{'w' if meeting.share > 0.5 else 'l'}{step}" if step else "heat--even"
