"""One result: original, distorted, difference and curve, with the truth and the gate's numbers."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_safe

from config.web.access import lead_required
from config.web.http import SiteRequest
from config.web.media import serve_file
from distortions.charts import curve_chart
from distortions.models import Distortion
from distortions.selectors.result import result_facts


@require_GET
@lead_required
def result(request: SiteRequest, pk: int, number: int) -> HttpResponse:
    row = _row(pk, number)
    facts = result_facts(row)
    return render(request, "distortions/result.html", {"row": row, "facts": facts, "chart": curve_chart(row)})


@require_safe
@lead_required
def picture(request: SiteRequest, pk: int, number: int) -> HttpResponseBase:
    # Made again it may be another, under the same name: the browser asks each time.
    return serve_file(request, _row(pk, number).picture, "image/jpeg")


def _row(pk: int, number: int) -> Distortion:
    rows = Distortion.objects.select_related("batch", "source", "clip")
    return get_object_or_404(rows, batch=pk, number=number)
