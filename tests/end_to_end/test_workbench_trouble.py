"""What an annotator keeps when the network, the server, the session, the clip or the browser lets them down."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import Route, expect

from annotator.models import Judgment, Study
from annotator.services.studies import study_pause
from datasets.models import Clip, Person
from datasets.services.deletion import person_delete
from tests.end_to_end.workbench_page import PASSWORD, WorkbenchPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SUBMIT = re.compile("/slots/submit$")
ANSWER = ("1", "q", "a", "w", "s")


def test_an_answer_outlives_its_tab(workbench: WorkbenchPage) -> None:
    workbench.page.route(SUBMIT, lambda route: route.abort())
    workbench.press(*ANSWER)
    workbench.press("Enter")
    workbench.wait_saved("waiting: 1")
    workbench.page.close()
    assert Judgment.objects.count() == 0
    again = workbench.another_tab()
    again.wait_for_pair()
    again.wait_saved()
    assert Judgment.objects.count() == 1


def test_an_answer_whose_reply_got_lost_is_one_judgment(workbench: WorkbenchPage) -> None:
    def lose_reply(route: Route) -> None:
        route.fetch()
        route.abort()

    workbench.page.route(SUBMIT, lose_reply, times=1)
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved("waiting: 1")
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_a_full_or_forbidden_storage_costs_no_answer(workbench: WorkbenchPage) -> None:
    """Of a browser that stores nothing for us, the page itself keeps the answer until it is sent."""
    workbench.page.evaluate(
        "() => { Storage.prototype.setItem = () => { throw new DOMException('full'); }; }"
    )
    workbench.page.route(SUBMIT, lambda route: route.abort(), times=1)
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_a_failing_server_gets_the_answer_later(workbench: WorkbenchPage) -> None:
    workbench.page.route(
        SUBMIT, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"), times=2
    )
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved("waiting: 1")
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_an_answer_about_somebody_deleted_meanwhile_leaves_the_browser(workbench: WorkbenchPage) -> None:
    workbench.press(*ANSWER, "m")
    person_delete(person=Person.objects.get(name="Bo"))
    workbench.press("Enter")
    workbench.wait_saved()
    expect(workbench.page.locator("[data-said]")).to_contain_text("kept without their name")
    judgment = Judgment.objects.get()
    said = judgment.people.values_list("person__name", "verdict").order_by("person__name")
    assert set(said) == {("Ada", "left"), (None, "same")}


def test_a_page_instead_of_a_reply_is_no_reply(workbench: WorkbenchPage) -> None:
    """As a hotel's network sends one, and a proxy: with a status that says all is well."""
    workbench.page.route(
        SUBMIT, lambda route: route.fulfill(status=200, body="<h1>Room number?</h1>"), times=1
    )
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved("waiting: 1")
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_a_refused_answer_stays_until_the_annotator_says_otherwise(workbench: WorkbenchPage) -> None:
    sentence = "This token was not issued here."
    body = f'{{"error": {{"code": "token_unknown", "message": "{sentence}", "fields": {{}}}}}}'
    workbench.page.route(SUBMIT, lambda route: route.fulfill(status=409, body=body), times=1)
    workbench.press(*ANSWER)
    workbench.submit()
    notice = workbench.page.locator("[data-notice]")
    expect(notice).to_contain_text(sentence)
    workbench.page.reload()
    workbench.wait_for_pair()
    expect(notice).to_contain_text(sentence)
    notice.get_by_role("button", name="Send again").click()
    expect(notice).to_be_hidden()
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_logged_out_keeps_the_answer_until_the_next_login(workbench: WorkbenchPage) -> None:
    Session.objects.all().delete()
    workbench.press(*ANSWER)
    workbench.press("Enter")
    expect(workbench.page.locator("[data-notice]")).to_contain_text("You are logged out.")
    workbench.wait_saved("waiting: 1")
    assert Judgment.objects.count() == 0
    login = workbench.another_tab(open_study=False)
    login.log_in("ann-03", PASSWORD)
    login.page.close()
    workbench.page.bring_to_front()
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


def test_another_login_does_not_send_what_is_not_theirs(
    workbench: WorkbenchPage, make_other: Callable[[], str]
) -> None:
    workbench.page.route(SUBMIT, lambda route: route.abort())
    workbench.press(*ANSWER)
    workbench.press("Enter")
    workbench.wait_saved("waiting: 1")
    workbench.page.close()
    workbench.context.clear_cookies()
    other = workbench.another_tab(open_study=False)
    other.log_in(make_other(), PASSWORD)
    other.wait_for_pair()
    other.wait_saved()
    assert Judgment.objects.count() == 0


def test_a_clip_that_cannot_be_decoded_is_said_and_passed(workbench: WorkbenchPage, study: Study) -> None:
    workbench.page.wait_for_function("() => workbench.ready")
    for name in Clip.objects.values_list("playback_file", flat=True).distinct():
        Path(settings.MEDIA_ROOT, name).write_bytes(b"not a video at all")
    workbench.press(*ANSWER)
    workbench.submit()  # to the pair that was prepared while the files were whole
    workbench.wait_saved()
    workbench.press(*ANSWER)
    workbench.press("Enter")
    expect(workbench.page.locator("[data-veil]")).to_contain_text("This clip cannot be read.")
    workbench.press("0", "Enter")
    workbench.wait_saved()
    assert list(Judgment.objects.order_by("id").values_list("overall", flat=True)) == [
        "left",
        "left",
        "cannot_judge",
    ]


def test_a_second_tab_waits_and_can_take_over(workbench: WorkbenchPage) -> None:
    second = workbench.another_tab()
    expect(second.page.locator("[data-end]")).to_contain_text("open in another tab")
    second.page.get_by_role("button", name="Work here instead").click()
    second.wait_for_pair()
    expect(workbench.page.locator("[data-end]")).to_contain_text("open in another tab")
    second.press(*ANSWER)
    second.submit()
    second.wait_saved()
    assert Judgment.objects.count() == 1


def test_a_tab_that_comes_back_does_everything_once(workbench: WorkbenchPage) -> None:
    second = workbench.another_tab()
    second.page.get_by_role("button", name="Work here instead").click()
    second.wait_for_pair()
    workbench.page.get_by_role("button", name="Work here instead").click()
    expect(second.page.locator("[data-end]")).to_contain_text("open in another tab")
    workbench.page.wait_for_function("() => globalThis.workbench?.pair")
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved()
    workbench.press("u")
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-state", "taking-back")
    workbench.press("2", "Enter")
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-state", "judging")
    workbench.wait_saved()
    assert [judgment.supersedes_id is None for judgment in Judgment.objects.order_by("id")] == [True, False]


def test_a_paused_study_says_so(workbench: WorkbenchPage, study: Study) -> None:
    workbench.page.wait_for_function("() => workbench.ready")
    study_pause(study=study)
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.wait_saved()
    workbench.press(*ANSWER)
    workbench.press("Enter")
    expect(workbench.page.locator("[data-end]")).to_contain_text("This study is paused.")
    workbench.wait_saved()
    assert Judgment.objects.count() == 2


@pytest.mark.parametrize("pairs", [2])
def test_after_the_last_pair_all_is_done(workbench: WorkbenchPage) -> None:
    workbench.press(*ANSWER)
    workbench.submit()
    workbench.press(*ANSWER)
    workbench.press("Enter")
    expect(workbench.page.get_by_role("heading", name="All done, thank you")).to_be_visible()
    workbench.wait_saved()
    workbench.press("u")
    workbench.wait_for_pair()
    workbench.press("2", "Enter")
    expect(workbench.page.get_by_role("heading", name="All done, thank you")).to_be_visible()
    workbench.wait_saved()
    assert list(Judgment.objects.order_by("id").values_list("overall", flat=True)) == [
        "left",
        "left",
        "right",
    ]
