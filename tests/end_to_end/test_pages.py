"""Every page in a real browser: no error in the console, nothing that the policy forbids, nothing cut off."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotator.models import Item, Role, Study
from config.accounts.models import User
from tests.annotator.answering import answer_all, answer_one, for_clip_a, for_clip_b
from tests.annotator.factories import make_annotator, make_study, make_user

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

Open = Callable[..., BrowserContext]
PASSWORD = "correct horse battery"


@pytest.fixture
def lead(transactional_db: None) -> User:
    user = make_user("the-lead", is_lead=True)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


@pytest.fixture
def study(lead: User) -> Study:
    """Return a study that is disputed in all but one item, which was reviewed."""
    study = make_study(3, created_by=lead, name="Two friends, one kitchen")
    answer_all(study, make_annotator(study), for_clip_a)
    answer_all(study, make_annotator(study), for_clip_b)
    answer_one(study, make_annotator(study, Role.REVIEWER), "tie")
    return study


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, lead: User) -> Iterator[Page]:
    """Open a page of the lead's; an error in its console fails the test."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 720})
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # Rows of the factories have no files, so their posters and clips are missing.
        if message.type == "error" and "404" not in message.text:
            errors.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
    page.goto("/login/")
    page.get_by_label("Username").fill("the-lead")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/studies/")
    yield page
    context.close()
    assert errors == []


def test_pages_have_one_heading_and_fit_the_window(page: Page, study: Study) -> None:
    item = Item.objects.filter(study=study).earliest("position")
    addresses = [
        "/studies/",
        "/studies/new/",
        f"/studies/{study.slug}/",
        f"/studies/{study.slug}/members/",
        f"/studies/{study.slug}/reviews/",
        f"/studies/{study.slug}/reviews/{item.pk}/",
        f"/studies/{study.slug}/release/",
        "/releases/",
        "/ranking/",
        "/work/",
    ]
    for width in (1280, 640):
        page.set_viewport_size({"width": width, "height": 720})
        for address in addresses:
            page.goto(address)
            assert page.locator("h1").count() == 1, address
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)


def test_a_lead_invites_in_a_dialog(page: Page, study: Study) -> None:
    page.goto(f"/studies/{study.slug}/")
    page.get_by_role("link", name="Invite").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("reviewer")
    dialog.get_by_role("button", name="Make link").click()

    link = dialog.get_by_label("Invitation link").first
    expect(link).to_be_visible()
    expect(link).to_have_value(f"{page.url.split('/studies')[0]}/join/{study.invitations.get().token}/")

    dialog.get_by_role("button", name="Revoke").click()
    expect(dialog.get_by_text("revoked")).to_be_visible()
    assert page.url.endswith(f"/studies/{study.slug}/")


def test_the_plan_follows_the_form(page: Page, study: Study) -> None:
    page.goto("/studies/new/")
    expect(page.locator("#study-plan")).to_contain_text("matching pairs")

    page.get_by_label("Answers per item").fill("5")
    expect(page.locator("#study-plan .sum-total")).to_contain_text("15")
    page.get_by_label("Prompt contains").fill("nobody wrote this")
    expect(page.locator("#study-plan")).to_contain_text("No pair matches")


def test_the_preview_follows_the_markdown(page: Page, study: Study) -> None:
    page.goto("/studies/new/")
    page.get_by_label("Instructions").fill("Look at the *eyes*.")

    expect(page.locator("#instructions-preview em")).to_have_text("eyes")


def test_what_happened_is_said_and_leaves_when_it_is_closed(page: Page, study: Study) -> None:
    page.goto(f"/studies/{study.slug}/")
    page.get_by_role("button", name="Pause").click()

    toast = page.locator(".toast")
    expect(toast).to_contain_text("is paused")
    toast.get_by_role("button", name="Close this message").click()
    expect(toast).to_have_count(0)


def test_a_chosen_theme_stays_without_a_flash(page: Page, study: Study) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/studies/")
    page.get_by_role("button", name="Theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    # The theme stands before the body is there to be painted.
    page.add_init_script(
        "new MutationObserver((_, seen) => { if (document.body) { window.themeAtBody = "
        "document.documentElement.dataset.theme; seen.disconnect(); } })"
        ".observe(document, { childList: true, subtree: true });"
    )
    page.reload()
    assert page.evaluate("window.themeAtBody") == "dark"


def test_the_focus_outlives_a_refresh(page: Page, study: Study) -> None:
    page.goto(f"/studies/{study.slug}/")
    link = page.locator("#study-live .disputes a").first
    link.focus()
    page.evaluate("htmx.ajax('GET', location.pathname, { target: '#study-live', swap: 'outerHTML' })")
    page.wait_for_load_state("networkidle")

    expect(page.locator("#study-live .disputes a").first).to_be_focused()


def test_everything_on_the_study_page_is_reached_by_keyboard(page: Page, study: Study) -> None:
    page.goto(f"/studies/{study.slug}/")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim().split('\\n')[0]"))

    assert {
        "Skip to content",
        "Studies",
        "Invite",
        "Preview as annotator",
        "Pause",
        "Release dataset",
    } <= reached
    assert any(text.startswith("Answers") for text in reached)
