"""Ten pairs by keyboard alone, with a mark, an undo, a reload and a network that goes away: all of it is kept."""

from typing import Any

import pytest
from playwright.sync_api import expect

from annotator.models import Judgment, Study
from tests.end_to_end.workbench_page import WorkbenchPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def _said(judgment: Judgment) -> dict[str, Any]:
    return {
        "overall": judgment.overall,
        "people": {
            row.person.name: row.verdict for row in judgment.people.all() if row.person and row.verdict
        },
        "marks": [(m.person.name, m.side, m.kind, m.frame) for m in judgment.marks.all() if m.person],
        "no_drift": [row.person.name for row in judgment.people.all() if row.person and row.no_drift],
        "remark": judgment.remark,
    }


def _answer(overall: str, ada: str, bo: str, **more: Any) -> dict[str, Any]:
    return {
        "overall": overall,
        "people": {"Ada": ada, "Bo": bo},
        "marks": [],
        "no_drift": [],
        "remark": "",
        **more,
    }


def test_ten_pairs_by_keyboard_alone(workbench: WorkbenchPage, study: Study) -> None:
    expected = []

    workbench.press("1", "q", "a", "w", "s")
    expected.append(_answer("left", "left", "same"))
    workbench.submit()
    workbench.press("Shift+1", "q", "a", "w", "a")
    expected.append(_answer("left_much", "left", "left"))
    workbench.submit()

    # A drift mark: at the frame that is on the screen, on the side that is worse.
    workbench.press("2", "q", "d", "Shift+.", "Shift+.", ".")
    workbench.page.wait_for_function("() => workbench.player.painted.left === 21")
    workbench.press("m", "w", "s", "n")
    expected.append(_answer("right", "right", "same", marks=[("Ada", "left", "drift", 21)], no_drift=["Bo"]))
    workbench.submit()

    # A reload in the middle of a pair goes on where it was.
    workbench.wait_saved()
    workbench.press("3", "q", "s")
    token = workbench.token
    workbench.page.reload()
    assert workbench.wait_for_pair() == token
    workbench.press("w", "s")
    expected.append(_answer("tie", "same", "same"))
    workbench.submit()

    # An answer taken back: the old one is kept, the new one counts.
    workbench.press("Shift+2", "q", "d", "w", "d")
    taken_back = _answer("right_much", "right", "right")
    on_screen = workbench.submit()
    workbench.wait_saved()
    workbench.press("u")
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-state", "taking-back")
    workbench.press("1", "q", "a")
    workbench.press("Enter")
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-state", "judging")
    assert workbench.wait_for_pair() == on_screen
    expected.append(_answer("left", "left", "right"))

    # No network for one answer: it waits, the next pair is there all the same.
    workbench.wait_saved()
    workbench.page.wait_for_function("() => workbench.ready")
    workbench.context.set_offline(True)
    workbench.press("4", "q", "s", "w", "s", "t")
    workbench.page.keyboard.type("Both are blurred.")
    workbench.press("Escape")
    expected.append(_answer("both_bad", "same", "same", remark="Both are blurred."))
    workbench.submit()
    workbench.wait_saved("offline · waiting: 1")
    assert Judgment.objects.count() == 6
    workbench.context.set_offline(False)
    workbench.wait_saved()

    for keys, answer in (
        (("0",), {**_answer("cannot_judge", "", ""), "people": {}}),
        (("1", "q", "a", "w", "d"), _answer("left", "left", "right")),
        (("2", "q", "s", "w", "d"), _answer("right", "same", "right")),
        (("3", "q", "a", "w", "d"), _answer("tie", "left", "right")),
    ):
        workbench.press(*keys)
        expected.append(answer)
        workbench.submit()
    workbench.wait_saved()

    stored = list(
        Judgment.objects.filter(study=study)
        .order_by("id")
        .prefetch_related("people__person", "marks__person")
    )
    superseded = [judgment for judgment in stored if Judgment.objects.filter(supersedes=judgment).exists()]
    assert [_said(judgment) for judgment in superseded] == [taken_back]
    assert [_said(judgment) for judgment in stored if judgment not in superseded] == expected
    assert len({judgment.slot_id for judgment in stored}) == 10
    assert not any(judgment.surplus for judgment in stored)
    assert len(stored) == 11


def test_enter_points_at_what_is_missing(workbench: WorkbenchPage) -> None:
    token = workbench.token
    workbench.press("Enter")
    expect(workbench.page.locator("[data-missing]")).to_have_text("Which clip keeps the faces better?")
    workbench.page.evaluate("document.activeElement.blur()")
    workbench.press("1", "q", "a", "Enter")
    expect(workbench.page.locator("[data-missing]")).to_have_text("Bo is not judged yet.")
    expect(workbench.page.locator("[data-person='1'] [role=radio]").first).to_be_focused()
    assert workbench.token == token
    assert Judgment.objects.count() == 0


def test_everything_by_mouse(workbench: WorkbenchPage, study: Study) -> None:
    page = workbench.page
    page.get_by_role("radio", name="Left, much").click()
    page.get_by_role("radiogroup", name="Who keeps Ada better?").get_by_role("radio", name="Left").click()
    page.get_by_role("radiogroup", name="Who keeps Bo better?").get_by_role("radio", name="Same").click()
    box = page.locator("[data-timeline]").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.51, box["y"] + box["height"] / 2)
    page.wait_for_function("() => workbench.player.painted.left === 24")
    bo = page.locator("[data-person='1']")
    bo.get_by_role("button", name="side of marks: right").click()
    bo.get_by_role("button", name="mark", exact=True).click()
    bo.get_by_role("button", name="Change the kind").click()
    before = workbench.token
    page.get_by_role("button", name="Submit, next").click()
    workbench.wait_for_pair(after=before)
    workbench.wait_saved()
    judgment = Judgment.objects.get(study=study)
    assert _said(judgment) == _answer("left_much", "left", "same", marks=[("Bo", "left", "swap", 24)])
