from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotator.models import TrackReport
from annotator.selectors.track_reports import changed_after_curves, open_reports, resolved_reports
from annotator.services.faces import track_report_resolve
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by
from .paging import page_of

RESOLVED_SHOWN = 20


@lead_required
@require_GET
def track_reports(request: SiteRequest, slug: str) -> HttpResponse:
    """List what annotators said of wrong tracks, and how many answers were changed after curves were seen."""
    study = study_led_by(request.user, slug)
    page = page_of(open_reports(study), request, size=30)
    context = {
        "study": study,
        "page": page,
        "resolved": resolved_reports(study)[:RESOLVED_SHOWN],
        "changed": changed_after_curves(study).count(),
    }
    return render(request, "annotator/track_reports.html", context)


@lead_required
@require_POST
def track_report_resolve_view(request: SiteRequest, slug: str, pk: int) -> HttpResponse:
    study = study_led_by(request.user, slug)
    report = get_object_or_404(TrackReport, pk=pk, study=study)
    track_report_resolve(report=report, by=request.user)
    messages.success(request, "Resolved.")
    return redirect("annotator:track-reports", slug)
