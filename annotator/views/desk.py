from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotator.selectors.study_lists import work_of
from config.web.http import SiteRequest


@login_required
@require_GET
def desk(request: SiteRequest) -> HttpResponse:
    """Show somebody their own work: the studies they are in, how far they are, where to go on."""
    return render(request, "annotator/desk.html", {"work": work_of(request.user)})
