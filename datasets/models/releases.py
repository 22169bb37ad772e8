from django.conf import settings
from django.db import models
from django.db.models import Q

from .clips import Clip
from .people import Person


class ReleaseState(models.TextChoices):
    BUILDING = "building"
    FROZEN = "frozen"
    FAILED = "failed"


class Release(models.Model):
    """An immutable, versioned, checksummed export. The folder is the release; this row finds it."""

    name = models.SlugField(max_length=120)
    version = models.PositiveIntegerField()
    format = models.CharField(max_length=32)
    state = models.CharField(max_length=16, choices=ReleaseState, default=ReleaseState.BUILDING)
    folder = models.CharField(max_length=500, blank=True)
    manifest_sha256 = models.CharField(max_length=64, blank=True, help_text="Of release.json.")
    counts = models.JSONField(default=dict)
    config = models.JSONField(default=dict, help_text="Study, splits, seed, thresholds: what made it.")
    error = models.TextField(blank=True)
    clips: "models.ManyToManyField[Clip, models.Model]" = models.ManyToManyField(
        Clip, related_name="releases"
    )
    people: "models.ManyToManyField[Person, models.Model]" = models.ManyToManyField(
        Person, related_name="releases"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="releases_once_per_version"),
            models.CheckConstraint(
                condition=~Q(state="frozen") | ~Q(folder=""), name="releases_frozen_have_a_folder"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
