"""What the workbench shows: one moment on both sides, nothing of which clip is which, everything on one screen."""

import pytest
from playwright.sync_api import expect

from annotator.models import Study
from datasets.models import Clip
from tests.end_to_end.studies import FRAMES
from tests.end_to_end.workbench_page import WorkbenchPage

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_shows_one_moment_on_both_canvases_at_every_paint(workbench: WorkbenchPage) -> None:
    workbench.read_codes()
    workbench.press("Shift+.", ".", ",", "k", "j", "Space")
    workbench.page.wait_for_function("() => !workbench.player.playing")
    workbench.press("i", "Space", "]", "]", "o", "Space", "p", "[", "[")
    workbench.press("Space")
    workbench.page.wait_for_function("() => !workbench.player.playing")
    codes = workbench.page.evaluate("codes")
    assert len(codes) > FRAMES
    assert [each for each in codes if not each["left"] == each["right"] == each["index"]] == []


def test_nothing_says_which_clip_is_which(workbench: WorkbenchPage, study: Study) -> None:
    """Neither the page, nor what its script was told, nor any address it asked for."""
    told = workbench.page.content() + workbench.page.evaluate("JSON.stringify(workbench.pair.payload)")
    told += workbench.page.evaluate(
        "JSON.stringify(performance.getEntriesByType('resource').map((e) => e.name))"
    )
    for clip in Clip.objects.all():
        for secret in (clip.generator, clip.sha256, clip.source_name, clip.playback_file, clip.file):
            assert secret not in told, secret
    links = workbench.page.evaluate("[workbench.pair.payload.left.url, workbench.pair.payload.right.url]")
    assert len(links[0]) == len(links[1])


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_fits_the_screen(workbench: WorkbenchPage, size: tuple[int, int]) -> None:
    workbench.page.set_viewport_size({"width": size[0], "height": size[1]})
    for key in ("x", "v", "f", "Escape"):
        workbench.press(key)
        cut_off = workbench.page.evaluate(
            """() => {
              const { scrollWidth, scrollHeight } = document.documentElement;
              const isOut = (box) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1;
              const shown = [...document.querySelectorAll("#workbench :is(button, canvas, img)")];
              const out = shown.filter((node) => node.checkVisibility() && isOut(node.getBoundingClientRect()));
              return [scrollWidth > innerWidth, scrollHeight > innerHeight, ...out.map((node) => node.outerHTML)];
            }"""
        )
        assert cut_off == [False, False]


def test_every_button_is_reached_by_tab_with_a_focus_that_shows(workbench: WorkbenchPage) -> None:
    page = workbench.page
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
              const node = document.activeElement;
              const style = getComputedStyle(node);
              const isShown = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
              const owner = node.closest("[role=radiogroup]") ?? node;
              const name = owner.getAttribute("aria-label") || owner.getAttribute("aria-labelledby");
              return [name || node.textContent, isShown];
            }"""
        )
        assert focused[1] or focused[0] is None or not focused[0].strip() or focused[0].startswith("\n"), (
            focused
        )
        reached.add((focused[0] or "").strip())
    wanted = {
        "Who keeps Ada better?",
        "Who keeps Bo better?",
        "wb-ask",
        "Moment",
        "One frame on",
        "Slower",
        "Loop to here",
    }
    assert wanted <= reached


def test_the_map_of_keys_is_the_table_that_acts(workbench: WorkbenchPage) -> None:
    workbench.press("?")
    dialog = workbench.page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    table = workbench.page.evaluate("import('/static/annotator/keys.js').then(({ KEYS }) => KEYS)")
    assert dialog.locator("dd").all_inner_texts() == [line["says"] for line in table]
    combinations = [(line["key"], bool(line.get("shift"))) for line in table]
    assert len(set(combinations)) == len(combinations)
    workbench.press("?")
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("instructions", ["Look at the **faces** only."])
def test_instructions_come_before_the_first_pair_and_by_key(workbench: WorkbenchPage) -> None:
    dialog = workbench.page.get_by_role("dialog", name="Two friends, one kitchen")
    workbench.press("h")
    expect(dialog).to_contain_text("Look at the faces only.")
    workbench.press("Escape")
    workbench.page.reload()
    workbench.wait_for_pair()
    expect(dialog).to_be_hidden()
