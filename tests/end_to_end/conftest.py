"""A browser for the whole run, and clips that carry their frame numbers."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotator.models import Study
from config.accounts.models import User
from tests.annotator.factories import make_annotator
from tests.end_to_end.browser import find_chromium, started_browser
from tests.end_to_end.coded_clips import write_coded_clip
from tests.end_to_end.static_server import served_player
from tests.end_to_end.studies import make_watchable_study
from tests.end_to_end.workbench_page import PASSWORD, WAIT_MS, WorkbenchPage

# Playwright's 5 seconds are too few on a busy machine; what is awaited is there as a rule at once.
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if find_chromium() is None:
        pytest.skip("no Chromium on this machine (set LIKENESS_CHROMIUM)")
    # Playwright keeps an event loop running in this thread for as long as the browser lives, and Django would take
    # every query of every test after it for one from async code.
    with pytest.MonkeyPatch.context() as patch, started_browser() as browser:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield browser


@pytest.fixture(scope="session")
def coded_clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips: same rate and length, another rate, another length."""
    folder = tmp_path_factory.mktemp("clips")
    write_coded_clip(folder / "one.mp4", fps=24, seconds=60, seed=1)
    write_coded_clip(folder / "other.mp4", fps=24, seconds=60, seed=2)
    write_coded_clip(folder / "faster.mp4", fps=30, seconds=60, seed=3)
    write_coded_clip(folder / "shorter.mp4", fps=Fraction(24000, 1001), seconds=7, seed=4)
    return folder


@pytest.fixture(scope="session")
def player_address(coded_clips: Path) -> Iterator[str]:
    with served_player(coded_clips) as address:
        yield address


@pytest.fixture
def module_page(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """Open a page from which the browser's modules can be imported."""
    with served_player(tmp_path) as address:
        page = chromium.new_page()
        page.goto(f"{address}/pages/blank.html")
        yield page
        page.close()


@pytest.fixture
def player_page(chromium: Browser, player_address: str) -> Iterator[Page]:
    """Open the bare player page; an exception in the page fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{player_address}/pages/player.html")
    page.wait_for_function("window.harness !== undefined")
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def lead_page(chromium: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A page of a lead who is logged in; an exception in it, or a breach of its policy, fails the test."""
    client = Client()
    client.force_login(User.objects.create_user("lead", is_lead=True))
    cookie = django_settings.SESSION_COOKIE_NAME
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, base_url=live_server.url)
    context.add_cookies([{"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console", lambda message: errors.append(message.text) if "Content Security" in message.text else None
    )
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def pairs() -> int:
    """How many pairs the study has; a test may say otherwise."""
    return 12


@pytest.fixture
def instructions() -> str:
    return ""


@pytest.fixture
def study(home: Path, transactional_db: None, pairs: int, instructions: str) -> Study:
    return make_watchable_study(pairs=pairs, instructions=instructions, overlap=2)


@pytest.fixture
def make_other(study: Study) -> Callable[[], str]:
    """Add another annotator to the study; their name is returned."""
    return lambda: _annotator(study, "ann-04")


@pytest.fixture
def workbench(
    chromium: Browser, live_server: LiveServer, study: Study, instructions: str
) -> Iterator[WorkbenchPage]:
    """Open the study's workbench as its annotator, logged in through the form; errors of the page fail the test."""
    name = _annotator(study, "ann-03")
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    page = WorkbenchPage(context, live_server.url, study.slug)
    page.log_in(name, PASSWORD)
    if instructions:
        expect(page.page.get_by_role("dialog")).to_be_visible()
        page.press("Enter")
    page.wait_for_pair()
    yield page
    context.close()
    assert page.errors == []


def _annotator(study: Study, name: str) -> str:
    user = make_annotator(study, name=name)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return name
