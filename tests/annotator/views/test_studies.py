import pytest
from django.test import Client
from django.urls import reverse

from annotator.models import Study
from config.accounts.models import User
from tests.annotator.factories import make_study, make_user

pytestmark = pytest.mark.django_db
URL = "/studies/"


def test_lists_the_studies_that_the_lead_leads_and_no_others(browser: Client, study: Study) -> None:
    make_study(1, name="Somebody else's", created_by=make_user(is_lead=True))

    page = browser.get(URL).content.decode()

    assert "Two friends" in page
    assert "Somebody else" not in page


def test_narrows_to_a_state_and_ignores_an_unknown_one(browser: Client, lead: User, study: Study) -> None:
    make_study(1, name="Not begun", created_by=lead, opened=False)

    assert "Two friends" not in browser.get(URL, {"state": "draft"}).content.decode()
    assert "Not begun" in browser.get(URL, {"state": "draft"}).content.decode()
    assert "Two friends" in browser.get(URL, {"state": "no such state"}).content.decode()


def test_says_what_to_do_when_there_is_none(browser: Client) -> None:
    page = browser.get(URL).content.decode()

    assert "No studies yet" in page
    assert reverse("annotator:study-new") in page


def test_costs_the_same_queries_for_any_number_of_studies(
    browser: Client, lead: User, study: Study, django_assert_max_num_queries
) -> None:
    for _ in range(5):
        make_study(1, created_by=lead)

    with django_assert_max_num_queries(6):
        browser.get(URL)


def test_is_not_there_for_annotators_and_strangers(client: Client, as_user, annotator: User) -> None:
    assert as_user(annotator).get(URL).status_code == 404
    assert client.get(URL).headers["Location"].startswith("/login/")
