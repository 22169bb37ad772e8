import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotator.models import Judgment, Slot, Study
from config.accounts.models import User
from datasets.models import Clip
from tests.annotator.answering import answer_all
from tests.annotator.factories import make_annotator, make_study, make_user

from .conftest import HTMX

pytestmark = pytest.mark.django_db
URL = "/ranking/"


def for_the_tuned_one(slot: Slot) -> str:
    on_left = slot.item.pair.clip_a if slot.left_is_a else slot.item.pair.clip_b
    return "left" if on_left.generator == "tuned" else "right"


@pytest.fixture
def judged(study: Study, annotator: User) -> Study:
    """A study in which the tuned generator won every comparison."""
    for name, side in (("base", "pairs_as_a"), ("tuned", "pairs_as_b")):
        Clip.objects.filter(**{f"{side}__items__study": study}).update(generator=name)
    answer_all(study, annotator, for_the_tuned_one)
    return study


def test_ranks_the_winner_first_with_rating_interval_and_matrix(browser: Client, judged: Study) -> None:
    page = browser.get(URL).content.decode()

    assert page.index('<th scope="row">tuned') < page.index('<th scope="row">base')
    assert page.count('class="chart interval"') == 3  # the axis and two generators
    assert "4–0–0" in page  # wins, ties and losses; the repeat is left out
    assert "won, or lost, everything" in page


def test_narrows_to_a_study_and_a_number_of_people(browser: Client, judged: Study, lead: User) -> None:
    other = make_study(1, created_by=lead)

    assert "Nothing to rank here" in browser.get(URL, {"study": other.slug}).content.decode()
    assert "tuned" in browser.get(URL, {"study": judged.slug, "people": "2"}).content.decode()


@pytest.mark.parametrize(
    "query", [{"people": "7"}, {"people": "x"}, {"study": "none-such"}, {"judges": "gods"}]
)
def test_a_filter_that_names_nothing_is_as_good_as_none(
    browser: Client, judged: Study, query: dict[str, str]
) -> None:
    assert "tuned" in browser.get(URL, query).content.decode()


def test_simulated_answers_are_left_out_or_marked(browser: Client, judged: Study) -> None:
    answer_all(judged, make_annotator(judged, is_simulated=True), "tie")
    Judgment.objects.filter(overall="tie").update(is_simulated=True)

    assert "simulated.</strong>" not in browser.get(URL).content.decode()
    assert "4 of 8 answers here are simulated." in browser.get(URL, {"judges": "all"}).content.decode()


def test_only_simulated_answers_are_shown_as_such(browser: Client, judged: Study) -> None:
    Judgment.objects.update(is_simulated=True)

    assert "All answers here are simulated." in browser.get(URL).content.decode()


def queries(browser: Client) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        browser.get(URL)
    return len(asked)


def test_asks_the_database_as_little_about_many_studies_as_about_one(
    browser: Client, judged: Study, lead: User
) -> None:
    one = queries(browser)
    for _ in range(4):
        study = make_study(3, created_by=lead)
        answer_all(study, make_annotator(study))

    assert queries(browser) <= one <= 10


def test_htmx_gets_the_fragment(browser: Client, judged: Study) -> None:
    fragment = browser.get(URL, headers=HTMX).content.decode()

    assert 'id="ranking"' in fragment
    assert "<html" not in fragment


def test_another_lead_sees_none_of_it(as_user, judged: Study) -> None:
    page = as_user(make_user(is_lead=True)).get(URL, {"study": judged.slug}).content.decode()

    assert "tuned" not in page
    assert "Two friends" not in page


def test_is_for_leads(as_user, annotator: User) -> None:
    assert as_user(annotator).get(URL).status_code == 404
