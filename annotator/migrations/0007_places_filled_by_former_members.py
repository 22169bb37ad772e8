from django.db import migrations, models
from django.db.models import Exists, OuterRef


def count(apps, schema_editor):
    """Count what people filled who answer no more."""
    Member, Slot = apps.get_model("annotator", "Member"), apps.get_model("annotator", "Slot")
    for study in apps.get_model("annotator", "Study").objects.all():
        answering = Member.objects.filter(study=study, user=OuterRef("annotator")).exclude(role="reviewer")
        filled = Slot.objects.filter(~Exists(answering), study=study, kind="answer", state="done")
        study.n_done_by_former = filled.count()
        study.save(update_fields=["n_done_by_former"])


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0006_faces_for_annotators"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="n_done_by_former",
            field=models.PositiveIntegerField(
                default=0,
                editable=False,
                help_text="Of these, how many people filled who answer no more: taken off, or made reviewers.",
            ),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
