from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_safe

from annotator.models import Item, Judgment, Member, Role, Study
from annotator.selectors.disputes import (
    disputed_items,
    disputes,
    left_and_right,
    reviewed_by,
    reviewed_items,
    waiting_for_another_reviewer,
    waiting_for_reviewer,
)
from annotator.selectors.reviews import review_of
from annotator.selectors.scores import CONFIDENT, flagged_judgments, flags, opinion_of, scorer_of
from config.web.http import SiteRequest
from config.web.media import serve_file
from datasets.models import Scorer

from .access import membership
from .paging import page_of


@login_required
@require_GET
def reviews(request: SiteRequest, slug: str) -> HttpResponse:
    """List the disputed items: all of them for a lead, for a reviewer those they have settled.

    With ?show=flagged a lead sees the answers that contradict a confident reward model instead.
    """
    member = membership(request.user, slug, Role.LEAD, Role.REVIEWER)
    is_lead = member.role == Role.LEAD
    scorer = scorer_of(member.study) if is_lead else None
    if scorer is not None and request.GET.get("show") == "flagged":
        return _flagged(request, member.study, scorer)
    rows = disputed_items(study=member.study) if is_lead else reviewed_items(member.study, request.user)
    page = page_of(rows, request, size=20)
    context = {
        "study": member.study,
        "is_lead": is_lead,
        "page": page,
        "disputes": disputes(list(page)),
        "waiting": page.paginator.count
        if is_lead
        else waiting_for_reviewer(study=member.study, reviewer=request.user),
        "wants_another": waiting_for_another_reviewer(study=member.study) if is_lead else 0,
        "scorer": scorer,
        "n_flagged": flagged_judgments(member.study, scorer).count() if scorer else 0,
        "has_reviewer": Member.objects.filter(study=member.study, role=Role.REVIEWER).exists(),
    }
    return render(request, "annotator/reviews.html", context)


def _flagged(request: SiteRequest, study: Study, scorer: Scorer) -> HttpResponse:
    page = page_of(flagged_judgments(study, scorer), request, size=20)
    context = {
        "study": study,
        "page": page,
        "flags": flags(list(page), scorer),
        "scorer": scorer,
        "confident": CONFIDENT,
        "n_disputed": disputed_items(study=study).count(),
    }
    return render(request, "annotator/flagged.html", context)


@login_required
@require_GET
def review(request: SiteRequest, slug: str, item_pk: int) -> HttpResponse:
    """Show both clips and every answer to an item: to leads, and to a reviewer who has judged it blind."""
    member = membership(request.user, slug, Role.LEAD, Role.REVIEWER)
    item, own = _item_of(member, item_pk)
    if own is None and member.role != Role.LEAD:
        return redirect("annotator:workbench", slug)
    shown = review_of(item=item, viewer=request.user, own=own)
    left_is_a = shown.left.pk == item.pair.clip_a_id
    context = {
        "study": member.study,
        "is_lead": member.role == Role.LEAD,
        "review": shown,
        "opinion": opinion_of(item, left_is_a=left_is_a) if member.role == Role.LEAD else None,
    }
    return render(request, "annotator/review.html", context)


@login_required
@require_safe
def review_clip(request: SiteRequest, slug: str, item_pk: int, side: str) -> HttpResponseBase:
    """Send the playback copy of one side, in the order of the review page, to whoever may open that page."""
    member = membership(request.user, slug, Role.LEAD, Role.REVIEWER)
    item, own = _item_of(member, item_pk)
    if (own is None and member.role != Role.LEAD) or side not in ("left", "right"):
        raise Http404
    shown = left_and_right(item, own)
    clip = shown[0] if side == "left" else shown[1]
    return serve_file(request, clip.playback_file, "video/mp4", clip.playback_sha256)


def _item_of(member: Member, item_pk: int) -> tuple[Item, Judgment | None]:
    """Return an item of the member's study, and their own review of it if there is one."""
    items = Item.objects.select_related("study", "pair__clip_a", "pair__clip_b")
    item = get_object_or_404(items, pk=item_pk, study=member.study)
    return item, reviewed_by(member.user, item)
