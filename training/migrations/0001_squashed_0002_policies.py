"""All tables at once for a new database, twice as fast; one that has the migrations named in `replaces` goes on with them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [("training", "0001_initial"), ("training", "0002_policies")]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("datasets", "0001_squashed_0007_cast_truth"),
        ("jobs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("reward", "reward model"), ("policy", "policy")],
                        default="reward",
                        max_length=16,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("release_folder", models.CharField(max_length=500)),
                (
                    "config",
                    models.TextField(help_text="TOML, training.reward.config or training.grpo.config."),
                ),
                (
                    "reward_folder",
                    models.CharField(
                        blank=True,
                        help_text="Of a policy: the run of the reward model that scores its clips.",
                        max_length=500,
                    ),
                ),
                (
                    "generator_folder",
                    models.CharField(
                        blank=True,
                        help_text="Of a policy: where the base generator's weights are.",
                        max_length=500,
                    ),
                ),
                ("folder", models.CharField(max_length=500, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("failed", "Failed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="queued",
                        max_length=16,
                    ),
                ),
                ("error", models.TextField(blank=True, help_text="Why there is no model, in a sentence.")),
                ("stage", models.CharField(blank=True, help_text="teacher or model; policy.", max_length=32)),
                ("step", models.PositiveIntegerField(default=0)),
                ("results", models.JSONField(blank=True, default=list, help_text="Rows of results.json.")),
                ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "job",
                    models.ForeignKey(
                        blank=True,
                        help_text="Of a run in the background.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="jobs.job",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="runs",
                        to="datasets.release",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            ("heartbeat_at__isnull", False),
                            _connector="OR",
                        ),
                        name="runs_running_have_a_heartbeat",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state", "failed"), ("error", ""), _connector="XOR"),
                        name="runs_failed_say_why",
                    ),
                ],
            },
        ),
    ]
