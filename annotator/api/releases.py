"""Releases, for the leads of the studies that they are of."""

from django.db.models import QuerySet
from rest_framework import mixins, serializers, viewsets

from annotator.selectors.releases import releases_led
from config.web.api import ApiRequest
from datasets.models import Release


class ReleaseOut(serializers.ModelSerializer):
    class Meta:
        model = Release
        fields = [
            "id",
            "name",
            "version",
            "format",
            "state",
            "manifest_sha256",
            "counts",
            "config",
            "error",
            "created_at",
        ]


class ReleaseViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """Releases of the studies that the caller leads, as on their pages; others do not exist for them."""

    request: ApiRequest
    queryset = Release.objects.none()
    serializer_class = ReleaseOut
    filterset_fields = ["name", "state", "format"]

    def get_queryset(self) -> QuerySet[Release]:
        rows = releases_led(self.request.user)
        return rows if self.request.user.is_lead else rows.none()
