from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotator.models import StudyState
from annotator.selectors.study_lists import studies_led
from config.web.access import lead_required
from config.web.http import SiteRequest

from .paging import page_of


@lead_required
@require_GET
def studies(request: SiteRequest) -> HttpResponse:
    """List the lead's studies, all or those in one state."""
    state = request.GET.get("state", "")
    rows = studies_led(request.user)
    if state in StudyState.values:
        rows = rows.filter(state=state)
    context = {"page": page_of(rows, request), "state": state, "states": StudyState.choices}
    return render(request, "annotator/studies.html", context)
