"""What a face model found in a clip, and who it is. The arrays lie in files; rows hold what pages ask for."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from .clips import Clip
from .people import Person, Reference


class AnalysisState(models.TextChoices):
    READY = "ready"
    FAILED = "failed"


class ClipAnalysis(models.Model):
    """The faces of one clip, all through its playback copy. One a clip: a new one takes the old one's place."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="analysis")
    state = models.CharField(max_length=16, choices=AnalysisState, default=AnalysisState.READY)
    error = models.TextField(blank=True, help_text="Why there are no tracks, in a sentence.")
    backend = models.CharField(max_length=200, blank=True, help_text="Detector and embedder, with versions.")
    file = models.CharField(max_length=300, blank=True, help_text="datasets.identity.store's file.")
    overlay_file = models.CharField(max_length=300, blank=True, help_text="Boxes over frames, as JSON.")
    strips_file = models.CharField(
        max_length=300,
        blank=True,
        help_text="Crops: a row for each identity track, a column for each moment.",
    )
    strip_frames = models.JSONField(default=list, help_text="The strips' columns, as frame indices.")
    strip_step = models.FloatField(
        null=True, help_text="Seconds from column to column: a power of two, so that clips share moments."
    )
    summary = models.JSONField(default=dict, help_text="datasets.identity.store.analysis_summary.")
    score = models.FloatField(null=True, help_text="Assigned score of the subjects, a missing one counts 0.")
    face_sim = models.FloatField(null=True, help_text="The published best-pair similarity, to compare.")
    notes = models.JSONField(default=list, help_text="Sentences that a person should read.")
    analysed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "clip analyses"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="ready") & ~Q(file="") & Q(error="") | Q(state="failed") & ~Q(error=""),
                name="analyses_are_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"faces of clip {self.clip_id}"


class FaceTrack(models.Model):
    """One face through a clip, in one piece or with gaps."""

    analysis = models.ForeignKey(ClipAnalysis, on_delete=models.CASCADE, related_name="face_tracks")
    number = models.PositiveSmallIntegerField()
    first = models.PositiveIntegerField(help_text="First frame in which it is seen.")
    last = models.PositiveIntegerField()
    frames = models.PositiveIntegerField(help_text="In how many frames it is seen.")
    quality = models.FloatField(help_text="Mean, 0 to 1.")
    still = models.BooleanField(default=False, help_text="A picture in the picture, nobody's face.")
    machine_person = models.ForeignKey(
        Person,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Who the machine says it is.",
    )
    person = models.ForeignKey(
        Person,
        null=True,
        on_delete=models.SET_NULL,
        related_name="face_tracks",
        help_text="The same after all corrections.",
    )
    similarity = models.FloatField(null=True, help_text="With the person, mean over the samples.")
    margin = models.FloatField(
        null=True, help_text="That less the next person's; none without another person."
    )
    presumed = models.BooleanField(
        default=False, help_text="Nobody else was left: the face does not show it."
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "number"], name="face_tracks_numbered"),
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="face_tracks_run_forwards"),
        ]

    def __str__(self) -> str:
        return f"face {self.number} of analysis {self.analysis_id}"


class TrackCorrection(models.Model):
    """Who a lead says a face is; without a person: nobody of them. The machine's answer stays beside it."""

    track = models.OneToOneField(FaceTrack, on_delete=models.CASCADE, related_name="correction")
    person = models.ForeignKey(Person, null=True, on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.track} is {self.person or 'nobody'}"


class IdentityTrack(models.Model):
    """One subject's face through one clip: how well it is kept, in numbers and over time."""

    analysis = models.ForeignKey(ClipAnalysis, on_delete=models.CASCADE, related_name="identity_tracks")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identity_tracks")
    row = models.PositiveSmallIntegerField(help_text="In the strips' picture.")
    similarity = models.FloatField(null=True, help_text="Robust mean; none where the face is never seen.")
    coverage = models.FloatField(help_text="Share of the frames in which the face is seen.")
    numbers = models.JSONField(default=dict, help_text="datasets.identity.metrics' PersonMetrics.numbers().")
    curve = models.JSONField(
        default=dict,
        help_text="Samples over time: frames, own similarity, the nearest other subject's, quality, swapped.",
    )
    threshold = models.FloatField(
        help_text="Similarity above which it is the person, on this backend's scale."
    )

    class Meta:
        ordering = ["row"]
        constraints = [
            models.UniqueConstraint(fields=["analysis", "person"], name="identity_tracks_once"),
            models.UniqueConstraint(fields=["analysis", "row"], name="identity_tracks_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.person} in analysis {self.analysis_id}"


class ReferenceFace(models.Model):
    """What a face model makes of a reference. Goes with the reference."""

    reference = models.OneToOneField(Reference, on_delete=models.CASCADE, related_name="face")
    backend = models.CharField(max_length=200)
    error = models.TextField(blank=True, help_text="Why it cannot be used, in a sentence.")
    warnings = models.JSONField(default=list, help_text="What makes it a poor reference, in sentences.")
    embedding = models.BinaryField(
        null=True, help_text="float32, little-endian, in the space of the backend's embedder."
    )
    examined_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(embedding__isnull=True) ^ Q(error=""), name="reference_faces_usable_or_why_not"
            )
        ]

    def __str__(self) -> str:
        return f"face of reference {self.reference_id}"


class Resemblance(models.Model):
    """How much alike two people are to a face model, by their references; kept for those nearest to one another."""

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    backend = models.CharField(max_length=200)
    similarity = models.FloatField(help_text="Of the means of their references, on the backend's scale.")
    threshold = models.FloatField(help_text="Similarity above which they are hard to tell apart.")
    made_at = models.DateTimeField(help_text="When the references were read.")

    class Meta:
        ordering = ["-similarity"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="resemblances_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="resemblances_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"

    @property
    def is_hard(self) -> bool:
        """The face model may take one for the other."""
        return self.similarity >= self.threshold
