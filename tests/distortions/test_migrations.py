"""Answers that older installations kept beside their pairs move into the library."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from datasets.models import KnownAnswer
from tests.datasets.factories import make_clip, make_pair, make_person
from tests.distortions.factories import make_batch, make_distortion, make_truth

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_answers_move_into_the_library():
    executor = MigrationExecutor(connection)
    ada = make_person("Ada")
    ada.key = "ada"
    ada.save()
    batch = make_batch()
    row = make_distortion(
        batch, source=make_clip(ada), clip=make_clip(origin="distorted"), truth=make_truth(), severity=4
    )
    control = make_distortion(
        batch, source=row.source, clip=make_clip(origin="distorted"), recipe="photometric"
    )
    assert row.clip is not None
    assert control.clip is not None
    worse, tie = make_pair(row.clip, make_clip()), make_pair(make_clip(), control.clip)
    executor.migrate([("distortions", "0002_donors")])
    try:
        SyntheticPair = executor.loader.project_state([("distortions", "0002_donors")]).apps.get_model(
            "distortions", "SyntheticPair"
        )
        same = {"batch_id": batch.pk}
        SyntheticPair.objects.create(
            pair_id=worse.pk,
            group=1,
            kind="clean",
            answer="b",
            distortion_a_id=row.pk,
            reserved_for_test=True,
            **same,
        )
        SyntheticPair.objects.create(
            pair_id=tie.pk, group=2, kind="tie", answer="tie", distortion_b_id=control.pk, **same
        )
    finally:
        forwards = MigrationExecutor(connection)
        forwards.migrate(forwards.loader.graph.leaf_nodes())

    known = KnownAnswer.objects.get(pair=worse)
    assert (known.preference, known.edited_side, known.kind, known.reserved_for_test) == (
        "b",
        "a",
        "clean",
        True,
    )
    assert (known.edit.clip, known.edit.severity, known.edit.onset_frame) == (row.clip, 4, 5)
    assert list(known.edit.people.all()) == [ada]
    assert known.gap == 4
    level = KnownAnswer.objects.get(pair=tie)
    assert (level.preference, level.edited_side, level.edit.is_control, level.gap) == ("tie", "b", True, 0)
