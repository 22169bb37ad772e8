"""Test questions in the workbench: a round before the first pair, and what is said after each, by keyboard alone."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from annotator.models import Item, Slot, Study
from annotator.services.gold import gold_add, gold_settings
from tests.annotator.known import know
from tests.end_to_end.studies import make_watchable_study
from tests.end_to_end.workbench_page import WorkbenchPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def study(home: Path, transactional_db: None) -> Study:
    """Three pairs after a round of two, of which one has to be right."""
    study = make_watchable_study(pairs=5, overlap=2, ask_people=False)
    for item in study.items.order_by("position")[:2]:
        know(item.pair, item.pair.clip_a.subjects.get(name="Ada"), severity=4, onset=12)
        Slot.objects.filter(item=item).delete()
        Item.objects.filter(pk=item.pk).delete()
    Study.objects.filter(pk=study.pk).update(n_items=3, n_slots=6)
    gold_add(study=study)
    gold_settings(
        study=study,
        share=0.0,
        most=None,
        tie_up_to=4,
        feedback=False,
        qualification_size=2,
        qualification_pass=1,
    )
    return study


def test_the_round_is_gone_through_by_keyboard(workbench: WorkbenchPage) -> None:
    page, said = workbench.page, workbench.page.locator("#wb-feedback")
    for number in range(2):
        expect(page.locator("[data-review]")).to_have_text("first pairs")
        expect(page.locator(".wb-count")).to_have_text(f"{number} of 2")
        before = workbench.token
        workbench.press("3", "Enter")
        expect(said).to_contain_text("✓ Right")
        expect(said).to_contain_text("Ada’s face was changed on the")
        expect(said).to_contain_text("from frame 12 on.")
        if number:
            expect(said).to_contain_text("You had 2 of the first 2 right: welcome.")
        workbench.press("Enter")
        expect(said).to_have_count(0)
        workbench.wait_for_pair(after=before)
    expect(page.locator("[data-review]")).to_be_hidden()
    expect(page.locator(".wb-count")).to_have_text("0 of 3")


def test_a_pair_that_is_no_test_question_says_nothing(workbench: WorkbenchPage) -> None:
    for _ in range(2):
        before = workbench.token
        workbench.press("3", "Enter")
        expect(workbench.page.locator("#wb-feedback")).to_be_visible()
        workbench.press("Escape")
        workbench.wait_for_pair(after=before)
    workbench.press("1")
    workbench.submit()
    workbench.wait_saved()
    expect(workbench.page.locator(".wb-count")).to_have_text("1 of 3")
    expect(workbench.page.locator("#wb-feedback")).to_have_count(0)


def test_who_fails_reads_what_to_do(workbench: WorkbenchPage, study: Study) -> None:
    Study.objects.filter(pk=study.pk).update(gold_tie_up_to=0)
    for _ in range(2):
        before = workbench.token
        workbench.press("3", "Enter")
        expect(workbench.page.locator("#wb-feedback")).to_contain_text("✗ Not right")
        workbench.press("Enter")
        expect(workbench.page.locator("#wb-feedback")).to_have_count(0)
        if Slot.objects.filter(kind="qualify").exclude(state="done").exists():
            workbench.wait_for_pair(after=before)
    end = workbench.page.locator("[data-end]")
    expect(end).to_contain_text("Too few of the first pairs were right")
    expect(end).to_contain_text("Whoever leads the study can give you another try")
