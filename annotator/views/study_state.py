from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotator.models import Study
from annotator.selectors.closing import study_closing
from annotator.services.studies import study_close, study_open, study_pause, study_reopen, study_resume
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by

ACTIONS: dict[str, tuple[Callable[..., Study], str]] = {
    "open": (study_open, "“{}” is open. Invite people to judge it."),
    "pause": (study_pause, "“{}” is paused. Answers that are on their way are still taken."),
    "resume": (study_resume, "“{}” goes on."),
    "close": (study_close, "“{}” is closed."),
    "reopen": (study_reopen, "“{}” is open again."),
}


@lead_required
@require_GET
def study_close_confirm(request: SiteRequest, slug: str) -> HttpResponse:
    """Say what closing means for whoever judges at this moment: in a dialog, or on a page."""
    study = study_led_by(request.user, slug)
    template = "annotator/_study_close.html" if request.htmx else "annotator/study_close.html"
    return render(request, template, {"study": study, "closing": study_closing(study)})


@lead_required
@require_POST
def study_state(request: SiteRequest, slug: str, action: str) -> HttpResponse:
    """Open, pause, resume, close or reopen a study."""
    study = study_led_by(request.user, slug)
    if action not in ACTIONS:
        raise Http404
    change, said = ACTIONS[action]
    try:
        change(study=study)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        messages.success(request, said.format(study.name))
    return redirect("annotator:study", study.slug)
