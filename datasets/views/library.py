"""The library: all clips, as posters that can be filtered."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from config.web.access import lead_required
from config.web.http import SiteRequest
from datasets.filters import ClipFilter
from datasets.models import ClipState
from datasets.selectors.analysed import with_faces
from datasets.selectors.clips import clip_counts, clips_listed
from datasets.selectors.tracks import vision_notice

PAGE_SIZE = 60


@require_GET
@lead_required
def clips(request: SiteRequest) -> HttpResponse:
    library = ClipFilter(request.GET, queryset=with_faces(clips_listed()))
    page = Paginator(library.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "filter": library,
        "page": page,
        "is_filtered": any(library.form.cleaned_data.values()) if library.form.is_valid() else False,
        "counts": clip_counts(),
        "ready_count": library.qs.filter(state=ClipState.READY).count(),
        "vision_notice": vision_notice(),
        # Cards change while clips are prepared: the grid then asks for itself again.
        "is_waiting": any(clip.state == ClipState.PENDING for clip in page),
    }
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = "datasets/_clip_grid.html" if is_fragment else "datasets/clips.html"
    return render(request, template, context)
