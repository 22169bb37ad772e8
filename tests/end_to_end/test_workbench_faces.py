"""Faces over time, by keyboard: gone to, marked, answered, their curves seen, and called wrong."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from annotator.models import CurvesSeen, Judgment, Study, TrackReport
from annotator.selectors.track_reports import changed_after_curves
from datasets.identity.backends import Backend, backend_load
from datasets.models import ClipAnalysis
from tests.end_to_end.filmed_study import FPS, FRAMES, Films, make_filmed_study, shoot_films
from tests.end_to_end.test_accessibility import THEMES, check
from tests.end_to_end.workbench_page import WAIT_MS, WorkbenchPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Films:
    return shoot_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="session")
def dlib_backend() -> Backend:
    return backend_load("dlib")


@pytest.fixture
def curves() -> str:
    return "after"


@pytest.fixture
def study(home: Path, transactional_db: None, films: Films, dlib_backend: Backend, curves: str) -> Study:
    return make_filmed_study(films, dlib_backend, curves=curves)


def wait_for_strips(page: WorkbenchPage) -> list[float]:
    """Wait until the strips of the pair on the screen are there; return their moments in seconds."""
    page.page.wait_for_function("() => document.querySelector('#workbench').dataset.faces === 'rows'")
    moments: list[float] = page.page.evaluate("workbench.pair.faces.then((faces) => faces.moments)")
    return moments


def wait_for_frame(page: WorkbenchPage, frame: int) -> None:
    page.page.wait_for_function(
        "(frame) => workbench.player.painted?.left === frame && workbench.player.painted.right === frame",
        arg=frame,
    )


def strips(page: WorkbenchPage, name: str, side: str) -> Any:
    return page.page.get_by_role("slider", name=f"Faces of {name} on the {side}")


def is_drawn(page: WorkbenchPage) -> int:
    """Return how many similarity curves there are on the page."""
    return page.page.locator(".wb-curve-own").count()


def test_a_moment_is_gone_to_and_marked_from_the_strip(workbench: WorkbenchPage) -> None:
    moments = wait_for_strips(workbench)
    assert len(moments) == 12
    workbench.press("w", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight")
    third = round(moments[3] * FPS)
    wait_for_frame(workbench, third)
    workbench.press("x", "m")
    expect(strips(workbench, "Bo", "right").locator(".wb-strip-mark")).to_have_count(1)
    expect(strips(workbench, "Bo", "right").locator(".is-current")).to_have_count(1)
    # By the pointer: it chooses person and side, too.
    box = strips(workbench, "Ada", "left").bounding_box()
    assert box is not None
    workbench.page.mouse.click(box["x"] + box["width"] * (6.5 / 12), box["y"] + 10)
    sixth = int(moments[6] * FPS + 1e-6)
    wait_for_frame(workbench, sixth)
    workbench.press("m", "q", "a", "w", "d", "1")
    workbench.submit()
    workbench.wait_saved()
    marks = Judgment.objects.get().marks.order_by("id")
    assert {(m.person.name, m.side, m.frame) for m in marks if m.person} == {
        ("Bo", "right", third),
        ("Ada", "left", sixth),
    }


def test_strips_are_worked_by_their_own_keys_once_they_have_the_focus(workbench: WorkbenchPage) -> None:
    moments = wait_for_strips(workbench)
    strip = strips(workbench, "Bo", "left")
    strip.focus()
    assert strip.evaluate("(node) => getComputedStyle(node).outlineStyle") != "none"
    workbench.press("End")
    wait_for_frame(workbench, int(moments[-1] * FPS + 1e-6))
    workbench.press("ArrowLeft")
    wait_for_frame(workbench, int(moments[-2] * FPS + 1e-6))
    expect(strip).to_have_attribute("aria-valuetext", f"{moments[-2]:.2f} s")
    expect(workbench.page.locator(".wb-person.is-chosen [data-name]")).to_have_text("Bo")


def test_crops_are_stepped_through_while_an_answer_has_the_focus(workbench: WorkbenchPage) -> None:
    """The first answer that is missing gets the focus, and there arrows alone would choose one."""
    moments = wait_for_strips(workbench)
    workbench.press("1", "Enter", "Shift+ArrowRight")
    expect(workbench.page.locator(".wb-person [role=radio]").first).to_be_focused()
    wait_for_frame(workbench, round(moments[1] * FPS))
    expect(workbench.page.locator(".wb-person [aria-checked=true]")).to_have_count(0)


def test_the_strip_follows_the_clip_as_it_plays(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    workbench.page.evaluate(
        """() => {
          const strip = document.querySelector("[data-strip=right]");
          globalThis.seen = [];
          workbench.player.addEventListener("paint", () => seen.push(strip.getAttribute("aria-valuenow")));
        }"""
    )
    workbench.press("Space")
    wait_for_frame(workbench, FRAMES - 1)
    seen = [int(index) for index in workbench.page.evaluate("seen")]
    assert seen == sorted(seen)
    assert set(seen) == set(range(12))


def test_curves_are_kept_back_until_the_answer_and_shown_to_whoever_wants_them(
    workbench: WorkbenchPage, study: Study
) -> None:
    wait_for_strips(workbench)
    first = workbench.token
    workbench.press("c", "q", "a", "w", "a")
    assert is_drawn(workbench) == 0
    workbench.press("1", "Enter")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    assert workbench.token == first
    expect(workbench.page.locator("[data-legend]")).to_contain_text("score")
    # What is answered is changed by taking it back alone.
    workbench.press("2")
    expect(workbench.page.locator("[data-overall] [aria-checked=true]")).to_contain_text("Left")
    workbench.press("u")
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-state", "taking-back")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    workbench.press("2")
    second = workbench.submit()
    assert second != first
    wait_for_strips(workbench)
    assert is_drawn(workbench) == 0
    workbench.wait_saved()
    assert CurvesSeen.objects.count() == 1
    assert [judgment.overall for judgment in changed_after_curves(study)] == ["right"]
    # Whoever does not want them goes on at once.
    workbench.press("c", "q", "s", "w", "s", "3")
    assert workbench.submit() != second


def test_enter_goes_on_from_an_answered_pair(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    first = workbench.token
    workbench.press("c", "q", "a", "w", "a", "1", "Enter")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    workbench.press("Enter")
    second = workbench.wait_for_pair(after=first)
    assert second != first
    assert workbench.state() == "judging"
    workbench.wait_saved()
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize("curves", ["always"])
def test_a_study_may_show_curves_from_the_start(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    workbench.press("c")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(0)


@pytest.mark.parametrize("curves", ["never"])
def test_a_study_may_show_no_curves_at_all(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    expect(workbench.page.locator("[data-face-tools] [data-action=curves]")).to_be_hidden()
    workbench.press("c", "q", "a", "w", "a", "1")
    workbench.submit()
    workbench.wait_saved()
    assert not CurvesSeen.objects.exists()


def test_wrong_tracks_are_reported_by_key_and_taken_back(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    workbench.press("w", "g")
    expect(workbench.page.locator("#wb-report-text")).to_be_focused()
    workbench.page.keyboard.type("This is Ada.")
    workbench.press("Enter")
    badges = workbench.page.locator("[data-reported]:visible")
    expect(badges).to_have_count(1)
    report = TrackReport.objects.get()
    assert report.person is not None
    assert (report.person.name, report.remark) == ("Bo", "This is Ada.")
    workbench.page.reload()
    workbench.wait_for_pair()
    wait_for_strips(workbench)
    expect(badges).to_have_count(1)
    workbench.press("w", "g")
    expect(badges).to_have_count(0)
    workbench.press("g", "Shift+Enter")
    expect(badges).to_have_count(2)
    assert TrackReport.objects.get().person is None
    workbench.press("q", "a", "w", "a", "1")
    workbench.submit()


def test_without_strips_the_players_have_the_room(workbench: WorkbenchPage) -> None:
    wait_for_strips(workbench)
    with_strips = workbench.page.locator("[data-stage]").bounding_box()
    ClipAnalysis.objects.all().delete()
    workbench.page.reload()
    workbench.wait_for_pair()
    expect(workbench.page.locator("#workbench")).to_have_attribute("data-faces", "none")
    expect(workbench.page.locator("[data-strip]").first).to_be_hidden()
    expect(workbench.page.locator("[data-face-tools]")).to_be_hidden()
    without = workbench.page.locator("[data-stage]").bounding_box()
    assert with_strips is not None
    assert without is not None
    assert without["height"] >= with_strips["height"]
    workbench.press("q", "a", "w", "a", "m", "1")
    workbench.submit()


@pytest.mark.parametrize("theme", THEMES)
def test_strips_and_curves_are_for_everybody(
    workbench: WorkbenchPage, theme: Literal["light", "dark"]
) -> None:
    """Before the answer and after it; the popover of a report, too."""
    workbench.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    workbench.page.reload()
    workbench.wait_for_pair()
    wait_for_strips(workbench)
    workbench.press("m", "c", "q", "a", "w", "a", "1")
    found = check(workbench.page, "before")
    workbench.press("g")
    found += check(workbench.page, "report")
    workbench.press("Escape", "Enter")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    found += check(workbench.page, "after")
    assert found == []


@pytest.mark.parametrize(("size", "crop"), [((1280, 720), 30), ((1920, 1080), 60)])
def test_everything_fits_the_screen(workbench: WorkbenchPage, size: tuple[int, int], crop: int) -> None:
    """With crops of so many pixels at least."""
    workbench.page.set_viewport_size({"width": size[0], "height": size[1]})
    workbench.page.reload()
    workbench.wait_for_pair()
    moments = wait_for_strips(workbench)
    assert len(moments) == 12
    assert workbench.page.evaluate("document.querySelector('.wb-cell').offsetWidth") >= crop
    workbench.press("m", "x", "m", "c", "q", "a", "w", "a", "1", "Enter")
    expect(workbench.page.locator(".wb-curve-own")).to_have_count(4, timeout=WAIT_MS)
    cut_off = workbench.page.evaluate(
        """() => {
          const { scrollWidth, scrollHeight } = document.documentElement;
          const list = document.querySelector("[data-persons]");
          const isOut = (box) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
          const shown = [...document.querySelectorAll("#workbench :is(button, canvas, img, .wb-strip)")];
          const out = shown.filter((node) => node.checkVisibility() && isOut(node.getBoundingClientRect()));
          return [
            scrollWidth > innerWidth, scrollHeight > innerHeight, list.scrollHeight > list.clientHeight + 1,
            ...out.map((node) => node.outerHTML),
          ];
        }"""
    )
    assert cut_off == [False, False, False]
    stage = workbench.page.locator("[data-stage]").bounding_box()
    people = workbench.page.locator(".wb-people").bounding_box()
    assert stage is not None
    assert people is not None
    assert stage["height"] > people["height"]
