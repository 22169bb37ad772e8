import pytest
from django.test import Client

from annotator.models import Judgment, Study
from config.accounts.models import User
from tests.annotator.answering import answer_all, for_clip_a, for_clip_b
from tests.annotator.factories import make_annotator, make_user

from .conftest import HTMX

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(study: Study) -> str:
    return f"/studies/{study.slug}/"


def test_shows_a_study_without_answers(browser: Client, url: str) -> None:
    page = browser.get(url).content.decode()

    assert "of 10 answers" in page  # 4 pairs and 1 repeat, 2 answers each
    assert "No answers yet" in page
    assert "Nobody has answered yet" in page


def test_shows_figures_chart_annotators_and_disputes(
    browser: Client, study: Study, annotator: User, url: str
) -> None:
    other = make_annotator(study)
    answer_all(study, annotator, for_clip_a)
    answer_all(study, other, for_clip_b)

    page = browser.get(url).content.decode()

    assert "about" not in page.split("of 10 answers")[1][:20]  # nothing is left to do
    assert page.count('class="spark"') == 2
    assert "<title>Answers per hour</title>" in page
    assert page.count('aria-label="1 against 1"') == 4  # every item is disputed
    assert annotator.username in page
    assert other.username in page


def test_htmx_gets_the_part_that_changes(browser: Client, study: Study, url: str) -> None:
    fragment = browser.get(url, headers=HTMX).content.decode()

    assert 'id="study-live"' in fragment
    assert "<html" not in fragment
    assert "every 10s" in fragment


def test_a_study_that_rests_is_not_asked_for_again(browser: Client, study: Study, url: str) -> None:
    browser.post(f"{url}state/pause/")

    assert "every 10s" not in browser.get(url).content.decode()


def test_marks_simulated_answers(browser: Client, study: Study, url: str) -> None:
    robot = make_annotator(study, is_simulated=True)
    answer_all(study, robot, "tie")
    Judgment.objects.update(is_simulated=True)

    page = browser.get(url).content.decode()

    assert "answers are simulated" in page
    assert '<span class="badge">simulated</span>' in page


def test_costs_the_same_queries_for_any_number_of_annotators(
    browser: Client, study: Study, annotator: User, url: str, django_assert_max_num_queries
) -> None:
    answer_all(study, annotator, for_clip_a)
    answer_all(study, make_annotator(study), for_clip_b)

    with django_assert_max_num_queries(20):
        browser.get(url, headers=HTMX)


def test_is_not_there_for_others(client: Client, as_user, annotator: User, reviewer: User, url: str) -> None:
    for outsider in (annotator, reviewer, make_user(is_lead=True)):
        assert as_user(outsider).get(url).status_code == 404
    assert client.get(url).headers["Location"].startswith("/login/")
