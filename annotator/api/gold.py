"""What came of a study's test questions, for its leads."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.models import Member, Role
from annotator.selectors.gold_figures import figures_json, gold_figures
from config.web.api import ApiRequest


class ShareOut(serializers.Serializer):
    count = serializers.IntegerField()
    total = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="Of Wilson's 95 % interval.")
    high = serializers.FloatField(allow_null=True)


class AnnotatorGoldOut(serializers.Serializer):
    name = serializers.CharField()
    simulated = serializers.BooleanField()
    could_not = serializers.IntegerField(help_text="Answered “cannot judge”; in no share.")
    right = ShareOut()


class RecipeGoldOut(serializers.Serializer):
    recipe = serializers.CharField()
    right = ShareOut()
    by_gap = serializers.DictField(
        child=ShareOut(), help_text="By how many severities the sides are apart, 0 for ties by construction."
    )


class PsychometricOut(serializers.Serializer):
    seen = serializers.DictField(
        child=ShareOut(), help_text="Answers that name the better side, by severity."
    )
    guess = serializers.FloatField(allow_null=True)
    threshold = serializers.FloatField(
        allow_null=True, help_text="The severity half-way between guessing and seeing."
    )
    threshold_low = serializers.FloatField(allow_null=True, help_text="Null where the answers set no end.")
    threshold_high = serializers.FloatField(allow_null=True)
    width = serializers.FloatField(allow_null=True)


class DelaysOut(serializers.Serializer):
    median = serializers.FloatField()
    q1 = serializers.FloatField()
    q3 = serializers.FloatField()
    marks = serializers.IntegerField()


class GoldOut(serializers.Serializer):
    items = serializers.IntegerField(help_text="Test questions of the study.")
    answers = serializers.IntegerField()
    simulated = serializers.IntegerField(help_text="Of the answers, by simulated annotators.")
    right = ShareOut()
    ties = ShareOut(help_text="Of the answers to ties by construction, those that say so.")
    annotators = AnnotatorGoldOut(many=True)
    recipes = RecipeGoldOut(many=True)
    psychometric = PsychometricOut()
    frames_after_onset = serializers.DictField(child=DelaysOut(), help_text="To the first mark, by severity.")
    marked = ShareOut(
        help_text="Of the answers that name the better side, those with a mark on the changed face."
    )


class StudyGold(APIView):
    @extend_schema(operation_id="studies_gold", responses={200: GoldOut})
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Return how well annotators answer a study's test questions; for its leads."""
        place = Member.objects.filter(user=request.user, study__slug=slug, role=Role.LEAD).select_related(
            "study"
        )
        if (member := place.first()) is None:
            raise NotFound
        figures: dict[str, Any] = figures_json(gold_figures(member.study))
        return Response(figures)
