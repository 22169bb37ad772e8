"""People, clips and pairs, for leads to read. For everybody else the library is empty."""

from django.db.models import Model, QuerySet
from rest_framework import mixins, serializers, viewsets

from config.web.api import ApiRequest
from datasets.models import Clip, ClipState, Pair, Person, Reference


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


class ClipOut(serializers.ModelSerializer):
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
            "created_at",
        ]


class ClipViewSet(LeadsOnlyViewSet):
    queryset = Clip.objects.exclude(state=ClipState.REMOVED).prefetch_related("subjects")
    serializer_class = ClipOut
    filterset_fields = ["sha256", "state", "origin", "generator", "generator_version", "subjects__key"]


class PairOut(serializers.ModelSerializer):
    class Meta:
        model = Pair
        fields = ["id", "key", "clip_a", "clip_b", "prompt", "published_better", "created_at"]


class PairViewSet(LeadsOnlyViewSet):
    queryset = Pair.objects.all()
    serializer_class = PairOut
    filterset_fields = ["key", "clip_a", "clip_b"]
