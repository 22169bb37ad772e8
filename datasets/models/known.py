"""What is known because we did it: how a clip was distorted, and so which side of a pair is better.

The app that distorts writes these rows, or an import of somebody's release does; whoever releases pairs, or asks
annotators pairs with known answers, reads them. No annotator ever sees one before they answered.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from .clips import Clip, Pair, PublishedLabel
from .people import Person


class CastTruth(models.Model):
    """What a clip of the procedural cast was drawn from, as it came beside the clip: enough to draw it anew."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="cast_truth")
    content = models.BinaryField(help_text="A file of datasets.cast.truth. Only a worker reads it.")

    def __str__(self) -> str:
        return f"truth of clip {self.clip_id}"


class ClipTruth(models.Model):
    """How a clip was distorted."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="truth")
    recipe = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField(help_text="1 to 5.")
    schedule = models.CharField(max_length=16, blank=True)
    onset_frame = models.PositiveIntegerField(
        null=True, help_text="First frame of the playback copy in which anything can be seen."
    )
    is_control = models.BooleanField(help_text="It changes the picture and keeps who everybody is.")
    change = models.FloatField(
        null=True,
        help_text="Change of the face at full strength, as calibrated: 1 is the threshold for one person.",
    )
    people = models.ManyToManyField(Person, related_name="+", help_text="Whose faces were changed.")
    record = models.JSONField(default=dict, help_text="All that is known of it.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(recipe=""), name="truths_name_a_recipe"),
            models.CheckConstraint(
                condition=Q(severity__gte=1, severity__lte=5), name="truths_severity_1_to_5"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} {self.severity} in clip {self.clip_id}"

    @property
    def harm(self) -> int:
        """How much worse than an untouched clip: the severity; controls keep who somebody is."""
        return 0 if self.is_control else self.severity


class EditedSide(models.TextChoices):
    A = "a"
    B = "b"


class KnownAnswer(models.Model):
    """Which side of a synthetic pair is better, by construction."""

    pair = models.OneToOneField(Pair, on_delete=models.CASCADE, related_name="known_answer")
    preference = models.CharField(
        max_length=4, choices=PublishedLabel, help_text="The better side, in storage order."
    )
    kind = models.CharField(max_length=16, blank=True, help_text="What stands against what: clean, tie, ….")
    edited_side = models.CharField(
        max_length=1, choices=EditedSide, help_text="The worse side; of a tie the one that carries a change."
    )
    edit = models.ForeignKey(
        ClipTruth, on_delete=models.CASCADE, related_name="+", help_text="What was done on that side."
    )
    other = models.ForeignKey(
        ClipTruth,
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="What was done on the other side; nothing on a clean copy.",
    )
    reserved_for_test = models.BooleanField(default=False)
    batch = models.CharField(max_length=220, blank=True, help_text="What made it, in words for leads.")

    class Meta:
        ordering = ["pair"]
        indexes = [models.Index(fields=["batch"], name="known_answers_by_batch")]
        constraints = [
            models.CheckConstraint(
                condition=Q(preference__in=["a", "b", "tie"], edited_side__in=["a", "b"]),
                name="known_answers_are_sides",
            ),
            models.CheckConstraint(
                condition=~Q(preference=F("edited_side")), name="known_answers_edited_side_is_no_better"
            ),
            models.CheckConstraint(
                condition=Q(other__isnull=True) | ~Q(other=F("edit")), name="known_answers_of_two_changes"
            ),
        ]

    def __str__(self) -> str:
        return f"known answer of pair {self.pair_id}"

    @property
    def gap(self) -> int:
        """How many severities the sides are apart, 0 for a tie by construction."""
        if self.preference == PublishedLabel.TIE:
            return 0
        return max(1, self.edit.harm - (self.other.harm if self.other is not None else 0))
