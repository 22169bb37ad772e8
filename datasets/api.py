"""People, clips and pairs, for leads to read. For everybody else the library is empty."""

from django.db.models import Model, QuerySet
from rest_framework import mixins, serializers, viewsets

from config.web.api import ApiRequest
from datasets.models import Clip, ClipState, ClipTruth, KnownAnswer, Pair, Person, Reference


class LeadsOnlyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Shows its queryset to leads. What somebody may not see does not exist for them: 404, and lists are empty."""

    request: ApiRequest

    def get_queryset(self) -> QuerySet[Model]:
        rows = super().get_queryset()
        return rows if self.request.user.is_lead else rows.none()


class ReferenceOut(serializers.ModelSerializer):
    class Meta:
        model = Reference
        fields = ["id", "sha256", "width", "height", "position", "licence"]


class PersonOut(serializers.ModelSerializer):
    references = ReferenceOut(many=True, read_only=True)

    class Meta:
        model = Person
        fields = ["id", "key", "name", "is_procedural", "consent", "references", "created_at"]


class PersonViewSet(LeadsOnlyViewSet):
    queryset = Person.objects.prefetch_related("references")
    serializer_class = PersonOut
    filterset_fields = ["key", "is_procedural"]


class TruthOut(serializers.ModelSerializer):
    people: serializers.SlugRelatedField = serializers.SlugRelatedField(
        many=True, slug_field="key", read_only=True, help_text="Keys of those whose faces were changed."
    )

    class Meta:
        model = ClipTruth
        fields = ["recipe", "severity", "schedule", "onset_frame", "is_control", "change", "people"]


class ClipOut(serializers.ModelSerializer):
    truth = TruthOut(
        read_only=True, allow_null=True, default=None, help_text="Of a distorted clip: what was done."
    )
    subjects: serializers.SlugRelatedField = serializers.SlugRelatedField(
        many=True, slug_field="key", read_only=True, help_text="Keys of the people who should appear."
    )

    class Meta:
        model = Clip
        fields = [
            "id",
            "sha256",
            "bytes",
            "source_name",
            "state",
            "refusal",
            "probe",
            "width",
            "height",
            "fps_num",
            "fps_den",
            "frames",
            "origin",
            "generator",
            "generator_version",
            "seed",
            "prompt",
            "licence",
            "parent",
            "subjects",
            "truth",
            "created_at",
        ]


class ClipViewSet(LeadsOnlyViewSet):
    queryset = Clip.objects.exclude(state=ClipState.REMOVED).prefetch_related("subjects", "truth__people")
    serializer_class = ClipOut
    filterset_fields = ["sha256", "state", "origin", "generator", "generator_version", "subjects__key"]


class KnownAnswerOut(serializers.ModelSerializer):
    preference = serializers.CharField(help_text="a, b or tie.")
    recipe = serializers.CharField(source="edit.recipe")
    severity = serializers.IntegerField(source="edit.severity")
    onset_frame = serializers.IntegerField(source="edit.onset_frame", allow_null=True)

    class Meta:
        model = KnownAnswer
        fields = [
            "preference",
            "kind",
            "edited_side",
            "recipe",
            "severity",
            "onset_frame",
            "reserved_for_test",
            "batch",
        ]


class PairOut(serializers.ModelSerializer):
    known_answer = KnownAnswerOut(
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Of a synthetic pair: what is so by construction.",
    )

    class Meta:
        model = Pair
        fields = ["id", "key", "clip_a", "clip_b", "prompt", "published_better", "known_answer", "created_at"]


class PairViewSet(LeadsOnlyViewSet):
    queryset = Pair.objects.select_related("known_answer__edit").defer("known_answer__edit__record")
    serializer_class = PairOut
    filterset_fields = ["key", "clip_a", "clip_b", "known_answer__reserved_for_test"]
