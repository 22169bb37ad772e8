from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect

from .http import SiteRequest


@login_required
def home(request: SiteRequest) -> HttpResponse:
    """Send a lead to the studies and everybody else to their own work."""
    return redirect("annotator:studies" if request.user.is_lead else "annotator:desk")
