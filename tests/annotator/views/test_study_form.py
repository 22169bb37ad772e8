from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from annotator.forms import NO_PAIRS, NO_QUESTION
from annotator.models import Member, Study
from config.accounts.models import User
from datasets.models import Clip, Pair
from tests.annotator.factories import make_pair, make_person

from .conftest import HTMX

pytestmark = pytest.mark.django_db
URL = "/studies/new/"
PLAN = "/studies/new/plan/"


@pytest.fixture
def library() -> list[Pair]:
    """Three pairs: two of Ada and Bo, one of Cai alone."""
    ada, bo, cai = make_person(name="Ada"), make_person(name="Bo"), make_person(name="Cai")
    return [make_pair(ada, bo), make_pair(ada, bo), make_pair(cai)]


def filled(**fields: Any) -> dict[str, Any]:
    return {
        "name": "Kitchen",
        "instructions": "Look at the **faces**.",
        "overlap": 3,
        "repeat_per_cent": 50,
        "lease_minutes": 20,
        "ask_overall": "on",
        "seed": 7,
        **fields,
    }


def test_makes_a_study_of_the_pairs_that_match(browser: Client, lead: User, library: list[Pair]) -> None:
    example = library[0].clip_a

    response = browser.post(URL, filled(person_counts=[2], example_clips=[example.pk]))

    study = Study.objects.get()
    assert response.headers["Location"] == f"/studies/{study.slug}/"
    assert {item.pair for item in study.items.all()} == set(library[:2])
    assert study.items.filter(repeat_of__isnull=False).count() == 1
    assert (study.overlap, study.repeat_share, study.seed) == (3, 0.5, 7)
    assert (study.ask_overall, study.ask_people, study.ask_marks) == (True, False, False)
    assert list(study.example_clips.all()) == [example]
    assert study.filter == {"person_counts": [2]}
    assert Member.objects.get(study=study).user == lead


@pytest.mark.parametrize("url", [URL, PLAN])
def test_asks_the_database_as_little_about_many_pairs_as_about_few(
    browser: Client, library: list[Pair], url: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(url).status_code == 200
        return len(asked)

    few = queries()
    for number in range(12):
        make_pair(make_person(), make_person(name=f"Extra {number}"))

    assert queries() <= few <= 12


def test_starts_from_the_defaults_of_a_study(browser: Client, library: list[Pair]) -> None:
    page = browser.get(URL).content.decode()

    assert 'name="overlap" value="3"' in page
    assert 'name="repeat_per_cent" value="5"' in page
    assert page.count("checked") == 4  # the questions


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "This field is required."),
        ({"overlap": 0}, "greater than or equal to 1"),
        ({"overlap": "many"}, "Enter a whole number."),
        ({"repeat_per_cent": 80}, "less than or equal to 50"),
        ({"ask_overall": ""}, NO_QUESTION),
        ({"prompt": "nobody wrote this"}, NO_PAIRS),
        ({"people": [999_999]}, "not one of the available choices"),
    ],
)
def test_says_what_is_wrong_and_keeps_what_was_entered(
    browser: Client, library: list[Pair], fields: dict[str, Any], sentence: str
) -> None:
    response = browser.post(URL, filled(**fields))

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert "Look at the **faces**." in response.content.decode()
    assert not Study.objects.exists()


def test_the_plan_counts_pairs_repeats_and_answers(browser: Client, library: list[Pair]) -> None:
    fragment = browser.get(PLAN, filled(person_counts=[2]), headers=HTMX).content.decode()

    assert "<html" not in fragment
    numbers = [line.split("<dd>")[1].split("<")[0] for line in fragment.splitlines() if "<dt>" in line]
    assert numbers == ["2", "3", "3", "9"]  # pairs, answers per item, repeats (1 item), answers


def test_the_plan_stands_broken_numbers(browser: Client, library: list[Pair]) -> None:
    fragment = browser.get(PLAN, {"overlap": "x", "repeat_per_cent": "", "people": "y"}).content.decode()

    assert "answers in all" in fragment


def test_the_plan_says_when_nothing_matches(browser: Client, library: list[Pair]) -> None:
    assert "No pair matches" in browser.get(PLAN, filled(prompt="nobody wrote this")).content.decode()


def test_example_clips_stay_chosen_when_the_filter_changes(browser: Client, library: list[Pair]) -> None:
    fragment = browser.get(
        PLAN, filled(person_counts=[1], example_clips=[library[0].clip_a_id])
    ).content.decode()

    assert f'value="{library[0].clip_a_id}" checked' in fragment


def test_pairs_whose_clips_cannot_be_played_do_not_count(browser: Client, library: list[Pair]) -> None:
    Clip.objects.filter(pk=library[0].clip_a_id).update(state="pending")

    assert "<dd>2</dd>" in browser.get(PLAN, filled()).content.decode()


def test_fresh_leaves_out_what_is_in_a_study(browser: Client, library: list[Pair]) -> None:
    browser.post(URL, filled(person_counts=[2]))

    response = browser.post(URL, filled(name="The rest", fresh="on"))

    assert response.status_code == 302
    assert [item.pair for item in Study.objects.get(name="The rest").items.filter(repeat_of=None)] == library[
        2:
    ]


def test_a_study_named_new_does_not_hide_the_form(browser: Client, library: list[Pair]) -> None:
    browser.post(URL, filled(name="New"))

    assert Study.objects.get().slug != "new"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold**", "<strong>bold</strong>"),
        ("<script>alert(1)</script>", "&lt;script&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("", "see nothing here"),
    ],
)
def test_previews_markdown_without_anything_dangerous(browser: Client, text: str, html: str) -> None:
    assert html in browser.post("/studies/new/preview/", {"instructions": text}).content.decode()


def test_is_for_leads(as_user, annotator: User, client: Client) -> None:
    for url in (URL, PLAN):
        assert as_user(annotator).get(url).status_code == 404
        assert client.get(url).headers["Location"].startswith("/login/")
    assert as_user(annotator).post("/studies/new/preview/").status_code == 404


@pytest.mark.parametrize(("said", "kept"), [({}, "after"), ({"curves": "never"}, "never")])
def test_a_lead_says_when_annotators_see_curves(
    browser: Client, library: list[Pair], said: dict[str, str], kept: str
) -> None:
    browser.post(URL, filled(**said))

    assert Study.objects.get().curves == kept


def test_refuses_a_word_that_says_no_time_for_curves(browser: Client, library: list[Pair]) -> None:
    assert browser.post(URL, filled(curves="sometimes")).status_code == 422
    assert not Study.objects.exists()
