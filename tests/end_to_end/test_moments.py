"""Where the moments of strips lie, and which of them comes next."""

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MOMENTS = [0, 0.25, 0.5, 1]


def ask(page: Page, call: str) -> float:
    path = "/static/annotator/moments.js"
    return page.evaluate(f"() => import('{path}').then((it) => it.{call})")


@pytest.mark.parametrize(
    ("time", "index"), [(-1, 0), (0, 0), (0.2, 0), (0.25, 1), (0.2499999, 1), (0.7, 2), (1, 3), (9, 3)]
)
def test_a_time_belongs_to_the_last_moment_that_has_come(module_page: Page, time: float, index: int) -> None:
    assert ask(module_page, f"momentAt({time}, {MOMENTS})") == index


@pytest.mark.parametrize(
    ("time", "step", "index"),
    [(0, 1, 1), (0, -1, 0), (0.25, -1, 0), (0.3, -1, 1), (0.3, 1, 2), (1, 1, 3), (5, -1, 3), (5, 1, 3)],
)
def test_a_step_goes_to_the_moment_before_or_after(
    module_page: Page, time: float, step: int, index: int
) -> None:
    assert ask(module_page, f"momentFrom({time}, {MOMENTS}, {step})") == index


@pytest.mark.parametrize("rate", [(24, 1), (25, 1), (30, 1), (24000, 1001), (5, 1)])
def test_steps_pass_every_moment_whatever_the_rate(module_page: Page, rate: tuple[int, int]) -> None:
    """A seek ends where a frame begins, which is before the moment that was asked for."""
    visited = module_page.evaluate(
        """async ([num, den]) => {
          const { Clock } = await import("/static/annotator/clock.js");
          const { momentFrom } = await import("/static/annotator/moments.js");
          const clock = new Clock([{ rate: { num, den }, frames: Math.ceil((2 * num) / den) }]);
          const moments = Array.from({ length: 16 }, (_, n) => clock.snap(n / 8));
          const go = (step) => clock.seek(moments[momentFrom(clock.position, moments, step)], 0);
          const visited = { moments, on: [], back: [] };
          for (let n = 0; n < 20; n += 1) { go(1); visited.on.push(clock.position); }
          for (let n = 0; n < 20; n += 1) { go(-1); visited.back.push(clock.position); }
          return visited;
        }""",
        list(rate),
    )
    assert set(visited["on"]) == set(visited["moments"][1:]) - {0}
    assert (visited["on"][-1], visited["back"][-1]) == (visited["moments"][-1], 0)


@pytest.mark.parametrize(
    ("time", "place"),
    [(0, 0.125), (0.125, 0.25), (0.25, 0.375), (0.75, 0.75), (1, 0.875), (1.5, 0.9375), (2, 1), (3, 1)],
)
def test_each_moment_lies_in_the_middle_of_its_crop(module_page: Page, time: float, place: float) -> None:
    assert ask(module_page, f"placeOf({time}, {MOMENTS}, 2)") == pytest.approx(place)


def test_a_strip_of_one_moment_has_a_place_for_every_time(module_page: Page) -> None:
    assert ask(module_page, "placeOf(0, [0], 0)") == 0.5
    assert ask(module_page, "placeOf(9, [0], 0)") == 1
