from collections.abc import Callable

import pytest
from django.test import Client

from annotator.models import Role, Study
from config.accounts.models import User
from tests.annotator.factories import make_annotator, make_study, make_user


@pytest.fixture
def lead(db) -> User:
    return make_user("the-lead", is_lead=True)


@pytest.fixture
def study(lead: User) -> Study:
    return make_study(4, created_by=lead, name="Two friends", repeat_share=0.25)


@pytest.fixture
def annotator(study: Study) -> User:
    return make_annotator(study)


@pytest.fixture
def reviewer(study: Study) -> User:
    return make_annotator(study, Role.REVIEWER)


@pytest.fixture
def as_user() -> Callable[[User], Client]:
    """Return a browser in which somebody is logged in."""

    def logged_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return logged_in


@pytest.fixture
def browser(lead: User, as_user: Callable[[User], Client]) -> Client:
    """Return the lead's browser."""
    return as_user(lead)


HTMX = {"HX-Request": "true"}
