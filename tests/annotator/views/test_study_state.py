import pytest
from django.test import Client

from annotator.models import Study, StudyState
from config.accounts.models import User
from tests.annotator.factories import make_study, make_user

pytestmark = pytest.mark.django_db


def state_after(browser: Client, study: Study, *actions: str) -> str:
    for action in actions:
        browser.post(f"/studies/{study.slug}/state/{action}/")
    study.refresh_from_db()
    return study.state


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        (["open"], StudyState.OPEN),
        (["open", "pause"], StudyState.PAUSED),
        (["open", "pause", "resume"], StudyState.OPEN),
        (["open", "pause", "close"], StudyState.CLOSED),
        (["open", "close", "reopen"], StudyState.OPEN),
    ],
)
def test_moves_a_study_through_its_states(
    browser: Client, lead: User, actions: list[str], state: StudyState
) -> None:
    study = make_study(1, created_by=lead, opened=False)

    assert state_after(browser, study, *actions) == state


def test_reopening_forgets_when_it_was_closed(browser: Client, study: Study) -> None:
    state_after(browser, study, "close")
    assert study.closed_at is not None

    state_after(browser, study, "reopen")
    assert study.closed_at is None


def test_says_why_a_move_is_refused(browser: Client, study: Study) -> None:
    response = browser.post(f"/studies/{study.slug}/state/resume/", follow=True)

    assert "A study that is open cannot become open." in response.content.decode()


def test_refuses_unknown_moves_other_methods_and_outsiders(browser: Client, study: Study, as_user) -> None:
    url = f"/studies/{study.slug}/state"

    assert browser.post(f"{url}/burn/").status_code == 404
    assert browser.get(f"{url}/pause/").status_code == 405
    assert as_user(make_user(is_lead=True)).post(f"{url}/pause/").status_code == 404
    study.refresh_from_db()
    assert study.state == StudyState.OPEN
