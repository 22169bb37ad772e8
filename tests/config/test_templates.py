"""The shell of every page: errors say what to do, and no template needs what the policy forbids."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.annotator.factories import make_user

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path
    for app in ("config", "annotator", "datasets")
    for path in (ROOT / app).glob("**/templates/**/*.html")
)
FORBIDDEN = {
    "a style attribute": r"<[^>]*\sstyle=",
    "an inline handler": r"<[^>]*\son[a-z]+=",
    "an inline script": r"<script(?![^>]*\bsrc=)[^>]*>",
    "an inline stylesheet": r"<style",
    "a script in an attribute": r"javascript:|hx-on|hx-vals=['\"]js:",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)

    assert [what for what, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


def test_every_icon_in_use_is_in_the_sprite() -> None:
    sprite = set(
        re.findall(r'<symbol id="([a-z]+)"', (ROOT / "config/static/likeness/icons.svg").read_text())
    )
    used = {
        name
        for path in TEMPLATES
        for pattern in (r'icon\.html" with name="([a-z]+)"', r'empty\.html" with[^%]*\bicon="([a-z]+)"')
        for name in re.findall(pattern, path.read_text())
    }

    assert used
    assert used - sprite == set()


@pytest.mark.django_db
def test_what_is_not_there_says_so() -> None:
    response = Client().get("/no/such/page/")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_an_error_page_needs_neither_request_nor_database() -> None:
    assert "Something broke on our side" in render_to_string("500.html")


@pytest.mark.django_db
def test_a_form_from_before_a_login_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post("/login/")

    assert response.status_code == 403
    assert "This page was too old" in response.content.decode()


@pytest.mark.django_db
def test_the_login_says_what_was_wrong_and_goes_on_to_where_one_wanted() -> None:
    user = make_user("ann")
    user.set_password("correct horse battery")
    user.save()
    browser = Client()

    refused = browser.post("/login/", {"username": "ann", "password": "wrong"})
    assert "Please enter a correct username and password" in refused.content.decode()

    accepted = browser.post(
        "/login/?next=/work/", {"username": "ann", "password": "correct horse battery", "next": "/work/"}
    )
    assert accepted.headers["Location"] == "/work/"


@pytest.mark.django_db
def test_the_navigation_shows_what_one_may_open() -> None:
    for is_lead in (True, False):
        browser = Client()
        browser.force_login(make_user(is_lead=is_lead))
        page = browser.get("/work/").content.decode()

        assert ('href="/ranking/"' in page) == is_lead
        assert ('href="/library/"' in page) == is_lead
        assert 'href="/work/" aria-current="page"' in page
