from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotator.models import Judgment, Study
from annotator.selectors.activity import SPARK_HOURS, study_activity
from config.accounts.models import User
from tests.annotator.answering import answer_one
from tests.annotator.factories import make_annotator, make_study

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)


@pytest.fixture
def study(db) -> Study:
    return make_study(9)


@pytest.fixture
def annotator(study: Study) -> User:
    return make_annotator(study)


def answer_at(study: Study, user: User, *moments: datetime) -> None:
    for moment in moments:
        judgment = answer_one(study, user)
        Judgment.objects.filter(pk=judgment.pk).update(created_at=moment)


def test_a_study_without_answers_has_no_bins(study: Study) -> None:
    assert study_activity(study=study).bins == []


def test_hours_without_answers_are_there_too(study: Study, annotator: User) -> None:
    answer_at(study, annotator, NOON, NOON + timedelta(minutes=59), NOON + timedelta(hours=3))

    activity = study_activity(study=study)

    assert activity.unit == "hour"
    assert [each.count for each in activity.bins] == [2, 0, 0, 1]
    assert activity.bins[0].start == NOON


def test_more_than_three_days_are_counted_by_the_day(study: Study, annotator: User) -> None:
    answer_at(study, annotator, NOON, NOON + timedelta(hours=5), NOON + timedelta(days=3))

    activity = study_activity(study=study)

    assert activity.unit == "day"
    assert [each.count for each in activity.bins] == [2, 0, 0, 1]
    assert activity.bins[0].start == NOON.replace(hour=0)


def test_the_last_hours_of_each_annotator_end_with_the_last_answer(study: Study, annotator: User) -> None:
    other = make_annotator(study)
    answer_at(study, annotator, NOON - timedelta(hours=30), NOON - timedelta(hours=1), NOON)
    answer_at(study, other, NOON - timedelta(hours=23))

    hours = study_activity(study=study).last_hours

    assert hours[annotator.pk] == [0] * (SPARK_HOURS - 2) + [1, 1]
    assert hours[other.pk] == [1] + [0] * (SPARK_HOURS - 1)


def test_what_is_kept_of_past_hours_does_not_hide_new_answers(study: Study, annotator: User) -> None:
    answer_at(study, annotator, NOON)
    study_activity(study=study)  # NOON is long over and is kept

    now = timezone.now()
    answer_at(study, annotator, now, now - timedelta(minutes=1))

    assert sum(each.count for each in study_activity(study=study).bins) == 3
    assert sum(each.count for each in study_activity(study=study).bins) == 3


def test_past_hours_are_counted_once(study: Study, annotator: User, django_assert_num_queries) -> None:
    answer_at(study, annotator, NOON)
    study_activity(study=study)

    with django_assert_num_queries(1) as queries:
        study_activity(study=study)
    assert "created_at" in queries.captured_queries[0]["sql"].partition("WHERE")[2]
