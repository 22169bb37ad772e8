"""The order of a study's queue, and a reward model's part in it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from annotator.forms import QueueForm
from annotator.models import QueueOrder, Study
from annotator.selectors.scores import scorers_for
from annotator.services.queue import items_untouched, queue_order
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by


@lead_required
@require_GET
def queue(request: SiteRequest, slug: str) -> HttpResponse:
    """Show how the pairs that are left are ordered."""
    return _page(request, study_led_by(request.user, slug))


@lead_required
@require_POST
def queue_order_view(request: SiteRequest, slug: str) -> HttpResponse:
    """Put the pairs that nobody has begun in order."""
    study = study_led_by(request.user, slug)
    form = QueueForm(request.POST, scorers=scorers_for(request.user, study))
    if not form.is_valid():
        return _page(request, study, form=form)
    data = form.cleaned_data
    try:
        order = queue_order(
            study=study,
            scorer=data["scorer"],
            random_share=data["random_per_cent"] / 100,
            seed=data["seed"],
            by=request.user,
        )
    except ValidationError as refused:
        form.add_error(None, refused.messages)
        return _page(request, study, form=form)
    messages.success(request, f"{order.n_ordered:,} pairs are in a new order.")
    return redirect("annotator:queue", slug)


def _page(request: SiteRequest, study: Study, *, form: QueueForm | None = None) -> HttpResponse:
    scorers = scorers_for(request.user, study)
    context = {
        "study": study,
        "form": form or QueueForm(scorers=scorers),
        "scorers": scorers,
        "order": QueueOrder.objects.select_related("scorer", "ordered_by").filter(study=study).first(),
        "untouched": items_untouched(study).count(),
    }
    return render(request, "annotator/queue.html", context, status=422 if form is not None else 200)
