import pytest
from django.test import Client

from annotator.models import Study, StudyState
from annotator.services.judgments import judgment_submit
from annotator.services.refusals import StudyNotOpen
from annotator.services.slots import slot_claim
from config.accounts.models import User
from tests.annotator.factories import make_answer, make_study, make_user, new_key

from .conftest import HTMX

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


def test_says_before_closing_what_becomes_of_pairs_on_screens(
    browser: Client, study: Study, annotator: User
) -> None:
    page = browser.get(f"/studies/{study.slug}/").content.decode()
    assert f'href="/studies/{study.slug}/close/"' in page

    assert (
        "Nobody has a pair on the screen now."
        in browser.get(f"/studies/{study.slug}/close/").content.decode()
    )
    lease = slot_claim(study=study, annotator=annotator)
    assert lease is not None
    asked = browser.get(f"/studies/{study.slug}/close/", headers=HTMX).content.decode()
    assert "1 pair is in the hands of 1 person now." in asked
    assert "10 of 10 answers are not given." in asked
    assert "<html" not in asked

    assert state_after(browser, study, "close") == StudyState.CLOSED
    sent = judgment_submit(
        annotator=annotator,
        token=str(lease.token),
        idempotency_key=new_key(),
        answer=make_answer(),
        active_ms=1000,
    )
    assert not sent.surplus
    with pytest.raises(StudyNotOpen):
        slot_claim(study=study, annotator=annotator)
    assert state_after(browser, study, "reopen") == StudyState.OPEN
    assert slot_claim(study=study, annotator=annotator) is not None


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
