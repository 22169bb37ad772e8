"""Taking somebody off a study in the browser, and back."""

import re

import pytest
from django.test import Client

from annotator.models import Judgment, Member, Role, Study
from annotator.selectors.agreement import study_agreement
from annotator.services.members import ONLY_LEAD
from annotator.services.slots import slot_claim
from config.accounts.models import User
from tests.annotator.answering import answer_one
from tests.annotator.factories import make_annotator, make_study, make_user, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(study: Study) -> str:
    return f"/studies/{study.slug}/members/"


def remove(browser: Client, people: str, member: Member) -> str:
    return browser.post(f"{people}{member.pk}/remove/", follow=True).content.decode()


def ticket(page: str) -> str:
    """Return what the page's way back sends."""
    found = re.search(r'name="who" value="([^"]+)"', page)
    assert found, "the page offers no way back"
    return found[1]


def test_says_first_what_becomes_of_their_answers(
    browser: Client, study: Study, annotator: User, people: str
) -> None:
    answer_one(study, annotator)
    slot_claim(study=study, annotator=annotator)

    member = member_of(study, annotator)
    assert f"{people}{member.pk}/remove/" in browser.get(people).content.decode()
    page = browser.get(f"{people}{member.pk}/remove/").content.decode()

    assert f"The 1 answer that {annotator} gave stay and count" in page
    assert annotator.pseudonym in page
    assert "1 pair in" in page
    assert Member.objects.filter(pk=member.pk).exists()


def test_takes_somebody_off_whose_answers_stay(
    browser: Client, as_user, study: Study, annotator: User, people: str
) -> None:
    answer_one(study, annotator)

    page = remove(browser, people, member_of(study, annotator))

    assert not Member.objects.filter(study=study, user=annotator).exists()
    assert as_user(annotator).get(f"/w/{study.slug}/").status_code == 404
    assert Judgment.objects.get().annotator == annotator
    assert study_agreement(study=study).answers == 1
    assert "Taken off" in page


def test_takes_somebody_back_who_goes_on_where_they_stopped(
    browser: Client, study: Study, annotator: User, people: str
) -> None:
    first = answer_one(study, annotator)
    page = remove(browser, people, member_of(study, annotator))

    browser.post(f"{people}return/", {"who": ticket(page)})

    back = member_of(study, annotator)
    assert (back.role, back.n_done) == (Role.ANNOTATOR, 1)
    second = answer_one(study, annotator)
    assert second.item_id != first.item_id
    assert "Taken off" not in browser.get(people).content.decode()


def test_undoes_it_for_somebody_who_answered_nothing(
    browser: Client, study: Study, reviewer: User, people: str
) -> None:
    page = remove(browser, people, member_of(study, reviewer))
    assert "Undo" in page

    browser.post(f"{people}return/", {"who": ticket(page)})

    assert member_of(study, reviewer).role == Role.REVIEWER


def test_nobody_else_is_let_in_by_the_way_back(browser: Client, as_user, study: Study, people: str) -> None:
    other_lead = make_user(is_lead=True)
    other = make_study(created_by=other_lead)
    stranger = make_annotator(other)
    page = remove(as_user(other_lead), f"/studies/{other.slug}/members/", member_of(other, stranger))

    for who in (ticket(page), "", "x:y:z"):
        assert browser.post(f"{people}return/", {"who": who}).status_code == 404
    assert not Member.objects.filter(study=study, user=stranger).exists()


def test_the_only_lead_stays(browser: Client, study: Study, lead: User, people: str) -> None:
    member = member_of(study, lead)
    assert "the only lead" in browser.get(f"{people}{member.pk}/remove/").content.decode()

    assert ONLY_LEAD in remove(browser, people, member)

    make_annotator(study, Role.LEAD)
    assert browser.post(f"{people}{member.pk}/remove/").headers["Location"] == "/studies/"
    assert not Member.objects.filter(pk=member.pk).exists()
