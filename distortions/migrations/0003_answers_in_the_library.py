from django.db import migrations

CONTROLS = {"crop_scale", "expression", "photometric", "reenact", "self_blend", "temporal", "texture_loss"}


def is_control(row):
    return row.truth.get("kind", "control" if row.recipe in CONTROLS else "negative") == "control"


def tell(apps, schema_editor):
    """Tell the library how clips were distorted, and which side of each pair is better."""
    ClipTruth = apps.get_model("datasets", "ClipTruth")
    KnownAnswer = apps.get_model("datasets", "KnownAnswer")
    Person = apps.get_model("datasets", "Person")
    Distortion = apps.get_model("distortions", "Distortion")
    SyntheticPair = apps.get_model("distortions", "SyntheticPair")
    for row in Distortion.objects.filter(clip__isnull=False).order_by("pk").iterator():
        edits = row.truth.get("edits", [])
        onset = row.truth.get("onset", -1)
        truth, is_new = ClipTruth.objects.get_or_create(
            clip_id=row.clip_id,
            defaults={
                "recipe": row.recipe,
                "severity": row.severity,
                "schedule": row.schedule,
                "onset_frame": onset if onset >= 0 else None,
                "is_control": is_control(row),
                "change": row.truth.get("calibration", {}).get("achieved"),
                "record": row.truth,
            },
        )
        if is_new:
            truth.people.set(Person.objects.filter(key__in={edit["person"] for edit in edits if edit["person"]}))
    for pair in SyntheticPair.objects.select_related("batch", "distortion_a", "distortion_b").iterator():
        a, b = pair.distortion_a, pair.distortion_b
        side = "b" if b is not None and (a is None or pair.answer != "b") else "a"
        edited, other = (b, a) if side == "b" else (a, b)
        edit = ClipTruth.objects.filter(clip_id=edited.clip_id).first()
        if edit is None:
            continue  # the clip was deleted since
        KnownAnswer.objects.create(
            pair_id=pair.pair_id,
            preference=pair.answer,
            kind=pair.kind,
            edited_side=side,
            edit=edit,
            other=None if other is None else ClipTruth.objects.filter(clip_id=other.clip_id).first(),
            reserved_for_test=pair.reserved_for_test,
            batch=f"{pair.batch.name} (batch {pair.batch_id})",
        )


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0005_known_answers"),
        ("distortions", "0002_donors"),
    ]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
