"""The two sides never show different frames: read off both canvases at every paint, on both ways of decoding."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PATHS = ("webcodecs", "video")
SPEEDS = (0.25, 0.5, 1, 1.5, 2)
# A minute is too long to be watched at every speed: this many seconds of the clock each, from another place.
WATCHED_S = {0.25: 0.8, 0.5: 1.5, 1: 3, 1.5: 4, 2: 6}

Paint = dict[str, Any]


class Pair:
    """Two clips in the player under test, and what was painted of them."""

    def __init__(self, page: Page, left: str, right: str, path: str | None) -> None:
        self.page = page
        self.facts = page.evaluate(
            "([left, right, path]) => harness.load(left, right, path)",
            [f"/clips/{left}.mp4", f"/clips/{right}.mp4", path],
        )

    def rate(self, side: str) -> Fraction:
        rate = self.facts[side]["rate"]
        return Fraction(rate["num"], rate["den"])

    def frames(self, side: str) -> int:
        return self.facts[side]["frames"]

    def run(self, javascript: str) -> Any:
        return self.page.evaluate(f"async () => {{ const {{ player }} = harness; {javascript} }}")

    def take(self) -> list[Paint]:
        return self.page.evaluate("harness.take()")

    def shown(self, side: str, paint: Paint) -> tuple[Fraction, Fraction | None]:
        """Return from when to when the frame on this canvas is the right one; the last one holds for ever."""
        index = paint[f"{side}Code"]
        last = index == self.frames(side) - 1
        return index / self.rate(side), None if last else (index + 1) / self.rate(side)

    def mismatch(self, paint: Paint) -> str | None:
        """Return what is wrong with a paint, None when both canvases show one moment."""
        for side in ("left", "right"):
            if paint[f"{side}Code"] is None:
                return f"no frame code on the {side} canvas"
            if paint[f"{side}Code"] != paint[side]:
                return f"{side}: the counter says {paint[side]}, the canvas shows {paint[f'{side}Code']}"
        left, right = self.shown("left", paint), self.shown("right", paint)
        if _is_before(left, right) or _is_before(right, left):
            return f"frames {paint['left']} and {paint['right']} are never shown at one moment"
        return None

    def check(self, at_least: int = 1) -> list[Paint]:
        """Assert that no paint since the last check was a mismatch; return them."""
        paints = self.take()
        assert len(paints) >= at_least
        assert [wrong for paint in paints if (wrong := self.mismatch(paint))] == []
        return paints


def _is_before(a: tuple[Fraction, Fraction | None], b: tuple[Fraction, Fraction | None]) -> bool:
    return a[1] is not None and a[1] <= b[0]


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> str:
    return request.param


def test_plays_the_same_frame_on_both_sides_at_every_speed(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "other", path)
    assert pair.frames("left") == 1440
    assert pair.rate("left") == 24
    for number, speed in enumerate(SPEEDS):
        start = 11.3 * number
        pair.run(f"player.seek({start}); await harness.play({speed}, {start + WATCHED_S[speed]});")
        paints = pair.check(at_least=5)
        assert all(paint["left"] == paint["right"] for paint in paints)
        ahead = [paint["left"] for paint in paints if paint["position"] >= start]
        assert ahead == sorted(ahead), "a frame was shown after a later one"


@pytest.mark.parametrize("other", ["faster", "shorter"])
def test_plays_one_moment_of_clips_of_different_rate(player_page: Page, path: str, other: str) -> None:
    pair = Pair(player_page, "one", other, path)
    for speed, start in ((0.25, 4), (1, 3), (2, 1)):
        pair.run(f"player.seek({start}); await harness.play({speed}, {start + WATCHED_S[speed] / 2});")
        pair.check(at_least=5)


def test_holds_the_last_frame_of_the_shorter_clip_and_says_so(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "shorter", "one", path)
    pair.run("player.seek(6); await harness.play(2, 9);")
    paints = pair.check(at_least=10)
    last = pair.frames("left") - 1
    assert {paint["left"] for paint in paints if paint["leftOver"]} == {last}
    assert not any(paint["rightOver"] for paint in paints)
    assert paints[-1]["leftOver"]
    assert paints[-1]["right"] > last


def test_stops_on_the_last_frame_and_starts_over(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "other", path)
    pair.run("player.seek(59); await harness.play(2, 99);")
    assert pair.check()[-1]["left"] == 1439
    pair.run("await harness.play(2, 0.5);")
    assert {paint["left"] for paint in pair.check()} >= {0, 11}


def test_seeks_and_steps_exactly(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "faster", path)
    for position in (31.7, 0, 59.99, 12.5, 12.4, 45.04):
        pair.run(f"await harness.timed(() => player.seek({position}));")
    assert pair.check()[-1]["right"] == 1351  # 45.04 s lies in the 1352nd frame of 30 a second
    for frames in (1, 1, 1, 10, -10, -1, -30, -30, -30, 1):
        pair.run(f"await harness.timed(() => player.step({frames}));")
    assert pair.check()[-1]["right"] == 1351 + 3 + 10 - 10 - 1 - 90 + 1


def test_the_latest_of_many_seeks_wins(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "other", path)
    pair.run(
        """
        for (let i = 0; i < 40; i += 1) { player.seek((i * 17.3) % 60); await new Promise(requestAnimationFrame); }
        await harness.timed(() => player.seek(33.5));
        """
    )
    assert pair.check()[-1]["left"] == 804


def test_seeks_while_playing(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "faster", path)
    pair.run(
        """
        for (const position of [20, 19, 50, 18.5, 3]) { player.seek(position); await harness.playFor(400); }
        player.pause();
        """
    )
    pair.check(at_least=20)


def test_loops_a_range_and_nothing_outside_it(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "other", path)
    pair.run("await harness.timed(() => player.seek(10)); player.loopIn();")
    pair.run("await harness.timed(() => player.seek(10.75)); player.loopOut(); harness.take();")
    pair.run("await harness.playFor(2600); player.pause();")
    painted = [paint["left"] for paint in pair.check(at_least=20)]
    first, last = 240, 258
    assert {min(painted), max(painted)} == {first, last}
    assert sum(later < earlier for earlier, later in pairwise(painted)) >= 2
    pair.run("player.loopClear(); await harness.play(2, 12);")
    assert pair.check()[-1]["left"] >= 288


def test_flip_and_wipe_show_the_other_side_in_the_same_place(player_page: Page, path: str) -> None:
    pair = Pair(player_page, "one", "shorter", path)
    pair.run("await harness.timed(() => player.seek(5.02)); harness.take(); player.show('flip', 'right');")
    player_page.wait_for_function("harness.count() > 0")
    paint = pair.take()[-1]
    assert (paint["left"], paint["right"]) == (120, 119)
    assert paint["leftCode"] == 119
    pair.run("await harness.timed(() => player.show('wipe')); await harness.timed(() => player.wipeTo(0));")
    assert pair.take()[-1]["leftCode"] == 119
    pair.run("await harness.timed(() => player.wipeTo(1));")
    assert pair.take()[-1]["leftCode"] == 120


def test_a_browser_whose_frames_carry_no_time_is_slower_and_as_exact(
    chromium: Browser, player_address: str
) -> None:
    """Neither VideoDecoder nor VideoFrame, as in an old browser: the element is stepped, never run."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    context.add_init_script("delete globalThis.VideoDecoder; delete globalThis.VideoFrame;")
    page = context.new_page()
    page.goto(f"{player_address}/pages/player.html")
    page.wait_for_function("window.harness !== undefined")
    pair = Pair(page, "one", "faster", path=None)
    for position in (31.7, 0, 59.99, 12.5):
        pair.run(f"await harness.timed(() => player.seek({position}));")
    assert pair.check()[-1]["right"] == 375
    for frames in (1, 1, 10, -10, -1):
        pair.run(f"await harness.timed(() => player.step({frames}));")
    assert pair.check()[-1]["right"] == 376
    pair.run("await harness.play(1, 13.2);")
    painted = [paint["left"] for paint in pair.check(at_least=5)]
    assert painted == sorted(painted), "a frame was shown after a later one"
    pair.run("player.seek(58.9); await harness.play(2, 99);")
    assert pair.check()[-1]["left"] == 1439
    context.close()


def test_says_what_is_not_a_clip(player_page: Page, path: str) -> None:
    said = player_page.evaluate(
        "(path) => harness.load('/pages/player.css', '/clips/one.mp4', path).then(() => '', (error) => error.message)",
        path,
    )
    assert said == "This clip cannot be read."
