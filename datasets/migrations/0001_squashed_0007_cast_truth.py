"""All tables at once for a new database, twice as fast; one that has the migrations named in `replaces` goes on with them."""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("datasets", "0001_initial"),
        ("datasets", "0002_removed_clips"),
        ("datasets", "0003_face_tracks"),
        ("datasets", "0004_resemblances"),
        ("datasets", "0005_known_answers"),
        ("datasets", "0006_pair_scores"),
        ("datasets", "0007_cast_truth"),
    ]

    initial = True

    dependencies = [
        ("accounts", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Clip",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(help_text="Of the original file.", max_length=64, unique=True)),
                ("file", models.CharField(help_text="Storage name of the original.", max_length=300)),
                ("bytes", models.PositiveBigIntegerField()),
                (
                    "source_name",
                    models.CharField(
                        help_text="The file's name when it came; for leads only.", max_length=300
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("ready", "Ready"),
                            ("refused", "Refused"),
                            ("removed", "Removed"),
                        ],
                        default="pending",
                        max_length=16,
                    ),
                ),
                (
                    "refusal",
                    models.TextField(
                        blank=True, help_text="Why the file is not a usable video, in a sentence."
                    ),
                ),
                (
                    "probe",
                    models.JSONField(
                        default=dict, help_text="Facts of the original: codec, rate, rotation, …."
                    ),
                ),
                ("playback_file", models.CharField(blank=True, max_length=300)),
                ("playback_sha256", models.CharField(blank=True, max_length=64)),
                ("playback_bytes", models.PositiveBigIntegerField(null=True)),
                ("poster_file", models.CharField(blank=True, max_length=300)),
                ("filmstrip_file", models.CharField(blank=True, max_length=300)),
                ("width", models.PositiveIntegerField(null=True)),
                ("height", models.PositiveIntegerField(null=True)),
                ("fps_num", models.PositiveIntegerField(null=True)),
                ("fps_den", models.PositiveIntegerField(null=True)),
                ("frames", models.PositiveIntegerField(null=True)),
                (
                    "origin",
                    models.CharField(
                        choices=[("real", "Real"), ("generated", "Generated"), ("distorted", "Distorted")],
                        default="generated",
                        max_length=16,
                    ),
                ),
                ("generator", models.CharField(blank=True, max_length=200)),
                ("generator_version", models.CharField(blank=True, max_length=200)),
                ("seed", models.CharField(blank=True, max_length=64)),
                ("prompt", models.TextField(blank=True)),
                ("licence", models.CharField(blank=True, max_length=200)),
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
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="derived",
                        to="datasets.clip",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "ready"), _negated=True),
                            models.Q(
                                ("frames__gte", 1),
                                ("fps_num__gte", 1),
                                ("fps_den__gte", 1),
                                models.Q(("playback_file", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="clips_ready_are_playable",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "refused"), _negated=True),
                            models.Q(("refusal", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="clips_refused_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "removed"), _negated=True),
                            models.Q(
                                ("file", ""),
                                ("filmstrip_file", ""),
                                ("playback_file", ""),
                                ("poster_file", ""),
                            ),
                            _connector="OR",
                        ),
                        name="clips_removed_have_no_files",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("origin", "real"), _negated=True), ("generator", ""), _connector="OR"
                        ),
                        name="clips_real_have_no_generator",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CastTruth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content",
                    models.BinaryField(help_text="A file of datasets.cast.truth. Only a worker reads it."),
                ),
                (
                    "clip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cast_truth",
                        to="datasets.clip",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ClipAnalysis",
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
                        choices=[("ready", "Ready"), ("failed", "Failed")], default="ready", max_length=16
                    ),
                ),
                ("error", models.TextField(blank=True, help_text="Why there are no tracks, in a sentence.")),
                (
                    "backend",
                    models.CharField(
                        blank=True, help_text="Detector and embedder, with versions.", max_length=200
                    ),
                ),
                (
                    "file",
                    models.CharField(blank=True, help_text="datasets.identity.store's file.", max_length=300),
                ),
                (
                    "overlay_file",
                    models.CharField(blank=True, help_text="Boxes over frames, as JSON.", max_length=300),
                ),
                (
                    "strips_file",
                    models.CharField(
                        blank=True,
                        help_text="Crops: a row for each identity track, a column for each moment.",
                        max_length=300,
                    ),
                ),
                (
                    "strip_frames",
                    models.JSONField(default=list, help_text="The strips' columns, as frame indices."),
                ),
                (
                    "strip_step",
                    models.FloatField(
                        help_text="Seconds from column to column: a power of two, so that clips share moments.",
                        null=True,
                    ),
                ),
                (
                    "summary",
                    models.JSONField(default=dict, help_text="datasets.identity.store.analysis_summary."),
                ),
                (
                    "score",
                    models.FloatField(
                        help_text="Assigned score of the subjects, a missing one counts 0.", null=True
                    ),
                ),
                (
                    "face_sim",
                    models.FloatField(help_text="The published best-pair similarity, to compare.", null=True),
                ),
                ("notes", models.JSONField(default=list, help_text="Sentences that a person should read.")),
                ("analysed_at", models.DateTimeField(auto_now=True)),
                (
                    "clip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="analysis",
                        to="datasets.clip",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "clip analyses",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "ready"), models.Q(("file", ""), _negated=True), ("error", "")
                            ),
                            models.Q(("state", "failed"), models.Q(("error", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="analyses_are_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ClipTruth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recipe", models.CharField(max_length=64)),
                ("severity", models.PositiveSmallIntegerField(help_text="1 to 5.")),
                ("schedule", models.CharField(blank=True, max_length=16)),
                (
                    "onset_frame",
                    models.PositiveIntegerField(
                        help_text="First frame of the playback copy in which anything can be seen.", null=True
                    ),
                ),
                (
                    "is_control",
                    models.BooleanField(help_text="It changes the picture and keeps who everybody is."),
                ),
                (
                    "change",
                    models.FloatField(
                        help_text="Change of the face at full strength, as calibrated: 1 is the threshold for one person.",
                        null=True,
                    ),
                ),
                ("record", models.JSONField(default=dict, help_text="All that is known of it.")),
                (
                    "clip",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="truth", to="datasets.clip"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("recipe", ""), _negated=True), name="truths_name_a_recipe"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__gte", 1), ("severity__lte", 5)),
                        name="truths_severity_1_to_5",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Pair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("prompt", models.TextField(blank=True)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="The name that a manifest gave it.", max_length=200
                    ),
                ),
                (
                    "published_better",
                    models.CharField(
                        blank=True,
                        choices=[("a", "A"), ("b", "B"), ("tie", "Tie")],
                        help_text="What its publisher claims; never shown.",
                        max_length=4,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "clip_a",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pairs_as_a",
                        to="datasets.clip",
                    ),
                ),
                (
                    "clip_b",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pairs_as_b",
                        to="datasets.clip",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("clip_a", models.F("clip_b")), _negated=True),
                        name="pairs_of_two_clips",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnownAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "preference",
                    models.CharField(
                        choices=[("a", "A"), ("b", "B"), ("tie", "Tie")],
                        help_text="The better side, in storage order.",
                        max_length=4,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True, help_text="What stands against what: clean, tie, ….", max_length=16
                    ),
                ),
                (
                    "edited_side",
                    models.CharField(
                        choices=[("a", "A"), ("b", "B")],
                        help_text="The worse side; of a tie the one that carries a change.",
                        max_length=1,
                    ),
                ),
                ("reserved_for_test", models.BooleanField(default=False)),
                (
                    "batch",
                    models.CharField(
                        blank=True, help_text="What made it, in words for leads.", max_length=220
                    ),
                ),
                (
                    "edit",
                    models.ForeignKey(
                        help_text="What was done on that side.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="datasets.cliptruth",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        help_text="What was done on the other side; nothing on a clean copy.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="datasets.cliptruth",
                    ),
                ),
                (
                    "pair",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="known_answer",
                        to="datasets.pair",
                    ),
                ),
            ],
            options={
                "ordering": ["pair"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("edited_side__in", ["a", "b"]), ("preference__in", ["a", "b", "tie"])
                        ),
                        name="known_answers_are_sides",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("preference", models.F("edited_side")), _negated=True),
                        name="known_answers_edited_side_is_no_better",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("other__isnull", True),
                            models.Q(("other", models.F("edit")), _negated=True),
                            _connector="OR",
                        ),
                        name="known_answers_of_two_changes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.SlugField(help_text="The name that manifests use.", max_length=120, unique=True),
                ),
                ("name", models.CharField(max_length=200)),
                (
                    "is_procedural",
                    models.BooleanField(default=False, help_text="Computed, not a human being."),
                ),
                (
                    "consent",
                    models.TextField(
                        blank=True, help_text="On what ground this face may be used, and for what."
                    ),
                ),
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
            ],
            options={
                "verbose_name_plural": "people",
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="IdentityTrack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveSmallIntegerField(help_text="In the strips' picture.")),
                (
                    "similarity",
                    models.FloatField(help_text="Robust mean; none where the face is never seen.", null=True),
                ),
                ("coverage", models.FloatField(help_text="Share of the frames in which the face is seen.")),
                (
                    "numbers",
                    models.JSONField(
                        default=dict, help_text="datasets.identity.metrics' PersonMetrics.numbers()."
                    ),
                ),
                (
                    "curve",
                    models.JSONField(
                        default=dict,
                        help_text="Samples over time: frames, own similarity, the nearest other subject's, quality, swapped.",
                    ),
                ),
                (
                    "threshold",
                    models.FloatField(
                        help_text="Similarity above which it is the person, on this backend's scale."
                    ),
                ),
                (
                    "analysis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_tracks",
                        to="datasets.clipanalysis",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identity_tracks",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "ordering": ["row"],
                "constraints": [
                    models.UniqueConstraint(fields=("analysis", "person"), name="identity_tracks_once"),
                    models.UniqueConstraint(fields=("analysis", "row"), name="identity_tracks_rows"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FaceTrack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                ("first", models.PositiveIntegerField(help_text="First frame in which it is seen.")),
                ("last", models.PositiveIntegerField()),
                ("frames", models.PositiveIntegerField(help_text="In how many frames it is seen.")),
                ("quality", models.FloatField(help_text="Mean, 0 to 1.")),
                (
                    "still",
                    models.BooleanField(default=False, help_text="A picture in the picture, nobody's face."),
                ),
                (
                    "similarity",
                    models.FloatField(help_text="With the person, mean over the samples.", null=True),
                ),
                (
                    "margin",
                    models.FloatField(
                        help_text="That less the next person's; none without another person.", null=True
                    ),
                ),
                (
                    "presumed",
                    models.BooleanField(
                        default=False, help_text="Nobody else was left: the face does not show it."
                    ),
                ),
                (
                    "analysis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="face_tracks",
                        to="datasets.clipanalysis",
                    ),
                ),
                (
                    "machine_person",
                    models.ForeignKey(
                        help_text="Who the machine says it is.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="datasets.person",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        help_text="The same after all corrections.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="face_tracks",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("analysis", "number"), name="face_tracks_numbered"),
                    models.CheckConstraint(
                        condition=models.Q(("last__gte", models.F("first"))), name="face_tracks_run_forwards"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="cliptruth",
            name="people",
            field=models.ManyToManyField(
                help_text="Whose faces were changed.", related_name="+", to="datasets.person"
            ),
        ),
        migrations.CreateModel(
            name="ClipSubject",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "clip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clip_subjects",
                        to="datasets.clip",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clip_subjects",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("clip", "person"), name="subjects_once_per_clip")
                ],
            },
        ),
        migrations.AddField(
            model_name="clip",
            name="subjects",
            field=models.ManyToManyField(
                related_name="clips", through="datasets.ClipSubject", to="datasets.person"
            ),
        ),
        migrations.CreateModel(
            name="Reference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(help_text="Of the stored image.", max_length=64)),
                (
                    "source_sha256",
                    models.CharField(
                        blank=True,
                        help_text="Of the file as it came: what came before is not decoded again.",
                        max_length=64,
                    ),
                ),
                (
                    "file",
                    models.CharField(
                        help_text="Storage name of the image, re-encoded without metadata.", max_length=300
                    ),
                ),
                ("width", models.PositiveIntegerField()),
                ("height", models.PositiveIntegerField()),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("source_name", models.CharField(blank=True, max_length=300)),
                ("licence", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="references",
                        to="datasets.person",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "sha256"), name="references_once_per_person")
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferenceFace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("backend", models.CharField(max_length=200)),
                ("error", models.TextField(blank=True, help_text="Why it cannot be used, in a sentence.")),
                (
                    "warnings",
                    models.JSONField(default=list, help_text="What makes it a poor reference, in sentences."),
                ),
                (
                    "embedding",
                    models.BinaryField(
                        help_text="float32, little-endian, in the space of the backend's embedder.", null=True
                    ),
                ),
                ("examined_at", models.DateTimeField(auto_now=True)),
                (
                    "reference",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="face",
                        to="datasets.reference",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("embedding__isnull", True), ("error", ""), _connector="XOR"),
                        name="reference_faces_usable_or_why_not",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=120)),
                ("version", models.PositiveIntegerField()),
                ("format", models.CharField(max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[("building", "Building"), ("frozen", "Frozen"), ("failed", "Failed")],
                        default="building",
                        max_length=16,
                    ),
                ),
                ("folder", models.CharField(blank=True, max_length=500)),
                (
                    "manifest_sha256",
                    models.CharField(blank=True, help_text="Of release.json.", max_length=64),
                ),
                ("counts", models.JSONField(default=dict)),
                (
                    "config",
                    models.JSONField(
                        default=dict, help_text="Study, splits, seed, thresholds: what made it."
                    ),
                ),
                ("error", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("clips", models.ManyToManyField(related_name="releases", to="datasets.clip")),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("people", models.ManyToManyField(related_name="releases", to="datasets.person")),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="releases_once_per_version"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "frozen"), _negated=True),
                            models.Q(("folder", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="releases_frozen_have_a_folder",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Resemblance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("backend", models.CharField(max_length=200)),
                (
                    "similarity",
                    models.FloatField(help_text="Of the means of their references, on the backend's scale."),
                ),
                (
                    "threshold",
                    models.FloatField(help_text="Similarity above which they are hard to tell apart."),
                ),
                ("made_at", models.DateTimeField(help_text="When the references were read.")),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets.person"
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="datasets.person"
                    ),
                ),
            ],
            options={
                "ordering": ["-similarity"],
                "constraints": [
                    models.UniqueConstraint(fields=("first", "second"), name="resemblances_once"),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))), name="resemblances_in_order"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Scorer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("sha256", models.CharField(help_text="Of the weights.", max_length=64, unique=True)),
                (
                    "backend",
                    models.CharField(
                        help_text="Detector and embedder whose tracks it judges.", max_length=200
                    ),
                ),
                (
                    "origins",
                    models.JSONField(default=list, help_text="Kinds of comparisons that it learned from."),
                ),
                ("scored_at", models.DateTimeField(auto_now=True)),
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
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="PairScore",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reward_a", models.FloatField()),
                ("reward_b", models.FloatField()),
                ("prob_a", models.FloatField()),
                ("prob_tie", models.FloatField()),
                ("prob_b", models.FloatField()),
                (
                    "pair",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="scores", to="datasets.pair"
                    ),
                ),
                (
                    "scorer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="datasets.scorer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("scorer", "pair"), name="pair_scores_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("prob_a__gte", 0),
                            ("prob_b__gte", 0),
                            ("prob_tie__gte", 0),
                            ("prob_a__lte", 1),
                            ("prob_b__lte", 1),
                            ("prob_tie__lte", 1),
                        ),
                        name="pair_scores_probabilities",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TrackCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="datasets.person",
                    ),
                ),
                (
                    "track",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="correction",
                        to="datasets.facetrack",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="pair",
            constraint=models.UniqueConstraint(
                django.db.models.functions.comparison.Least("clip_a", "clip_b"),
                django.db.models.functions.comparison.Greatest("clip_a", "clip_b"),
                name="pairs_once",
            ),
        ),
        migrations.AddIndex(
            model_name="knownanswer",
            index=models.Index(fields=["batch"], name="known_answers_by_batch"),
        ),
        migrations.AddIndex(
            model_name="clip",
            index=models.Index(fields=["generator", "generator_version"], name="clips_by_generator"),
        ),
        migrations.AddIndex(
            model_name="clip",
            index=models.Index(fields=["origin", "state"], name="clips_by_origin"),
        ),
    ]
