from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from .people import Person


class Origin(models.TextChoices):
    REAL = "real"
    GENERATED = "generated"
    DISTORTED = "distorted"


class ClipState(models.TextChoices):
    PENDING = "pending"
    READY = "ready"
    REFUSED = "refused"
    REMOVED = "removed"  # its files were deleted; the row stays where judgments rest on it


class Clip(models.Model):
    """One video file, addressed by its content."""

    sha256 = models.CharField(max_length=64, unique=True, help_text="Of the original file.")
    file = models.CharField(max_length=300, help_text="Storage name of the original.")
    bytes = models.PositiveBigIntegerField()
    source_name = models.CharField(max_length=300, help_text="The file's name when it came; for leads only.")

    state = models.CharField(max_length=16, choices=ClipState, default=ClipState.PENDING)
    refusal = models.TextField(blank=True, help_text="Why the file is not a usable video, in a sentence.")
    probe = models.JSONField(default=dict, help_text="Facts of the original: codec, rate, rotation, ….")

    playback_file = models.CharField(max_length=300, blank=True)
    playback_sha256 = models.CharField(max_length=64, blank=True)
    playback_bytes = models.PositiveBigIntegerField(null=True)
    poster_file = models.CharField(max_length=300, blank=True)
    filmstrip_file = models.CharField(max_length=300, blank=True)
    # Of the playback copy, which is what everybody sees and what frame indices count.
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    fps_num = models.PositiveIntegerField(null=True)
    fps_den = models.PositiveIntegerField(null=True)
    frames = models.PositiveIntegerField(null=True)

    origin = models.CharField(max_length=16, choices=Origin, default=Origin.GENERATED)
    generator = models.CharField(max_length=200, blank=True)
    generator_version = models.CharField(max_length=200, blank=True)
    seed = models.CharField(max_length=64, blank=True)
    prompt = models.TextField(blank=True)
    licence = models.CharField(max_length=200, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="derived")
    subjects: "models.ManyToManyField[Person, ClipSubject]" = models.ManyToManyField(
        Person, through="ClipSubject", related_name="clips"
    )

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["generator", "generator_version"], name="clips_by_generator"),
            models.Index(fields=["origin", "state"], name="clips_by_origin"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="ready")
                | (Q(frames__gte=1) & Q(fps_num__gte=1) & Q(fps_den__gte=1) & ~Q(playback_file="")),
                name="clips_ready_are_playable",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refusal=""), name="clips_refused_with_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="removed")
                | Q(file="", playback_file="", poster_file="", filmstrip_file=""),
                name="clips_removed_have_no_files",
            ),
            models.CheckConstraint(
                condition=~Q(origin="real") | Q(generator=""), name="clips_real_have_no_generator"
            ),
        ]

    def __str__(self) -> str:
        return f"clip {self.pk}"

    @property
    def duration_s(self) -> float | None:
        if not (self.frames and self.fps_num and self.fps_den):
            return None
        return self.frames * self.fps_den / self.fps_num


class ClipSubject(models.Model):
    """A person who should appear in a clip."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="clip_subjects")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="clip_subjects")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["clip", "person"], name="subjects_once_per_clip")]

    def __str__(self) -> str:
        return f"{self.person} in {self.clip_id}"


class PublishedLabel(models.TextChoices):
    A = "a"
    B = "b"
    TIE = "tie"


class Pair(models.Model):
    """Two clips of the same subjects. `clip_a` and `clip_b` are storage order and never shown."""

    clip_a = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="pairs_as_a")
    clip_b = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="pairs_as_b")
    prompt = models.TextField(blank=True)
    key = models.CharField(max_length=200, blank=True, help_text="The name that a manifest gave it.")
    published_better = models.CharField(
        max_length=4, choices=PublishedLabel, blank=True, help_text="What its publisher claims; never shown."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(clip_a=F("clip_b")), name="pairs_of_two_clips"),
            models.UniqueConstraint(
                Least("clip_a", "clip_b"), Greatest("clip_a", "clip_b"), name="pairs_once"
            ),
        ]

    def __str__(self) -> str:
        return f"pair {self.pk}"
