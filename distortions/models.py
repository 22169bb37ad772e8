"""Batches of distortions, what was planned, what came of each, and which pairs were made of them."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from datasets.models import Clip, Pair, Person
from distortions.catalogue import CATALOGUE, RecipeFacts
from distortions.config import BatchConfig, config_of


class BatchState(models.TextChoices):
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class Batch(models.Model):
    """Some distortions planned together from one seed."""

    name = models.CharField(max_length=200)
    config = models.JSONField(help_text="distortions.config.BatchConfig.")
    digest = models.CharField(
        max_length=64, unique=True, help_text="Of the configuration: one batch of each."
    )
    state = models.CharField(max_length=16, choices=BatchState, default=BatchState.RUNNING)
    left_out = models.JSONField(
        default=list, help_text="Clips that cannot be distorted, each with a sentence."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return self.name

    @property
    def plan(self) -> BatchConfig:
        """The configuration, checked again."""
        return config_of(self.config)


class ResultState(models.TextChoices):
    PLANNED = "planned"
    MADE = "made"
    REFUSED = "refused"  # the gate let none of the tries through
    FAILED = "failed"  # the clip cannot be distorted like this at all


class Distortion(models.Model):
    """One planned result, and what came of it. What is not planned any more never changes."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="distortions")
    number = models.PositiveIntegerField()
    group = models.PositiveIntegerField(help_text="Results of one group become one pair.")
    pair_kind = models.CharField(max_length=16, blank=True, help_text="A key of config.PAIR_KINDS.")
    source = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="distortions")
    recipe = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField()
    schedule = models.CharField(max_length=16, help_text="Its kind; onset and end are drawn.")
    seed = models.PositiveBigIntegerField()

    state = models.CharField(max_length=16, choices=ResultState, default=ResultState.PLANNED)
    tries = models.JSONField(default=list, help_text="Each try: seed, the gate's checks, sentences.")
    truth = models.JSONField(default=dict, help_text="distortions.synthesis.truth.Truth.")
    curve = models.JSONField(default=dict, help_text="Change against the untouched clip: frames, values.")
    error = models.TextField(blank=True, help_text="Why there is no clip, in a sentence.")
    refused_for = models.CharField(max_length=32, blank=True, help_text="The check that the last try failed.")
    picture = models.CharField(max_length=300, blank=True, help_text="Untouched, distorted, difference.")
    clip = models.ForeignKey(Clip, null=True, on_delete=models.SET_NULL, related_name="made_by_distortions")
    donors: models.ManyToManyField[Person, models.Model] = models.ManyToManyField(
        Person, related_name="+", help_text="Whose features came in."
    )
    seconds = models.FloatField(null=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["batch", "source", "state"], name="distortions_by_source")]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="distortions_numbered"),
            models.CheckConstraint(
                condition=Q(severity__gte=1, severity__lte=5), name="distortions_severity_1_to_5"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["refused", "failed"]) ^ Q(error=""), name="distortions_say_why_not"
            ),
            models.CheckConstraint(
                condition=Q(state="planned") ^ Q(made_at__isnull=False), name="distortions_ended_or_planned"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} of {self.batch_id}: {self.recipe} {self.severity}"

    @property
    def facts(self) -> RecipeFacts:
        return CATALOGUE[self.recipe]

    @property
    def is_control(self) -> bool:
        return self.facts.is_control

    @property
    def onset(self) -> int | None:
        """First frame in which anything can be seen."""
        found = self.truth.get("onset", -1)
        return found if found >= 0 else None

    @property
    def verdict(self) -> dict[str, Any]:
        """What the gate said of the last try."""
        return self.tries[-1] if self.tries else {}


class CleanCopy(models.Model):
    """A clip decoded, resized, finished and encoded like the distorted ones, and otherwise untouched.

    Every pair has its own: a copy that came back in all pairs of a clip would be known as the better side by itself.
    """

    source = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="clean_copies")
    longest_side = models.PositiveIntegerField()
    seed = models.PositiveBigIntegerField(help_text="Of its finish: that of the pair's first result.")
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name_plural = "clean copies"
        constraints = [
            models.UniqueConstraint(
                fields=["source", "longest_side", "seed"], name="clean_copies_once_a_pair"
            )
        ]

    def __str__(self) -> str:
        return f"clean copy of {self.source_id}"


class SyntheticPair(models.Model):
    """A pair that a batch made: which results stand against one another. A side without one is a clean copy.

    Which side is better, and how anybody knows, is the pair's `KnownAnswer`.
    """

    pair = models.OneToOneField(Pair, on_delete=models.CASCADE, related_name="synthetic")
    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="pairs")
    group = models.PositiveIntegerField()
    distortion_a = models.ForeignKey(
        Distortion, null=True, on_delete=models.CASCADE, related_name="pairs_as_a"
    )
    distortion_b = models.ForeignKey(
        Distortion, null=True, on_delete=models.CASCADE, related_name="pairs_as_b"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "group"], name="synthetic_pairs_one_a_group"),
            models.CheckConstraint(
                condition=Q(distortion_a__isnull=False) | Q(distortion_b__isnull=False),
                name="synthetic_pairs_have_a_distortion",
            ),
            models.CheckConstraint(
                condition=Q(distortion_a__isnull=True)
                | Q(distortion_b__isnull=True)
                | ~Q(distortion_a=F("distortion_b")),
                name="synthetic_pairs_of_two",
            ),
        ]

    def __str__(self) -> str:
        return f"pair {self.pair_id} of batch {self.batch_id}"


class Preview(models.Model):
    """What some recipes do to one clip, drawn for somebody who is about to choose."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    severity = models.PositiveSmallIntegerField()
    seed = models.PositiveBigIntegerField(default=0)
    donors = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"preview of clip {self.clip_id}"


class PreviewStrip(models.Model):
    """One recipe of a preview: a picture, or why there is none; neither yet while it is drawn."""

    preview = models.ForeignKey(Preview, on_delete=models.CASCADE, related_name="strips")
    recipe = models.CharField(max_length=64)
    position = models.PositiveSmallIntegerField()
    picture = models.CharField(max_length=300, blank=True, help_text="Above untouched, below distorted.")
    sentence = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["preview", "recipe"], name="preview_strips_once")]

    def __str__(self) -> str:
        return f"{self.recipe} in {self.preview_id}"

    @property
    def facts(self) -> RecipeFacts:
        return CATALOGUE[self.recipe]

    @property
    def is_ready(self) -> bool:
        return bool(self.picture or self.sentence)
