from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_safe

from config.web.http import SiteRequest
from config.web.media import serve_file

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
        "examples": [
            reverse("annotator:workbench-example", args=[slug, number])
            for number in range(1, member.study.example_clips.count() + 1)
        ],
        "urls": {
            "claim": reverse("api-slots-claim", args=[slug]),
            "last": reverse("api-slots-last", args=[slug]),
            "heartbeat": reverse("api-slots-heartbeat"),
            "release": reverse("api-slots-release"),
            "submit": reverse("api-slots-submit"),
            # The page puts a pair's token in the place of TOKEN.
            **{key: reverse(f"api-slots-{key}", args=["TOKEN"]) for key in ("faces", "curves", "reports")},
        },
    }
    return render(request, "annotator/workbench.html", context)


@login_required
@require_safe
def workbench_example(request: SiteRequest, slug: str, number: int) -> HttpResponseBase:
    """Send an example clip of the instructions, named by its place among them and by nothing of its own."""
    study = membership(request.user, slug).study
    files = study.example_clips.order_by("pk").values_list("playback_file", flat=True)
    if not 1 <= number <= len(files) or not files[number - 1]:
        raise Http404
    return serve_file(request, files[number - 1], "video/mp4", f"{study.pk}-{number}", blind=True)
