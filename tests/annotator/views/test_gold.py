"""The page of a study's test questions, and what came of them through the API."""

import pytest
from django.test import Client

from annotator.models import Item, Qualification, Study
from annotator.services.refusals import NotQualified
from config.accounts.models import User
from datasets.models import KnownAnswer
from tests.annotator.factories import make_annotator, make_person, make_study, member_of
from tests.annotator.known import make_known
from tests.annotator.test_gold import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def known() -> list[KnownAnswer]:
    people = (make_person(name="Ada"), make_person(name="Ben"))
    rows = [make_known(*people, severity=n, better=side, onset=10) for n in range(1, 6) for side in "ab"]
    return [*rows, make_known(*people, better="tie")]


@pytest.fixture
def asked(browser: Client, lead: User, known: list[KnownAnswer]) -> Study:
    """A study of the browser's lead with a round of two."""
    study = make_study(n_pairs=24, overlap=2, created_by=lead)
    assert browser.post(f"/studies/{study.slug}/gold/add/", {}).status_code == 302
    assert browser.post(f"/studies/{study.slug}/gold/settings/", settings()).status_code == 302
    study.refresh_from_db()
    return study


def settings(**changes):
    values = {
        "share_per_cent": "50",
        "most": "",
        "tie_up_to": "2",
        "qualification_size": "2",
        "qualification_pass": "1",
    }
    return {**values, **changes}


def test_the_form_makes_test_questions_of_what_was_ticked(browser, lead, known):
    study = make_study(created_by=lead)
    page = browser.get(f"/studies/{study.slug}/gold/").content.decode()
    assert "Batch one: 11 of 11 left" in page

    browser.post(
        f"/studies/{study.slug}/gold/add/", {"batches": ["Batch one"], "gaps": ["3", "4"], "most": "3"}
    )

    gaps = [
        each.gap
        for each in KnownAnswer.objects.filter(pair__items__study=study).select_related("edit", "other")
    ]
    assert len(gaps) == 3
    assert set(gaps) == {3, 4}
    assert Item.objects.filter(study=study, is_gold=True).count() == 3


def test_without_anything_to_choose_the_page_says_what_to_do(browser, lead):
    study = make_study(created_by=lead)
    assert (
        "Make a batch of distortions with pairs"
        in browser.get(f"/studies/{study.slug}/gold/").content.decode()
    )
    refused = browser.post(f"/studies/{study.slug}/gold/add/", {})
    assert refused.status_code == 422
    assert "make a batch of distortions with pairs first" in refused.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"qualification_size": "40", "qualification_pass": "3"},
            "wants 40 test questions, and the study has 11",
        ),
        ({"qualification_size": "4", "qualification_pass": "5"}, "Of 4 questions, 1 to 4 can be asked for."),
        ({"share_per_cent": "90"}, "less than or equal to 50"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_a_sentence(browser, asked, changes, sentence):
    refused = browser.post(f"/studies/{asked.slug}/gold/settings/", settings(**changes))
    assert refused.status_code == 422
    assert sentence in refused.content.decode()


def test_the_page_shows_who_sees_what(browser, asked):
    annotators = [make_annotator(asked) for _ in range(3)]
    for annotator in annotators:
        work(asked, annotator)
    page = browser.get(f"/studies/{asked.slug}/gold/").content.decode()
    for word in (
        "Seen from severity",
        "By recipe and severity",
        "morph_drift",
        "photometric",
        annotators[0].username,
    ):
        assert word in page
    assert page.count("<svg") > 2
    assert "Test questions" in browser.get(f"/studies/{asked.slug}/").content.decode()


def test_the_same_through_the_api(browser, asked):
    # Without a round: whether ties pass one is a matter of which questions are drawn.
    browser.post(
        f"/studies/{asked.slug}/gold/settings/", settings(qualification_size="0", qualification_pass="0")
    )
    annotator = make_annotator(asked)
    work(asked, annotator, answers="tie")
    body = browser.get(f"/api/v1/studies/{asked.slug}/gold").json()
    assert (body["items"], body["answers"]) == (11, 11)
    # Ties are right up to severity 2 and where nobody is worse.
    assert (body["right"]["count"], body["right"]["total"]) == (5, 11)
    assert body["right"]["low"] < 5 / 11 < body["right"]["high"]
    assert body["ties"]["count"] == body["ties"]["total"] == 1
    assert [each["recipe"] for each in body["recipes"]] == ["morph_drift", "photometric"]
    assert body["psychometric"]["seen"]["5"] == {
        "count": 0, "total": 2, "share": 0.0, "low": 0.0, "high": pytest.approx(0.6576, abs=1e-3)
    }  # fmt: skip
    assert body["frames_after_onset"] == {}


def test_a_lead_decides_on_who_failed(browser, asked):
    one, two = make_annotator(asked), make_annotator(asked)
    for annotator in (one, two):
        with pytest.raises(NotQualified):
            work(asked, annotator, answers="wrong")
    assert "2 annotators did not pass" in browser.get(f"/studies/{asked.slug}/").content.decode()
    browser.post(f"/studies/{asked.slug}/gold/{member_of(asked, one).pk}/let-in/")
    browser.post(f"/studies/{asked.slug}/gold/{member_of(asked, two).pk}/again/")
    assert member_of(asked, one).qualification == Qualification.PASSED
    assert member_of(asked, two).qualification == Qualification.OPEN
    page = browser.get(f"/studies/{asked.slug}/gold/").content.decode()
    assert "let in by" in page
    assert "in the round" in page
