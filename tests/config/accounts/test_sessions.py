"""Session and account in one read, and every change to either counts with the next request."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from config.accounts import sessions
from config.accounts.models import User
from tests.annotator.factories import make_user

pytestmark = pytest.mark.django_db

PAGE = "/api/v1/studies"


@pytest.fixture
def user() -> User:
    return make_user(password="a former password")


@pytest.fixture
def client(user: User) -> Client:
    """Return a browser that is logged in, and whose session this process has seen."""
    client = Client()
    client.force_login(user)
    assert client.get(PAGE).status_code == 200
    return client


def is_logged_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def test_a_session_that_was_seen_comes_with_its_account(client, user, django_assert_num_queries):
    session = sessions.SessionStore(client.session.session_key)
    with django_assert_num_queries(1):
        assert session["_auth_user_id"] == str(user.pk)
        assert session.account == user


def test_a_logout_counts_at_once(client):
    elsewhere = Client()
    elsewhere.cookies = client.cookies.copy()
    assert elsewhere.post("/logout/").status_code == 302
    assert not is_logged_in(client)


def test_a_new_password_counts_at_once(client, user):
    user.set_password("another password")
    user.save()
    assert not is_logged_in(client)
    assert not is_logged_in(client)


def test_a_locked_account_counts_at_once(client, user):
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not is_logged_in(client)
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert is_logged_in(client)


def test_a_deleted_account_counts_at_once(client, user):
    user.delete()
    assert not is_logged_in(client)


def test_a_session_that_ran_out_counts_at_once(client):
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_logged_in(client)


def test_an_account_that_became_a_lead_is_one_at_once(client, user):
    assert client.get("/studies/").status_code == 404
    User.objects.filter(pk=user.pk).update(is_lead=True)
    assert client.get("/studies/").status_code == 200


def test_somebody_elses_login_in_the_same_browser_is_theirs(client, user):
    other = make_user("other")
    client.force_login(other)
    assert client.get("/").wsgi_request.user == other
    # As if this process remembered the session for somebody else's: the session is what counts.
    sessions._account_of_session[client.session.session_key] = str(user.pk)
    assert client.get("/").wsgi_request.user == other


def test_a_session_keeps_its_account_under_a_former_key(client, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the next one"
    assert is_logged_in(client)
    settings.SECRET_KEY_FALLBACKS = []
    assert is_logged_in(client)


def test_no_more_sessions_are_remembered_than_fit(client, user, monkeypatch):
    monkeypatch.setattr(sessions, "MAX_REMEMBERED", 2)
    for _ in range(4):
        another = Client()
        another.force_login(user)
        assert is_logged_in(another)
    assert len(sessions._account_of_session) <= 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's connections have no other end")
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_closed_is_made_anew(client):
    close_from_the_other_end()
    assert is_logged_in(client)
    close_from_the_other_end()
    with pytest.raises(OperationalError):
        User.objects.count()
    connection.close()


def close_from_the_other_end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with psycopg.connect(**own_address()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def own_address() -> dict[str, Any]:
    """Return the parameters with which the test's database is reached, without those that make it Django's."""
    names = {"host", "port", "user", "password", "dbname"}
    return {name: value for name, value in connection.get_connection_params().items() if name in names}
