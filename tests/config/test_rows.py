"""Many rows by one statement: as bulk_create stores them, on both databases."""

import pytest
from django.db import IntegrityError, transaction

from config.jobs.models import Job, JobState
from config.rows import rows_insert
from datasets.models import Clip, Pair
from tests.annotator.factories import make_clip, make_user

pytestmark = pytest.mark.django_db


def insert_jobs(*rows: tuple, **same) -> None:
    rows_insert(Job, ("params", "key", "label"), rows, **{"kind": "clip_prepare", "queue": "media"} | same)


def test_a_row_is_the_one_that_the_model_would_have_saved() -> None:
    user = make_user("lena")
    insert_jobs(({"clip": 7, "name": "Zoë's “take”"}, "7", "100 % wool"), created_by=user)
    saved = Job.objects.create(
        kind="clip_prepare",
        queue="media",
        params={"clip": 7, "name": "Zoë's “take”"},
        key="8",
        label="100 % wool",
        created_by=user,
    )
    inserted = Job.objects.get(key="7")
    own = {"id", "uid", "key", "created_at"}
    for field in Job._meta.concrete_fields:
        if field.name not in own:
            assert getattr(inserted, field.name) == getattr(saved, field.name), field.name
    assert abs(inserted.created_at - saved.created_at).total_seconds() < 60


def test_a_default_that_is_made_anew_is_made_for_each_row() -> None:
    insert_jobs(*[({}, str(number), "") for number in range(50)])
    assert len(set(Job.objects.values_list("uid", flat=True))) == 50
    assert Job.objects.filter(state=JobState.QUEUED, attempt=0, max_attempts=3).count() == 50


def test_what_is_there_stays_and_the_rest_goes_in() -> None:
    insert_jobs(({}, "1", "first"))
    insert_jobs(({}, "1", "second"), ({}, "2", "second"), ({}, "2", "third"))
    assert list(Job.objects.order_by("key").values_list("key", "label")) == [("1", "first"), ("2", "second")]


def test_no_rows_are_no_error() -> None:
    insert_jobs()
    assert not Job.objects.exists()


def test_a_row_that_breaks_a_rule_is_an_error_and_takes_all_with_it() -> None:
    a, b = make_clip(), make_clip()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert(Pair, ("clip_a", "clip_b"), [(a.pk, b.pk), (a.pk, a.pk)])
    assert not Pair.objects.exists()
    real = [("f" * 64, "clips/f.mp4", 4, "f.mp4", "real", "a generator")]
    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert(Clip, ("sha256", "file", "bytes", "source_name", "origin", "generator"), real)
