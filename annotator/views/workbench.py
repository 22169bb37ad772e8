from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from config.web.http import SiteRequest

from .access import membership


@login_required
@require_GET
def workbench(request: SiteRequest, slug: str) -> HttpResponse:
    """Show the place where an annotator judges. The page itself claims its first pair."""
    member = membership(request.user, slug)
    context = {
        "study": member.study,
        "member": member,
        "csrf_token_value": get_token(request),
        "urls": {
            "claim": reverse("api-slots-claim", args=[slug]),
            "last": reverse("api-slots-last", args=[slug]),
            "heartbeat": reverse("api-slots-heartbeat"),
            "release": reverse("api-slots-release"),
            "submit": reverse("api-slots-submit"),
        },
    }
    return render(request, "annotator/workbench.html", context)
