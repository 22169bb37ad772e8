"""Runs: one training job each, with a folder that says everything else."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from config.jobs.models import Job, JobState
from datasets.models import Release


class RunState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunKind(models.TextChoices):
    REWARD = "reward", "reward model"
    POLICY = "policy", "policy"


ACTIVE = (RunState.QUEUED, RunState.RUNNING)
LOST = "The worker died each time that it was tried. Resume it to go on from its last checkpoint."


class Run(models.Model):
    """A reward model or a policy in the making, or made. The folder is the run; this row finds it and how it goes."""

    kind = models.CharField(max_length=16, choices=RunKind, default=RunKind.REWARD)
    name = models.CharField(max_length=200)
    release = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs"
    )
    release_folder = models.CharField(max_length=500)
    config = models.TextField(help_text="TOML, training.reward.config or training.grpo.config.")
    reward_folder = models.CharField(
        max_length=500,
        blank=True,
        help_text="Of a policy: the run of the reward model that scores its clips.",
    )
    generator_folder = models.CharField(
        max_length=500, blank=True, help_text="Of a policy: where the base generator's weights are."
    )
    folder = models.CharField(max_length=500, unique=True)
    state = models.CharField(max_length=16, choices=RunState, default=RunState.QUEUED)
    error = models.TextField(blank=True, help_text="Why there is no model, in a sentence.")

    stage = models.CharField(max_length=32, blank=True, help_text="teacher or model; policy.")
    step = models.PositiveIntegerField(default=0)
    results = models.JSONField(default=list, blank=True, help_text="Rows of results.json.")

    job = models.ForeignKey(
        Job,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Of a run in the background.",
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="running") | Q(heartbeat_at__isnull=False),
                name="runs_running_have_a_heartbeat",
            ),
            models.CheckConstraint(condition=Q(state="failed") ^ Q(error=""), name="runs_failed_say_why"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_lost(self) -> bool:
        """Whether workers died at it again and again, so that nobody wrote down its end."""
        return self.state in ACTIVE and self.job is not None and self.job.state == JobState.FAILED

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE and not self.is_lost

    @property
    def shown_state(self) -> str:
        return RunState.FAILED if self.is_lost else self.state

    @property
    def reason(self) -> str:
        """Why there is no model, in a sentence."""
        return LOST if self.is_lost else self.error
