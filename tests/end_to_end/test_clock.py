"""The clock's arithmetic against exact fractions; the module is the browser's, the oracle is Python's."""

import random
from fractions import Fraction
from math import floor

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e

RATES = [Fraction(8), Fraction(24), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]


def _evaluate(page: Page, body: str, argument: object = None) -> object:
    return page.evaluate(
        f"async (given) => {{ const clock = await import('/static/annotator/clock.js'); {body} }}", argument
    )


def _rate(rate: Fraction) -> dict[str, int]:
    return {"num": rate.numerator, "den": rate.denominator}


def _clip(rate: Fraction | int, frames: int) -> dict[str, object]:
    return {"rate": _rate(Fraction(rate)), "frames": frames}


def test_every_frame_of_an_hour_comes_back_from_its_moment(module_page: Page) -> None:
    wrong = _evaluate(
        module_page,
        """
        const wrong = [];
        for (const rate of given) {
          for (let index = 0; index < (3600 * rate.num) / rate.den; index += 1) {
            if (clock.indexAt(clock.momentOf(index, rate), rate) !== index) wrong.push([rate.num, index]);
          }
        }
        return wrong;
        """,
        [_rate(rate) for rate in RATES],
    )
    assert wrong == []


def test_positions_fall_into_the_frames_that_exact_arithmetic_says(module_page: Page) -> None:
    rng = random.Random(5)
    cases = [(rng.choice(RATES), rng.randint(1, 2000), rng.uniform(0, 90)) for _ in range(3000)]
    got = _evaluate(
        module_page,
        "return given.map(([rate, frames, position]) => clock.frameAt(position, { rate, frames }));",
        [(_rate(rate), frames, position) for rate, frames, position in cases],
    )
    assert got == [min(frames - 1, floor(Fraction(position) * rate)) for rate, frames, position in cases]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        # Playing follows the time that was settled, at the speed.
        ("c.play(100); c.settle(c.peek(101), 101); return c.position", 1.0),
        ("c.speed = 0.5; c.play(100); return c.peek(102)", 1.0),
        # Time spent waiting for a picture is not played.
        ("c.play(100); c.hold(130); return c.peek(130.5)", 0.5),
        # It stops on the last frame and starts over from there.
        ("c.play(0); return c.peek(1000)", 239 / 24),
        ("c.seek(99, 0); c.play(0); return c.position", 0),
        # A change of speed does not move it.
        ("c.play(0); c.changeSpeed(1, 2); c.changeSpeed(-1, 2); return c.position", 2.0),
        ("for (let i = 0; i < 20; i += 1) c.changeSpeed(1, 0); return c.speed", 2),
        ("for (let i = 0; i < 20; i += 1) c.changeSpeed(-1, 0); return c.speed", 0.25),
        # Steps go from frame to frame and stay inside.
        ("c.seek(1.01, 0); c.step(1, 0); return c.position", 25 / 24),
        ("c.step(-5, 0); return c.position", 0),
        ("c.step(9999, 0); return c.position", 239 / 24),
        # A loop ends after its last frame and goes on at its first.
        ("c.seek(1, 0); c.loopIn(); c.seek(2, 0); c.loopOut(); return c.loop", {"start": 1, "end": 49 / 24}),
        ("c.loop = { start: 1, end: 2 }; c.seek(1, 0); c.play(0); return c.peek(2.25)", 1.25),
        ("c.loop = { start: 1, end: 2 }; c.seek(5, 0); c.play(0); return c.position", 1),
        # An end before the beginning makes a loop of what is left.
        ("c.seek(5, 0); c.loopIn(); c.seek(2, 0); c.loopOut(); return c.loop", {"start": 0, "end": 49 / 24}),
        ("c.seek(2, 0); c.loopOut(); c.seek(5, 0); c.loopIn(); return c.loop", {"start": 5, "end": 10}),
    ],
)
def test_plays_steps_and_loops(module_page: Page, script: str, expected: object) -> None:
    ten_and_two_seconds = [_clip(24, 240), _clip(8, 16)]
    got = _evaluate(module_page, f"const c = new clock.Clock(given); {script};", ten_and_two_seconds)
    assert got == pytest.approx(expected)


def test_the_faster_side_is_the_grid_and_the_longer_one_the_end(module_page: Page) -> None:
    got = _evaluate(
        module_page,
        """
        const c = new clock.Clock(given);
        return [c.grid.num, c.duration, given.map((clip) => clock.isOver(5, clip))];
        """,
        [_clip(24, 240), _clip(Fraction(30000, 1001), 60)],
    )
    assert got == [30000, 10, [False, True]]
