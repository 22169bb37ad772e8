"""The workbench as annotators see it, for a lead to try: real pairs, real pages, and nothing is stored."""

import json
import random
from types import SimpleNamespace
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotator.models import Item, Study
from annotator.selectors.preview import preview_people
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by
from .preview_faces import sides_token

# Addresses of a pair's faces; the page puts the pair's token in the place of TOKEN.
FACES = ("faces", "curves", "reports")


@lead_required
@require_GET
def preview(request: SiteRequest, slug: str) -> HttpResponse:
    """Show the workbench with addresses that hand out pairs of the study and forget what is answered."""
    study = study_led_by(request.user, slug)
    names = {
        "claim": "preview-claim",
        "last": "preview-last",
        "heartbeat": "preview-heartbeat",
        "submit": "preview-submit",
    }
    context = {
        "study": study,
        # Of nobody: what the browser keeps for a later try is kept apart from the lead's own answers.
        "member": SimpleNamespace(user_id=f"preview-{request.user.pk}"),
        "preview": True,
        "csrf_token_value": get_token(request),
        "urls": {
            **{key: reverse(f"annotator:{name}", args=[slug]) for key, name in names.items()},
            **{key: reverse(f"annotator:preview-{key}", args=[slug, "TOKEN"]) for key in FACES},
        },
        "examples": [
            reverse("datasets:clip-playback", args=[clip.pk]) for clip in study.example_clips.order_by("id")
        ],
    }
    return render(request, "annotator/workbench.html", context)


@lead_required
@require_POST
def preview_claim(request: SiteRequest, slug: str) -> HttpResponse:
    """Hand out any pair of the study that is not in the lead's hands already."""
    study = study_led_by(request.user, slug)
    tokens = (token.removeprefix("-") for token in _texts(request, "holding"))
    held = [int(token) for token in tokens if token.isdecimal() and len(token) < 19]
    items = Item.objects.filter(study=study, repeat_of__isnull=True, is_gold=False).exclude(pk__in=held)
    count = items.count()
    if not count:
        return HttpResponse(status=204)
    item = items.select_related("pair")[random.randrange(count)]
    return JsonResponse(_payload(study, item))


@lead_required
@require_GET
def preview_last(request: SiteRequest, slug: str) -> HttpResponse:
    """There is never an answer to take back, since none is stored."""
    study_led_by(request.user, slug)
    return HttpResponse(status=204)


@lead_required
@require_POST
def preview_heartbeat(request: SiteRequest, slug: str) -> HttpResponse:
    study_led_by(request.user, slug)
    return JsonResponse({"kept": dict.fromkeys(_texts(request, "tokens"), True)})


@lead_required
@require_POST
def preview_submit(request: SiteRequest, slug: str) -> HttpResponse:
    study = study_led_by(request.user, slug)
    return JsonResponse(
        {"judgment": 0, "surplus": False, "notice": "", "progress": _progress(study)}, status=201
    )


def _texts(request: SiteRequest, name: str) -> list[str]:
    """Return a list of texts in the body; what is none is as good as not sent."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return []
    values = body.get(name) if isinstance(body, dict) else None
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _payload(study: Study, item: Item) -> dict[str, Any]:
    """Return what a claim returns, with the lead's own links to the clips and a token that leases nothing."""
    pair = item.pair
    left_is_a = random.random() < 0.5
    sides = [pair.clip_a_id, pair.clip_b_id] if left_is_a else [pair.clip_b_id, pair.clip_a_id]
    left, right = ({"url": reverse("datasets:clip-playback", args=[pk])} for pk in sides)
    return {
        "slot": {
            "token": sides_token(item, left_is_a=left_is_a),
            "lease_seconds": study.lease_minutes * 60,
            "kind": "answer",
        },
        "left": left,
        "right": right,
        "prompt": pair.prompt,
        "people": [
            {
                "id": person.pk,
                "name": person.name,
                "references": [reverse("datasets:reference", args=[r.pk]) for r in person.references.all()],
            }
            for person in preview_people(pair)
        ],
        "questions": {
            "overall": study.ask_overall,
            "people": study.ask_people,
            "marks": study.ask_marks,
            "remark": study.ask_remark,
        },
        "progress": _progress(study),
        "previous": None,
    }


def _progress(study: Study) -> dict[str, Any]:
    return {"done": 0, "total": study.n_items, "median_seconds": None}
