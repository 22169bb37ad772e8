from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from annotator.models import Invitation, Member, Role, Study
from annotator.services.members import invitation_create, invitation_revoke
from config.accounts.models import User
from tests.annotator.factories import make_user

from .conftest import HTMX

pytestmark = pytest.mark.django_db
NEW_ACCOUNT = {"username": "guest", "password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}


@pytest.fixture
def invitation(study: Study, lead: User) -> Invitation:
    return invitation_create(study=study, created_by=lead, valid_for=timedelta(days=1))


@pytest.fixture
def url(study: Study) -> str:
    return f"/studies/{study.slug}/members/"


# ------------------------------------------------------------------ the lead's side


def test_makes_a_link_and_shows_it_to_be_copied(browser: Client, study: Study, url: str) -> None:
    response = browser.post(url, {"role": "reviewer", "max_uses": 3, "days": 7})

    made = Invitation.objects.get()
    assert (made.study, made.role, made.max_uses) == (study, Role.REVIEWER, 3)
    assert timedelta(days=6) < made.expires_at - timezone.now() <= timedelta(days=7)
    assert f"http://testserver/join/{made.token}/" in response.content.decode()


def test_htmx_gets_the_fragment_for_the_dialog(browser: Client, url: str) -> None:
    assert "<html" not in browser.get(url, headers=HTMX).content.decode()
    assert "<html" in browser.get(url).content.decode()


@pytest.mark.parametrize("fields", [{"max_uses": 0}, {"max_uses": "x"}, {"days": 12}, {"role": "owner"}])
def test_refuses_a_link_that_makes_no_sense(browser: Client, url: str, fields: dict[str, object]) -> None:
    response = browser.post(url, {"role": "annotator", "max_uses": 1, "days": 7, **fields})

    assert response.status_code == 422
    assert "field-error" in response.content.decode()
    assert not Invitation.objects.exists()


def test_revokes_a_link(browser: Client, invitation: Invitation, url: str, client: Client) -> None:
    page = browser.post(f"{url}{invitation.pk}/revoke/").content.decode()

    assert "revoked" in page
    assert f"/join/{invitation.token}/" not in page
    assert client.get(f"/join/{invitation.token}/").status_code == 410


def test_outsiders_see_and_change_nothing(as_user, invitation: Invitation, annotator: User, url: str) -> None:
    for outsider in (annotator, make_user(is_lead=True)):
        assert as_user(outsider).get(url).status_code == 404
        assert as_user(outsider).post(f"{url}{invitation.pk}/revoke/").status_code == 404


# ------------------------------------------------------------------ the guest's side


def test_a_guest_makes_an_account_and_is_in(client: Client, invitation: Invitation, study: Study) -> None:
    link = f"/join/{invitation.token}/"
    assert "Two friends" in client.get(link).content.decode()

    response = client.post(link, NEW_ACCOUNT)

    guest = User.objects.get(username="guest")
    assert response.headers["Location"] == "/work/"
    assert get_user(client) == guest
    assert not guest.is_lead
    assert Member.objects.get(study=study, user=guest).role == Role.ANNOTATOR


def test_somebody_with_an_account_joins_by_one_click(as_user, invitation: Invitation, study: Study) -> None:
    user = make_user()

    response = as_user(user).post(f"/join/{invitation.token}/")

    assert response.status_code == 302
    assert Member.objects.filter(study=study, user=user).exists()


def test_a_member_is_sent_to_their_work_and_uses_nothing_up(
    as_user, invitation: Invitation, annotator: User
) -> None:
    assert as_user(annotator).get(f"/join/{invitation.token}/").headers["Location"] == "/work/"
    invitation.refresh_from_db()
    assert invitation.uses == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"password2": "another-pass-phrase"}, "The two password fields didn’t match."),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"username": "the-lead"}, "already exists"),
    ],
)
def test_a_new_account_is_checked_and_nothing_is_made(
    client: Client, invitation: Invitation, fields: dict[str, str], sentence: str
) -> None:
    response = client.post(f"/join/{invitation.token}/", {**NEW_ACCOUNT, **fields})

    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not User.objects.filter(username="guest").exists()
    invitation.refresh_from_db()
    assert invitation.uses == 0


def test_a_link_works_as_often_as_it_says(client: Client, invitation: Invitation) -> None:
    link = f"/join/{invitation.token}/"
    client.post(link, NEW_ACCOUNT)

    late = Client().post(link, {**NEW_ACCOUNT, "username": "too-late"})

    assert late.status_code == 410
    assert "used up" in late.content.decode()
    assert not User.objects.filter(username="too-late").exists()


def test_an_account_is_not_left_behind_when_the_last_place_is_taken_meanwhile(
    client: Client, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was still good when the guest's form was checked; the service has the last word."""
    monkeypatch.setattr("annotator.views.invitations._why_ended", lambda invitation: "")
    invitation_revoke(invitation=invitation)

    response = client.post(f"/join/{invitation.token}/", NEW_ACCOUNT)

    assert response.status_code == 410
    assert not User.objects.filter(username="guest").exists()


def test_expired_and_unknown_links(client: Client, invitation: Invitation) -> None:
    Invitation.objects.update(expires_at=timezone.now())

    assert "expired" in client.get(f"/join/{invitation.token}/").content.decode()
    assert client.get("/join/never-made/").status_code == 404
