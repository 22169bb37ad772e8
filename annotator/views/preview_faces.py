"""The faces of a pair for a lead who tries the workbench: as annotators see them, and nothing is stored."""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotator.faces_payload import faces_payload, faces_picture
from annotator.models import Item, Side, Study
from annotator.selectors.faces import MOST_ACROSS, PairFaces, pair_curves, pair_faces
from config.web.access import lead_required
from config.web.http import SiteRequest

from .access import study_led_by
from .media import picture_response


@lead_required
@require_GET
def preview_faces(request: SiteRequest, slug: str, token: str) -> HttpResponse:
    study = study_led_by(request.user, slug)
    across = _across(request)

    def url_of(side: Side) -> str:
        link = reverse("annotator:preview-strips", args=[slug, token, side.value])
        return f"{link}?across={across}"

    return JsonResponse(
        faces_payload(_faces(study, token, across), url_of=url_of, curves=study.curves, reported=())
    )


@lead_required
@require_GET
def preview_strips(request: SiteRequest, slug: str, token: str, side: str) -> HttpResponse:
    study = study_led_by(request.user, slug)
    if side not in Side:
        raise Http404
    picture = faces_picture(_faces(study, token, _across(request)), Side(side))
    return picture_response(picture, request.get_full_path())


@lead_required
@require_POST
def preview_curves(request: SiteRequest, slug: str, token: str) -> HttpResponse:
    """Leads may see curves at any time; the page asks when an annotator's would."""
    return JsonResponse(pair_curves(_faces(study_led_by(request.user, slug), token)))


@lead_required
@require_POST
def preview_reports(request: SiteRequest, slug: str, token: str) -> HttpResponse:
    study_led_by(request.user, slug)
    return HttpResponse(status=204)


def sides_token(item: Item, *, left_is_a: bool) -> str:
    """Return what the workbench of a preview calls a pair, its sides included."""
    return f"{item.pk}" if left_is_a else f"-{item.pk}"


def _faces(study: Study, token: str, across: int = MOST_ACROSS) -> PairFaces:
    number = token.removeprefix("-")
    if not number.isdecimal() or len(number) > 18:
        raise Http404
    item = get_object_or_404(Item.objects.select_related("pair"), pk=number, study=study)
    return pair_faces(item.pair, left_is_a=token == number, across=across)


def _across(request: SiteRequest) -> int:
    text = request.GET.get("across", "")
    return int(text) if text.isdecimal() and len(text) < 4 else MOST_ACROSS
