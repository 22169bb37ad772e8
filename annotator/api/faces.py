"""The faces of a slot's pair over HTTP: where they are seen, how alike they are, and that they are wrong."""

from django.db.models import Exists, OuterRef
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from annotator.faces_payload import faces_payload
from annotator.models import Curves, Member, Side, Slot
from annotator.selectors.faces import FEWEST_ACROSS, MOST_ACROSS, pair_curves, pair_faces
from annotator.selectors.track_reports import reported_by
from annotator.services.faces import (
    MAX_REMARK,
    curves_open,
    tracks_report,
    tracks_report_withdraw,
)
from annotator.services.refusals import TokenUnknown
from annotator.services.slots import parse_own
from annotator.tokens import LeaseToken, MediaKind, MediaToken
from config.web.api import ApiRequest

from .slots import SlotView, checked

KIND_OF = {Side.LEFT: MediaKind.LEFT_FACES, Side.RIGHT: MediaKind.RIGHT_FACES}
GONE = "The study of this pair is gone. Reload the page to go on."


class AcrossIn(serializers.Serializer):
    across = serializers.IntegerField(
        min_value=FEWEST_ACROSS,
        max_value=MOST_ACROSS,
        default=MOST_ACROSS,
        help_text="At most so many moments.",
    )


class SeenOut(serializers.Serializer):
    seen = serializers.CharField(
        help_text="A letter a moment: 1 seen, 0 not seen, - the clip is over. Empty where nobody looked."
    )
    note = serializers.CharField(help_text="Why there is nothing to see; mostly empty.")


class PersonFacesOut(serializers.Serializer):
    id = serializers.IntegerField()
    reported = serializers.BooleanField(help_text="Whether the caller called these tracks wrong.")
    left = SeenOut()
    right = SeenOut()


class FacesOut(serializers.Serializer):
    moments = serializers.ListField(child=serializers.FloatField(), help_text="Seconds.")
    left = serializers.CharField(
        help_text="Crops: a row for each person, a column for each moment. Or empty."
    )
    right = serializers.CharField()
    curves = serializers.ChoiceField(choices=Curves.choices, help_text="When the curves may be asked for.")
    reported = serializers.BooleanField(help_text="Whether the caller called everybody's tracks wrong.")
    people = PersonFacesOut(many=True)


class CurveOut(serializers.Serializer):
    times = serializers.ListField(child=serializers.FloatField(), help_text="Seconds.")
    own = serializers.ListField(child=serializers.FloatField())
    other = serializers.ListField(child=serializers.FloatField(), help_text="With the nearest other subject.")
    swapped = serializers.ListField(child=serializers.BooleanField())
    threshold = serializers.FloatField(help_text="Above it, it is the person.")
    similarity = serializers.FloatField(allow_null=True, help_text="Robust mean.")


class BothCurvesOut(serializers.Serializer):
    left = CurveOut(allow_null=True)
    right = CurveOut(allow_null=True)


class ScoresOut(serializers.Serializer):
    left = serializers.FloatField(allow_null=True)
    right = serializers.FloatField(allow_null=True)


class CurvesOut(serializers.Serializer):
    note = serializers.CharField(help_text="Why there are none; mostly empty.")
    people = serializers.DictField(child=BothCurvesOut(), help_text="By person's id.")
    scores = ScoresOut()


class ReportIn(serializers.Serializer):
    person = serializers.IntegerField(
        allow_null=True,
        default=None,
        min_value=1,
        max_value=2**63 - 1,
        help_text="None: everybody in the pair.",
    )
    remark = serializers.CharField(default="", allow_blank=True, max_length=MAX_REMARK)
    wrong = serializers.BooleanField(default=True, help_text="False takes the report back.")


class SlotFaces(SlotView):
    @extend_schema(
        operation_id="slots_faces",
        parameters=[OpenApiParameter("across", int, description="At most so many moments, 12 to 16.")],
        responses={200: FacesOut},
    )
    def get(self, request: ApiRequest, token: str) -> Response:
        """Return where each person's face is seen on both sides, at the same moments. Nothing here is measured."""
        across = checked(AcrossIn, request.query_params)["across"]
        slot, lease = _own_slot(request, token)
        faces = pair_faces(slot.item.pair, left_is_a=slot.left_is_a, across=across)

        def url_of(side: Side) -> str:
            link = MediaToken.issue(KIND_OF[side], lease, number=across)
            return reverse("annotator:media-faces", args=[str(link)])

        reported = reported_by(annotator=request.user, item=slot.item)
        return Response(faces_payload(faces, url_of=url_of, curves=slot.study.curves, reported=reported))


class SlotCurves(SlotView):
    @extend_schema(operation_id="slots_curves", request=None, responses={200: CurvesOut})
    def post(self, request: ApiRequest, token: str) -> Response:
        """Return the similarity of each face over time: once the caller has answered, if the study shows it.

        It is written down that the caller saw them, so that an answer changed afterwards is known as such.
        """
        slot, _ = _own_slot(request, token)
        curves_open(slot=slot, annotator=request.user)
        return Response(pair_curves(pair_faces(slot.item.pair, left_is_a=slot.left_is_a)))


class SlotReports(SlotView):
    @extend_schema(operation_id="slots_reports", request=ReportIn, responses={204: None})
    def post(self, request: ApiRequest, token: str) -> Response:
        """Say that the faces shown of a person are not theirs, or take that back."""
        data = checked(ReportIn, request.data)
        slot, _ = _own_slot(request, token)
        if data["wrong"]:
            tracks_report(
                item=slot.item, annotator=request.user, person_id=data["person"], remark=data["remark"]
            )
        else:
            tracks_report_withdraw(item=slot.item, annotator=request.user, person_id=data["person"])
        return Response(status=204)


def _own_slot(request: ApiRequest, text: str) -> tuple[Slot, LeaseToken]:
    """Return the slot that a token of the caller's names, if they are still a member of its study."""
    lease = parse_own(text, request.user)
    place = Member.objects.filter(study=OuterRef("study"), user=request.user)
    slots = Slot.objects.filter(Exists(place), pk=lease.slot_id).select_related("study", "item__pair")
    slot = slots.first()
    if slot is None:
        raise TokenUnknown(GONE)
    return slot, lease
