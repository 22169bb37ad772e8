import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from annotator.models import Item, Role, Study
from config.accounts.models import User
from datasets.models import Clip
from tests.annotator.answering import answer_all, answer_one, for_clip_a, for_clip_b
from tests.annotator.factories import make_annotator, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def item(study: Study, annotator: User) -> Item:
    """Return an item on which two annotators disagree."""
    answer_all(study, annotator, for_clip_a)
    answer_all(study, make_annotator(study), for_clip_b)
    return Item.objects.filter(study=study, consensus__state="disputed").earliest("position")


@pytest.fixture
def url(study: Study) -> str:
    return f"/studies/{study.slug}/reviews/"


def test_a_lead_sees_what_is_disputed_and_that_nobody_can_settle_it(
    browser: Client, item: Item, url: str
) -> None:
    page = browser.get(url).content.decode()

    assert page.count("1 against 1") == 4
    assert "This study has no reviewer." in page


def test_a_lead_sees_every_answer_by_pseudonym(
    browser: Client, item: Item, annotator: User, url: str
) -> None:
    page = browser.get(f"{url}{item.pk}/").content.decode()

    assert annotator.pseudonym in page
    assert annotator.username not in page
    assert (
        page.count('answer--left">Left') == page.count('answer--right">Right') == 3
    )  # overall and two people


def test_a_reviewer_judges_blind_before_seeing_answers(
    as_user, item: Item, study: Study, reviewer: User, url: str
) -> None:
    browser = as_user(reviewer)
    assert browser.get(f"{url}{item.pk}/").headers["Location"] == f"/w/{study.slug}/"
    assert browser.get(f"{url}{item.pk}/left.mp4").status_code == 404
    assert "poster.jpg" not in browser.get(url).content.decode()  # the library is the leads'
    assert "1 against 1" not in browser.get(url).content.decode()

    judgment = answer_one(study, reviewer, for_clip_a)

    page = browser.get(f"{url}{judgment.item_id}/").content.decode()
    assert "your review" in page
    assert "agreed" in page
    assert "1 against 1" in browser.get(url).content.decode()


def test_a_lead_sees_what_reviewers_could_not_judge(
    browser: Client, as_user, item: Item, study: Study, reviewer: User, url: str
) -> None:
    assert "Judge the next" in as_user(reviewer).get(url).content.decode()
    answer_all(study, reviewer, "cannot_judge")
    page = browser.get(url).content.decode()
    assert page.count("1 reviewer could not judge") == 4
    assert "4 items wait for another reviewer." in page
    assert "by vote, as no reviewer could judge" in browser.get(f"{url}{item.pk}/").content.decode()
    assert "Judge the next" not in as_user(reviewer).get(url).content.decode()  # nothing is left for them

    answer_all(study, make_annotator(study, Role.REVIEWER), "cannot_judge")
    answer_all(study, make_annotator(study, Role.REVIEWER), "cannot_judge")
    page = browser.get(url).content.decode()
    assert page.count("no reviewer could judge") == 4
    assert "another reviewer" not in page


def test_answers_are_turned_to_the_sides_of_the_page(
    as_user, item: Item, study: Study, reviewer: User, url: str
) -> None:
    """Whoever said a better says left where a is on the left now, whatever side it had for them."""
    judgment = answer_one(study, reviewer, for_clip_a)
    seen = "Left" if judgment.left_is_a else "Right"

    page = as_user(reviewer).get(f"{url}{judgment.item_id}/").content.decode()

    # The reviewer and the one annotator for a: one side; the annotator for b: the other. Overall and two people.
    assert page.count(f'answer--{seen.lower()}">{seen}') == 6


def test_the_sides_of_the_page_are_the_sides_of_its_clips(
    as_user, item: Item, study: Study, reviewer: User, url: str
) -> None:
    judgment = answer_one(study, reviewer, for_clip_a)
    pair = judgment.item.pair
    for clip, content in ((pair.clip_a, b"clip a"), (pair.clip_b, b"clip b")):
        default_storage.save(Clip.objects.get(pk=clip.pk).playback_file, ContentFile(content))

    side = "left" if judgment.left_is_a else "right"
    response = as_user(reviewer).get(f"{url}{judgment.item_id}/{side}.mp4")

    assert b"".join(response.streaming_content) == b"clip a"


def test_outsiders_get_nothing(as_user, item: Item, annotator: User, url: str, client: Client) -> None:
    for outsider in (annotator, make_user(is_lead=True)):
        browser = as_user(outsider)
        for path in (url, f"{url}{item.pk}/", f"{url}{item.pk}/left.mp4"):
            assert browser.get(path).status_code == 404
    assert client.get(url).headers["Location"].startswith("/login/")


def test_an_item_of_another_study_is_not_here(browser: Client, item: Item, lead: User, url: str) -> None:
    assert browser.get(f"{url}{item.pk + 1000}/").status_code == 404
    assert browser.get(f"{url}{item.pk}/middle.mp4").status_code == 404


def test_the_list_costs_the_same_queries_for_any_number_of_disputes(
    browser: Client, item: Item, url: str, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(11):
        browser.get(url)
