"""All tables at once for a new database, twice as fast; one that has the migrations named in `replaces` goes on with them."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import annotator.models.studies


class Migration(migrations.Migration):
    replaces = [
        ("annotator", "0001_initial"),
        ("annotator", "0002_slots_in_advance"),
        ("annotator", "0003_slot_lease_count"),
        ("annotator", "0004_study_filter_may_be_empty"),
        ("annotator", "0005_consensus_counts_simulated"),
        ("annotator", "0006_faces_for_annotators"),
        ("annotator", "0007_places_filled_by_former_members"),
        ("annotator", "0008_test_questions"),
        ("annotator", "0009_queue_orders"),
    ]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
        ("datasets", "0001_squashed_0007_cast_truth"),
    ]

    operations = [
        migrations.CreateModel(
            name="Item",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveBigIntegerField()),
                (
                    "is_gold",
                    models.BooleanField(
                        default=False,
                        help_text="A test question with a known answer: it counts in no consensus.",
                    ),
                ),
                (
                    "drawn_at_random",
                    models.BooleanField(
                        help_text="Whether chance gave it its place in a queue that a reward model ordered; empty where none did. What is not drawn at random was asked because the model was in doubt.",
                        null=True,
                    ),
                ),
                (
                    "pair",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="items", to="datasets.pair"
                    ),
                ),
                (
                    "repeat_of",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="repeat",
                        to="annotator.item",
                    ),
                ),
            ],
            options={
                "ordering": ["position"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_gold", False), ("repeat_of__isnull", True), _connector="OR"),
                        name="items_gold_is_not_repeated",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Study",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.SlugField(max_length=120, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("open", "Open"),
                            ("paused", "Paused"),
                            ("closed", "Closed"),
                        ],
                        default="draft",
                        max_length=16,
                    ),
                ),
                (
                    "instructions",
                    models.TextField(blank=True, help_text="Markdown, shown before the first pair."),
                ),
                (
                    "overlap",
                    models.PositiveSmallIntegerField(
                        default=3,
                        help_text="Answers per item.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(25),
                        ],
                    ),
                ),
                (
                    "lease_minutes",
                    models.PositiveSmallIntegerField(
                        default=20,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1440),
                        ],
                    ),
                ),
                (
                    "repeat_share",
                    models.FloatField(
                        default=0.05,
                        help_text="Share of items that the same annotator sees again, sides swapped.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(0.5),
                        ],
                    ),
                ),
                ("ask_overall", models.BooleanField(default=True)),
                ("ask_people", models.BooleanField(default=True)),
                ("ask_marks", models.BooleanField(default=True)),
                ("ask_remark", models.BooleanField(default=True)),
                (
                    "curves",
                    models.CharField(
                        choices=[("never", "Never"), ("after", "after the answer"), ("always", "Always")],
                        default="after",
                        help_text="When annotators may see the similarity curves.",
                        max_length=8,
                    ),
                ),
                (
                    "gold_share",
                    models.FloatField(
                        default=0.1,
                        help_text="Share of an annotator's pairs that are test questions, as far as there are any.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(0.5),
                        ],
                    ),
                ),
                (
                    "gold_most",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Test questions for each annotator at most; empty: all of them.",
                        null=True,
                    ),
                ),
                (
                    "gold_tie_up_to",
                    models.PositiveSmallIntegerField(
                        default=2,
                        help_text="A tie counts as right where the sides are at most so many severities apart.",
                        validators=[django.core.validators.MaxValueValidator(5)],
                    ),
                ),
                (
                    "gold_feedback",
                    models.BooleanField(
                        default=False,
                        help_text="Annotators are told after a test question whether they were right.",
                    ),
                ),
                (
                    "qualification_size",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Test questions before the first pair; 0: none."
                    ),
                ),
                (
                    "qualification_pass",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How many of these have to be right."
                    ),
                ),
                (
                    "filter",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="The filter over the library that chose the pairs; empty: all.",
                    ),
                ),
                (
                    "seed",
                    models.PositiveBigIntegerField(
                        default=0, help_text="Of the order of items and the choice of repeats."
                    ),
                ),
                (
                    "n_items",
                    models.PositiveIntegerField(default=0, editable=False, help_text="Repeats included."),
                ),
                (
                    "n_slots",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Places for an answer, repeats included, reviews not.",
                    ),
                ),
                (
                    "n_gold",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Test questions that an annotator of all items meets.",
                    ),
                ),
                (
                    "n_done_by_former",
                    models.PositiveIntegerField(
                        default=0,
                        editable=False,
                        help_text="Of these, how many people filled who answer no more: taken off, or made reviewers.",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("example_clips", models.ManyToManyField(blank=True, related_name="+", to="datasets.clip")),
                (
                    "releases",
                    models.ManyToManyField(blank=True, related_name="studies", to="datasets.release"),
                ),
            ],
            options={
                "verbose_name_plural": "studies",
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("overlap__gte", 1), ("overlap__lte", 25)), name="studies_overlap"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("repeat_share__gte", 0), ("repeat_share__lte", 0.5)),
                        name="studies_repeats",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("lease_minutes__gte", 1)), name="studies_lease"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ask_overall", True), ("ask_people", True), _connector="OR"),
                        name="studies_ask_for_a_verdict",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("gold_share__gte", 0), ("gold_share__lte", 0.5), ("gold_tie_up_to__lte", 5)
                        ),
                        name="studies_gold",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("qualification_pass", 0), ("qualification_size", 0)),
                            models.Q(
                                ("qualification_pass__gte", 1),
                                ("qualification_pass__lte", models.F("qualification_size")),
                            ),
                            _connector="OR",
                        ),
                        name="studies_qualification_can_be_passed",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Slot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot_no", models.PositiveSmallIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("answer", "Answer"),
                            ("review", "Review"),
                            ("gold", "Gold"),
                            ("qualify", "Qualify"),
                        ],
                        default="answer",
                        max_length=8,
                    ),
                ),
                (
                    "position",
                    models.PositiveBigIntegerField(
                        help_text="Order of handing out within the study; of a repeat that is free, how many judgments its annotator makes before it is due."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("free", "Free"),
                            ("leased", "Leased"),
                            ("done", "Done"),
                        ],
                        default="free",
                        max_length=8,
                    ),
                ),
                (
                    "left_is_a",
                    models.BooleanField(
                        help_text="Which clip is shown on the left. Drawn from the study's seed when the slot is made, so that it is the same for whoever has the slot, however late the answer; opposite in a repeat."
                    ),
                ),
                ("lease", models.UUIDField(help_text="The lease that may fill this slot.", null=True)),
                ("lease_expires_at", models.DateTimeField(null=True)),
                (
                    "lease_count",
                    models.PositiveIntegerField(default=0, help_text="How often the slot was handed out."),
                ),
                (
                    "annotator",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="slots", to="annotator.item"
                    ),
                ),
                (
                    "repeat_of",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="repeat",
                        to="annotator.slot",
                    ),
                ),
                (
                    "reserved_for",
                    models.ForeignKey(
                        help_text="A repeat belongs to whoever answered the original; so does each test question to somebody.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="slots",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("item", "slot_no"), name="slots_numbered"),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["leased", "done"])),
                        fields=("item", "annotator"),
                        name="slots_one_per_annotator",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("annotator__isnull", True),
                                ("lease__isnull", True),
                                ("state__in", ["waiting", "free"]),
                            ),
                            models.Q(
                                ("annotator__isnull", False),
                                ("lease__isnull", False),
                                ("lease_expires_at__isnull", False),
                                ("state", "leased"),
                            ),
                            models.Q(("annotator__isnull", False), ("state", "done")),
                            _connector="OR",
                        ),
                        name="slots_state_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind__in", ["gold", "qualify"]), _negated=True),
                            models.Q(("repeat_of__isnull", True), ("reserved_for__isnull", False)),
                            _connector="OR",
                        ),
                        name="slots_gold_is_somebodys",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="QueueOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "random_share",
                    models.FloatField(
                        help_text="Share of the queue's places that are filled at random.",
                        validators=[
                            django.core.validators.MinValueValidator(0.0),
                            django.core.validators.MaxValueValidator(1.0),
                        ],
                    ),
                ),
                ("seed", models.PositiveBigIntegerField(default=0)),
                (
                    "n_ordered",
                    models.PositiveIntegerField(
                        help_text="Pairs that were put in order: untouched till then."
                    ),
                ),
                ("ordered_at", models.DateTimeField(auto_now=True)),
                (
                    "ordered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "scorer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="datasets.scorer",
                    ),
                ),
                (
                    "study",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="queue_order",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("random_share__gte", 0), ("random_share__lte", 1)),
                        name="queue_orders_random_share",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("lead", "Lead"), ("reviewer", "Reviewer"), ("annotator", "Annotator")],
                        default="annotator",
                        max_length=16,
                    ),
                ),
                ("cursor", models.PositiveBigIntegerField(default=0)),
                (
                    "n_done",
                    models.PositiveIntegerField(default=0, help_text="Slots that this member has filled."),
                ),
                (
                    "recent_ms",
                    models.JSONField(
                        default=list,
                        help_text="Active times of the last answers in milliseconds, newest last: their pace.",
                    ),
                ),
                (
                    "qualification",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "not asked"),
                            ("open", "in the round"),
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                        ],
                        default="",
                        max_length=8,
                    ),
                ),
                (
                    "qualification_tries",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Rounds that were begun, the present one included."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "let_in_by",
                    models.ForeignKey(
                        help_text="The lead who let somebody in that had not passed.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="members",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("study", "user"), name="members_once_per_study"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("qualification", ""), ("qualification_tries", 0)),
                            models.Q(
                                ("qualification__in", ["open", "failed"]), ("qualification_tries__gte", 1)
                            ),
                            ("qualification", "passed"),
                            _connector="OR",
                        ),
                        name="members_qualification_has_a_round",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("let_in_by__isnull", True), ("qualification", "passed"), _connector="OR"
                        ),
                        name="members_let_in_are_in",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Judgment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("idempotency_key", models.UUIDField(unique=True)),
                (
                    "surplus",
                    models.BooleanField(
                        default=False,
                        help_text="Arrived after its slot was answered by somebody else: kept, not counted.",
                    ),
                ),
                ("is_review", models.BooleanField(default=False)),
                ("is_simulated", models.BooleanField(default=False)),
                ("left_is_a", models.BooleanField()),
                (
                    "overall",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("left_much", "Left Much"),
                            ("left", "Left"),
                            ("tie", "Tie"),
                            ("right", "Right"),
                            ("right_much", "Right Much"),
                            ("both_bad", "Both Bad"),
                            ("cannot_judge", "Cannot Judge"),
                        ],
                        max_length=16,
                    ),
                ),
                ("remark", models.TextField(blank=True)),
                (
                    "active_ms",
                    models.PositiveIntegerField(help_text="Time with the page in view, in milliseconds."),
                ),
                (
                    "progress",
                    models.JSONField(
                        default=dict,
                        help_text="What the reply said of the annotator's progress: a repeated request gets it again.",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgments",
                        to="annotator.item",
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="superseded_by",
                        to="annotator.judgment",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgments",
                        to="annotator.slot",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="judgments",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("supersedes__isnull", True), ("surplus", False)),
                        fields=("slot",),
                        name="judgments_one_per_slot",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="item",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="items", to="annotator.study"
            ),
        ),
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("lead", "Lead"), ("reviewer", "Reviewer"), ("annotator", "Annotator")],
                        default="annotator",
                        max_length=16,
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=annotator.models.studies.make_invitation_token,
                        editable=False,
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("max_uses", models.PositiveIntegerField(default=1)),
                ("uses", models.PositiveIntegerField(default=0)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("uses__lte", models.F("max_uses"))),
                        name="invitations_not_overused",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Consensus",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("agreed", "Agreed"), ("disputed", "Disputed")],
                        default="open",
                        max_length=16,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("vote", "Vote"), ("dawid_skene", "Dawid Skene"), ("review", "Review")],
                        default="vote",
                        max_length=16,
                    ),
                ),
                ("prob_a", models.FloatField()),
                ("prob_tie", models.FloatField()),
                ("prob_b", models.FloatField()),
                ("n_judgments", models.PositiveIntegerField()),
                (
                    "n_simulated",
                    models.PositiveIntegerField(
                        default=0, help_text="How many of the judgments simulated annotators made."
                    ),
                ),
                (
                    "agreement",
                    models.FloatField(help_text="Share of pairs of judgments that agree, 0 to 1.", null=True),
                ),
                (
                    "both_bad",
                    models.PositiveIntegerField(
                        default=0, help_text="How many judgments called both sides bad."
                    ),
                ),
                (
                    "people",
                    models.JSONField(
                        default=dict, help_text="For each person's id: prob_a, prob_same, prob_b, n, state."
                    ),
                ),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consensus",
                        to="annotator.item",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="consensus",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "consensus",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("prob_a__gte", 0),
                            ("prob_b__gte", 0),
                            ("prob_tie__gte", 0),
                            ("prob_a__lte", 1),
                            ("prob_b__lte", 1),
                            ("prob_tie__lte", 1),
                        ),
                        name="consensus_probabilities",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("remark", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("resolved", "Resolved")], default="open", max_length=16
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="track_reports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="track_reports",
                        to="annotator.item",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="None: everybody's.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="datasets.person",
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="track_reports",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")),
                        fields=("item", "annotator", "person"),
                        name="track_reports_open_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("person", None), ("state", "open")),
                        fields=("item", "annotator"),
                        name="track_reports_open_once_for_all",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", True), ("state", "open")),
                            models.Q(("resolved_at__isnull", False), ("state", "resolved")),
                            _connector="OR",
                        ),
                        name="track_reports_state_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("side", models.CharField(choices=[("left", "Left"), ("right", "Right")], max_length=8)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("drift", "Drift"),
                            ("swap", "Swap"),
                            ("blend", "Blend"),
                            ("missing", "Missing"),
                        ],
                        max_length=8,
                    ),
                ),
                ("frame", models.PositiveIntegerField(help_text="Index in the playback copy of that side.")),
                (
                    "judgment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="marks",
                        to="annotator.judgment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "ordering": ["frame", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("judgment", "person", "side", "kind", "frame"), name="marks_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonJudgment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("left", "Left"), ("same", "Same"), ("right", "Right")],
                        max_length=8,
                    ),
                ),
                (
                    "no_drift",
                    models.BooleanField(
                        default=False, help_text="The annotator looked and found no drift on either side."
                    ),
                ),
                (
                    "judgment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="people",
                        to="annotator.judgment",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("judgment", "person"), name="person_judgments_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="CurvesSeen",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "annotator",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "judgment",
                    models.ForeignKey(
                        help_text="The last that was given without them.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotator.judgment",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="curves_seen",
                        to="annotator.slot",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "curves seen",
                "constraints": [
                    models.UniqueConstraint(fields=("slot", "annotator"), name="curves_seen_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(
                condition=models.Q(("reserved_for__isnull", True), ("state", "free")),
                fields=["study", "kind", "position"],
                name="slots_free",
            ),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(
                condition=models.Q(("reserved_for__isnull", False), ("state", "free")),
                fields=["reserved_for", "study", "position"],
                name="slots_reserved",
            ),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(fields=["annotator", "study", "state"], name="slots_by_annotator"),
        ),
        migrations.AddIndex(
            model_name="slot",
            index=models.Index(fields=["study", "state", "lease_expires_at"], name="slots_by_state"),
        ),
        migrations.AddIndex(
            model_name="judgment",
            index=models.Index(fields=["study", "annotator", "id"], name="judgments_by_annotator"),
        ),
        migrations.AddIndex(
            model_name="judgment",
            index=models.Index(fields=["study", "created_at"], name="judgments_by_time"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(fields=("study", "position"), name="items_in_order"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.UniqueConstraint(
                condition=models.Q(("repeat_of__isnull", True)),
                fields=("study", "pair"),
                name="items_once_per_study",
            ),
        ),
        migrations.AddIndex(
            model_name="consensus",
            index=models.Index(fields=["study", "state"], name="consensus_by_state"),
        ),
        migrations.AddIndex(
            model_name="trackreport",
            index=models.Index(fields=["study", "state"], name="track_reports_by_state"),
        ),
    ]
