"""Clips, faces and references for the workbench, under links that say nothing of what they show."""

from hashlib import sha256

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from annotator.faces_payload import faces_picture
from annotator.models import Member, Side, Slot
from annotator.sealing import BrokenSeal
from annotator.selectors.faces import pair_faces
from annotator.tokens import MEDIA_SECONDS, MediaKind, MediaToken
from config.web.http import SiteRequest
from config.web.media import serve_file
from datasets.models import Reference

SIDE_OF = {MediaKind.LEFT_FACES: Side.LEFT, MediaKind.RIGHT_FACES: Side.RIGHT}


@login_required
@require_safe
def media_clip(request: SiteRequest, token: str) -> HttpResponseBase:
    """Send the playback copy that is on one side of a slot."""
    media = _token_of(request, token)
    row = (
        _slot_of(media)
        .values_list("left_is_a", "item__pair__clip_a__playback_file", "item__pair__clip_b__playback_file")
        .first()
    )
    if row is None or media.kind not in (MediaKind.LEFT, MediaKind.RIGHT):
        raise Http404
    left_is_a, file_a, file_b = row
    return _send(
        request, token, file_a if left_is_a == (media.kind == MediaKind.LEFT) else file_b, "video/mp4"
    )


@login_required
@require_safe
def media_reference(request: SiteRequest, token: str) -> HttpResponseBase:
    """Send a reference of somebody who should appear in the pair of a slot."""
    media = _token_of(request, token)
    if media.kind != MediaKind.REFERENCE or not _slot_of(media).exists():
        raise Http404
    file = Reference.objects.filter(pk=media.number).values_list("file", flat=True).first()
    return _send(request, token, file, "image/jpeg")


@login_required
@require_safe
def media_faces(request: SiteRequest, token: str) -> HttpResponseBase:
    """Send the faces found on one side of a slot, at the moments that its annotator is shown."""
    media = _token_of(request, token)
    slot = _slot_of(media).select_related("item__pair").first()
    if slot is None or media.kind not in SIDE_OF:
        raise Http404
    faces = pair_faces(slot.item.pair, left_is_a=slot.left_is_a, across=media.number)
    return picture_response(faces_picture(faces, SIDE_OF[media.kind]), token)


def picture_response(picture: bytes | None, name: str) -> HttpResponse:
    """Send a picture made for this link, which says no more of its clip than the clip's own link does."""
    if picture is None:
        raise Http404
    headers = {"Cache-Control": f"private, max-age={MEDIA_SECONDS}", "ETag": f'"{_tag(name)}"'}
    return HttpResponse(picture, content_type="image/jpeg", headers=headers)


def _token_of(request: SiteRequest, text: str) -> MediaToken:
    """Return what a link says, or answer 404: a link works for whoever it was made for, and for a time."""
    try:
        media = MediaToken.parse(text)
    except BrokenSeal:
        raise Http404 from None
    if media.lease.annotator_id != request.user.pk:
        raise Http404
    return media


def _slot_of(media: MediaToken) -> QuerySet[Slot]:
    """Return the slot, if its annotator is still a member of the study."""
    place = Member.objects.filter(study=OuterRef("study"), user=media.lease.annotator_id)
    return Slot.objects.filter(Exists(place), pk=media.lease.slot_id)


def _send(request: SiteRequest, token: str, file: str | None, content_type: str) -> HttpResponseBase:
    if not file:
        raise Http404
    # The link's own hash, and no date: a tag or a date of the file would show that two links lead to one clip.
    return serve_file(request, file, content_type, _tag(token), max_age_s=MEDIA_SECONDS, blind=True)


def _tag(link: str) -> str:
    return sha256(link.encode()).hexdigest()[:32]
