import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_STATES = (JobState.QUEUED, JobState.RUNNING)


class Job(models.Model):
    """One long piece of work. This row is the truth; the broker only wakes a worker up."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=64, help_text="A key of settings.JOB_KINDS.")
    queue = models.CharField(max_length=32)
    params = models.JSONField(default=dict)
    key = models.CharField(
        max_length=200,
        blank=True,
        help_text="What the job works on; at most one active job of a kind has it.",
    )
    label = models.CharField(max_length=200, blank=True, help_text="What a person calls it.")

    state = models.CharField(max_length=16, choices=JobState, default=JobState.QUEUED)
    cancel_requested = models.BooleanField(default=False)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(null=True)
    message = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)

    attempt = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    worker = models.UUIDField(
        null=True, help_text="Who runs it now: every write of the runner is guarded by it."
    )
    heartbeat_at = models.DateTimeField(null=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["queue", "state", "id"], name="jobs_by_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=["queued", "running"]) & ~Q(key=""),
                name="jobs_one_active_per_key",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | (Q(worker__isnull=False) & Q(heartbeat_at__isnull=False)),
                name="jobs_running_has_worker",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def title(self) -> str:
        """What kind of work it is, as a person says it."""
        return settings.JOB_KINDS.get(self.kind, {}).get("title") or self.kind.replace("_", " ").capitalize()

    @property
    def reason(self) -> str:
        """The first line of the error: the sentence. What follows is for whoever mends it."""
        return self.error.partition("\n")[0]

    @property
    def details(self) -> str:
        return self.error.partition("\n")[2].strip()

    @property
    def percent(self) -> int | None:
        return round(100 * self.progress_done / self.progress_total) if self.progress_total else None
