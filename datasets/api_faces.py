"""The faces of clips, for leads to read: who they are, what the machine said, and how well each is kept."""

from rest_framework import serializers

from datasets.models import ClipAnalysis, FaceTrack, IdentityTrack

from .api import LeadsOnlyViewSet

KEY_OR_NOBODY = "Key of a person; null: nobody of the clip's subjects."


class FaceTrackOut(serializers.ModelSerializer):
    person: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text=KEY_OR_NOBODY
    )
    machine_person: serializers.SlugRelatedField = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True, help_text="The same before a lead's corrections."
    )
    is_corrected = serializers.SerializerMethodField(help_text="A lead has said who it is.")

    class Meta:
        model = FaceTrack
        fields = [
            "number",
            "first",
            "last",
            "frames",
            "quality",
            "still",
            "person",
            "machine_person",
            "is_corrected",
            "similarity",
            "margin",
            "presumed",
        ]

    def get_is_corrected(self, track: FaceTrack) -> bool:
        return hasattr(track, "correction")


class IdentityTrackOut(serializers.ModelSerializer):
    person: serializers.SlugRelatedField = serializers.SlugRelatedField(slug_field="key", read_only=True)

    class Meta:
        model = IdentityTrack
        fields = ["person", "similarity", "coverage", "threshold", "numbers", "curve"]


class TracksOut(serializers.ModelSerializer):
    """What was found in one clip. Numbers of different backends cannot be compared."""

    face_tracks = FaceTrackOut(many=True, read_only=True)
    identity_tracks = IdentityTrackOut(many=True, read_only=True)

    class Meta:
        model = ClipAnalysis
        fields = [
            "id",
            "clip",
            "state",
            "error",
            "backend",
            "score",
            "face_sim",
            "notes",
            "analysed_at",
            "face_tracks",
            "identity_tracks",
        ]


class TracksViewSet(LeadsOnlyViewSet):
    queryset = ClipAnalysis.objects.prefetch_related(
        "face_tracks__person",
        "face_tracks__machine_person",
        "face_tracks__correction",
        "identity_tracks__person",
    )
    serializer_class = TracksOut
    lookup_field = "clip"
    lookup_value_regex = "[0-9]{1,18}"
    filterset_fields = ["clip", "state", "backend", "clip__subjects__key"]
