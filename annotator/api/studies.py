"""Studies and one's own judgments, to read."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers, viewsets

from annotator.models import Judgment, Study
from annotator.payload import answer_body
from annotator.selectors.own_judgments import judgments_of
from annotator.selectors.own_studies import studies_of
from config.web.api import ApiRequest

from .shapes import AnswerShape


class StudyOut(serializers.ModelSerializer):
    role = serializers.CharField(source="own_role", help_text="The caller's: lead, reviewer or annotator.")

    class Meta:
        model = Study
        fields = [
            "slug",
            "name",
            "state",
            "role",
            "instructions",
            "lease_minutes",
            "ask_overall",
            "ask_people",
            "ask_marks",
            "ask_remark",
            "curves",
        ]


class StudyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The studies that the caller is a member of; others do not exist for them."""

    request: ApiRequest
    serializer_class = StudyOut
    queryset = Study.objects.none()
    lookup_field = "slug"
    lookup_value_regex = "[-a-zA-Z0-9_]+"
    filterset_fields = ["state"]

    def get_queryset(self) -> QuerySet[Study]:
        return studies_of(self.request.user)


class JudgmentOut(serializers.ModelSerializer):
    study: serializers.SlugRelatedField = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    answer = serializers.SerializerMethodField()

    class Meta:
        model = Judgment
        fields = [
            "id",
            "study",
            "idempotency_key",
            "supersedes",
            "surplus",
            "answer",
            "active_ms",
            "created_at",
        ]

    @extend_schema_field(AnswerShape)
    def get_answer(self, judgment: Judgment) -> dict[str, Any]:
        return answer_body(judgment)


class JudgmentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The caller's own judgments, newest first, in terms of left and right as they saw them."""

    request: ApiRequest
    serializer_class = JudgmentOut
    queryset = Judgment.objects.none()
    filterset_fields = ["study__slug", "surplus"]

    def get_queryset(self) -> QuerySet[Judgment]:
        return judgments_of(self.request.user)
