import pytest
from django.test import Client

from annotator.models import Role, Study
from annotator.services.members import member_add
from annotator.services.studies import study_pause
from config.accounts.models import User
from tests.annotator.answering import answer_all, answer_next, for_clip_a, for_clip_b
from tests.annotator.factories import make_annotator, make_study, make_user

pytestmark = pytest.mark.django_db
URL = "/work/"


def test_shows_ones_own_studies_and_no_others(as_user, study: Study, annotator: User) -> None:
    make_study(1, name="Not mine")

    page = as_user(annotator).get(URL).content.decode()

    assert "Two friends" in page
    assert "Not mine" not in page
    assert f"/w/{study.slug}/" in page
    assert "Start" in page


def test_shows_progress_and_pace(as_user, study: Study, annotator: User) -> None:
    answer_next(study, annotator, active_ms=41_000)

    page = as_user(annotator).get(URL).content.decode()

    assert "<strong>1</strong> of 5" in page  # 4 pairs, one of them twice
    assert "41\N{NO-BREAK SPACE}s a pair" in page
    assert "Continue" in page


def test_offers_no_way_into_a_study_that_rests(as_user, study: Study, annotator: User) -> None:
    study_pause(study=study)

    page = as_user(annotator).get(URL).content.decode()

    assert "Paused by its lead" in page
    assert f"/w/{study.slug}/" not in page


def test_tells_a_reviewer_how_much_waits(as_user, study: Study, annotator: User, reviewer: User) -> None:
    assert "Nothing to review now" in as_user(reviewer).get(URL).content.decode()

    answer_all(study, annotator, for_clip_a)
    answer_all(study, make_annotator(study), for_clip_b)

    page = as_user(reviewer).get(URL).content.decode()
    assert "4 items to review" in page
    assert f"/w/{study.slug}/" in page


def test_says_what_to_do_without_a_study(as_user) -> None:
    assert "invitation link" in as_user(make_user()).get(URL).content.decode()
    assert "Make a study" in as_user(make_user(is_lead=True)).get(URL).content.decode()


def test_costs_the_same_queries_for_any_number_of_studies(
    as_user, annotator: User, study: Study, django_assert_max_num_queries
) -> None:
    for _ in range(4):
        member_add(study=make_study(1), user=annotator, role=Role.ANNOTATOR)

    browser = as_user(annotator)
    with django_assert_max_num_queries(4):
        browser.get(URL)


def test_strangers_log_in_first(client: Client) -> None:
    assert client.get(URL).headers["Location"].startswith("/login/")
