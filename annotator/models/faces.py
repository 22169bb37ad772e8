"""What annotators do with the faces that a model found: they see curves, and they say where tracks are wrong."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from datasets.models import Person

from .judgments import Judgment
from .slots import Slot
from .studies import Item, Study


class CurvesSeen(models.Model):
    """The similarity curves of a pair were given to somebody who had answered. Later answers of theirs know them."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="curves_seen")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    judgment = models.ForeignKey(
        Judgment,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="The last that was given without them.",
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "curves seen"
        constraints = [models.UniqueConstraint(fields=["slot", "annotator"], name="curves_seen_once")]

    def __str__(self) -> str:
        return f"curves of slot {self.slot_id}"


class ReportState(models.TextChoices):
    OPEN = "open"
    RESOLVED = "resolved"


class TrackReport(models.Model):
    """An annotator says that the faces shown of somebody, or of everybody in a pair, are not theirs."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="track_reports")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="track_reports")
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="track_reports"
    )
    person = models.ForeignKey(
        Person, null=True, on_delete=models.CASCADE, related_name="+", help_text="None: everybody's."
    )
    remark = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=ReportState, default=ReportState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["study", "state"], name="track_reports_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "annotator", "person"],
                condition=Q(state="open"),
                name="track_reports_open_once",
            ),
            models.UniqueConstraint(
                fields=["item", "annotator"],
                condition=Q(state="open", person=None),
                name="track_reports_open_once_for_all",
            ),
            models.CheckConstraint(
                condition=Q(state="open", resolved_at__isnull=True)
                | Q(state="resolved", resolved_at__isnull=False),
                name="track_reports_state_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"tracks of item {self.item_id} ({self.state})"
