"""Slots over HTTP: claim, heartbeat, release, submit, and the last one again."""

from functools import cache
from typing import Any

from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from annotator.models import Member, Study
from annotator.payload import slot_payload
from annotator.selectors.own_judgments import last_judgment
from annotator.services.judgments import judgment_submit
from annotator.services.refusals import Refused, TokenForeign
from annotator.services.slots import lease_again, slot_claim, slot_release, slots_heartbeat
from annotator.views.access import membership
from config.reading import RowReader
from config.web.api import ApiError, ApiRequest, OnlyJson

from . import shapes

STATUS_OF_REFUSAL: dict[type[Refused], int] = {TokenForeign: 403}
OTHER_REFUSALS = 409

_STUDY = RowReader(Study)
_STUDY_OF_SLUG = f"SELECT {_STUDY.columns('study')} FROM annotator_study AS study WHERE slug = %s"  # noqa: S608


class SlotView(APIView):
    """Turns a service's refusal into the API's error body."""

    content_negotiation_class = OnlyJson

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refused):
            exc = ApiError(exc.code, exc.message, STATUS_OF_REFUSAL.get(type(exc), OTHER_REFUSALS))
        return super().handle_exception(exc)


class SlotClaim(SlotView):
    @extend_schema(
        operation_id="slots_claim",
        request=shapes.ClaimIn,
        responses={200: shapes.PayloadOut, 204: None},
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Lease the next pair of a study to the caller; 204 when nothing is left for them."""
        holding = checked(shapes.ClaimIn, request.data)["holding"]
        study = _study(slug)
        try:
            lease = slot_claim(study=study, annotator=request.user, holding=holding)
        except Member.DoesNotExist:
            raise NotFound from None
        if lease is None:
            return Response(status=204)
        return Response(slot_payload(lease=lease, study=study))


class SlotLast(SlotView):
    @extend_schema(operation_id="slots_last", responses={200: shapes.PayloadOut, 204: None})
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Return the pair that the caller judged last, with the answer, so that it can be taken back."""
        member = membership(request.user, slug)
        judgment = last_judgment(study=member.study, annotator=request.user)
        if judgment is None:
            return Response(status=204)
        lease = lease_again(judgment=judgment, member=member)
        return Response(slot_payload(lease=lease, study=member.study, previous=judgment))


class SlotHeartbeat(SlotView):
    @extend_schema(
        operation_id="slots_heartbeat",
        request=shapes.TokensIn,
        responses={200: shapes.HeartbeatOut},
    )
    def post(self, request: ApiRequest) -> Response:
        """Renew leases."""
        tokens = checked(shapes.TokensIn, request.data)["tokens"]
        return Response({"kept": slots_heartbeat(annotator=request.user, tokens=tokens)})


class SlotRelease(SlotView):
    @extend_schema(
        operation_id="slots_release",
        request=shapes.TokenIn,
        responses={200: shapes.ReleasedOut},
    )
    def post(self, request: ApiRequest) -> Response:
        """Give a lease back before its time."""
        token = checked(shapes.TokenIn, request.data)["token"]
        return Response({"released": slot_release(annotator=request.user, token=token)})


class SlotSubmit(SlotView):
    @extend_schema(
        operation_id="slots_submit",
        request=shapes.SubmitDoc,
        responses={201: shapes.SubmittedOut, 200: shapes.SubmittedOut},
    )
    def post(self, request: ApiRequest) -> Response:
        """Send an answer. The same idempotency key again gets the first reply again, as 200."""
        data = checked(shapes.SubmitIn, request.data)
        submission = judgment_submit(annotator=request.user, **data)
        body = {
            "judgment": submission.judgment_id,
            "surplus": submission.surplus,
            "notice": submission.notice,
            "feedback": submission.feedback,
            "progress": submission.progress,
        }
        return Response(body, status=201 if submission.created else 200)


def checked(shape: type[Serializer], data: Any) -> dict[str, Any]:
    """Return the data in checked form. Raises DRF's ValidationError."""
    return _checker(shape).run_validation(data)


@cache
def _checker(shape: type[Serializer]) -> Serializer:
    """Return the one serializer of this shape: made for each request, it would copy its fields every time."""
    return shape()


def _study(slug: str) -> Study:
    """Return the study. The ORM takes longer over putting this question than all of the rest over the answer."""
    with connection.cursor() as cursor:
        cursor.execute(_STUDY_OF_SLUG, [slug])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return _STUDY.read(row)
