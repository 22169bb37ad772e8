"""Rates from time stamps, and resampling to a constant one."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.media.timing import MAX_RESAMPLED_RATE, STANDARD_RATES, Timing, measure, resample


def measured(times: list[float], *, tick_s: float = 0.001, declared: tuple[Fraction, ...] = ()) -> Timing:
    return measure(times, tick_s=tick_s, declared=declared, last_s=None)


@given(rate=st.sampled_from(STANDARD_RATES), frames=st.integers(2, 400))
def test_a_declared_standard_rate_survives_rounding_to_milliseconds(rate: Fraction, frames: int) -> None:
    times = [round(float(index / rate), 3) for index in range(frames)]
    timing = measured(times, declared=(rate,))
    assert (timing.rate, timing.playback_rate, timing.variable) == (rate, rate, False)


@given(rate=st.fractions(1, 100, max_denominator=50), frames=st.integers(2, 200))
def test_any_exact_constant_rate_is_kept(rate: Fraction, frames: int) -> None:
    timing = measured([float(index / rate) for index in range(frames)], tick_s=1e-6, declared=(rate,))
    assert not timing.variable
    assert float(timing.playback_rate) == pytest.approx(float(rate), rel=1e-4)


def test_a_wrong_declaration_is_not_believed() -> None:
    assert measured([index / 15 for index in range(40)], declared=(Fraction(24),)).rate == 15


def test_jitter_of_a_live_recording_is_no_variable_rate() -> None:
    times = [index / 30 + (0.006 if index % 3 else 0) for index in range(90)]
    timing = measured(times, declared=(Fraction(1000),))
    assert timing.rate == 30
    assert not timing.variable


def test_dropped_frames_resample_to_the_rate_beneath_them() -> None:
    kept = [index for index in range(60) if index % 7 not in (2, 3)]
    timing = measured([index / 15 for index in kept])
    assert timing.variable
    assert timing.playback_rate == 15


def test_faster_than_a_screen_is_shown_at_what_a_screen_can() -> None:
    timing = measured([index / 240 for index in range(100)], tick_s=1e-6)
    assert timing.rate == 240
    assert timing.playback_rate == MAX_RESAMPLED_RATE


def test_one_frame_takes_the_declared_rate() -> None:
    timing = measured([3.0], declared=(Fraction(15),))
    assert timing.rate == 15
    assert not timing.variable
    assert timing.duration_s == pytest.approx(1 / 15)


def test_time_that_stands_still_is_one_moment() -> None:
    assert not measured([2.0, 2.0, 2.0]).variable


def test_a_gap_holds_the_frame_before_it() -> None:
    timing = Timing(Fraction(4), Fraction(10), True, 0.1, 0.7)
    shown = list(resample([(0.0, "a"), (0.1, "b"), (0.5, "c")], timing))
    assert shown == ["a", "b", "b", "b", "b", "c"]


def test_of_two_frames_at_one_time_the_later_is_shown() -> None:
    timing = Timing(Fraction(4), Fraction(10), True, 0.2, 0.4)
    assert list(resample([(5.0, "a"), (5.1, "b"), (5.11, "c")], timing)) == ["a", "c", "c"]


def test_nothing_resamples_to_nothing() -> None:
    assert list(resample([], Timing(Fraction(4), Fraction(10), True, 0.1, 0.1))) == []


@given(
    times=st.lists(st.floats(0, 10), min_size=1, max_size=50).map(sorted),
    rate=st.sampled_from([Fraction(8), Fraction(24000, 1001), Fraction(60)]),
)
def test_resampling_shows_frames_near_their_times(times: list[float], rate: Fraction) -> None:
    timing = Timing(rate, rate, True, float(1 / rate), 1.0)
    shown = list(resample(((time, time) for time in times), timing))
    for slot, time in enumerate(shown):
        assert time - times[0] <= (slot + 0.5001) / rate
    assert shown[-1] == times[-1]
    assert len(shown) == round((times[-1] - times[0]) * float(rate)) + 1
