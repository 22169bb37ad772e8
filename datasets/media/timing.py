"""Frame rates from time stamps: is a clip's rate constant, which one is it, and resampling to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeVar

FrameT = TypeVar("FrameT")

# The rates that cameras, codecs and video models use.
STANDARD_RATES: tuple[Fraction, ...] = tuple(
    sorted(
        [
            Fraction(n)
            for n in (1, 2, 4, 5, 6, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)
        ]
        + [Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120)]
    )
)
FALLBACK_RATE = Fraction(24)
# Browsers paint 60 frames a second; a source of more than 120 is shown at 60.
MAX_KEPT_RATE = Fraction(120)
MAX_RESAMPLED_RATE = Fraction(60)
# Frames that stray further than this to either side of a grid (in frame lengths) make a rate variable.
# Below a quarter each still has a tick of its own.
GRID_TOLERANCE = 0.24


@dataclass(frozen=True)
class Timing:
    """What the time stamps of a clip say.

    Attributes:
        rate: Frames a second: the constant rate, or the average one where the rate varies.
        playback_rate: The constant rate of a playback copy; equal to `rate` for a constant source.
        variable: Whether frames lie off every constant grid.
        tail_s: How long the last frame is shown, seconds.
        duration_s: From the first frame's start to the last one's end, seconds.
    """

    rate: Fraction
    playback_rate: Fraction
    variable: bool
    tail_s: float
    duration_s: float


def measure(
    times: Sequence[float], *, tick_s: float, declared: Iterable[Fraction | None], last_s: float | None
) -> Timing:
    """Find the rate of frames shown at `times`.

    Args:
        times: Presentation times in seconds, ascending.
        tick_s: Resolution of the container's clock, seconds (Matroska rounds to 1 ms).
        declared: Rates that the container claims, the most trusted first.
        last_s: The stated duration of the last frame, if any.
    """
    claims = [rate for rate in declared if rate and rate > 0]
    span = times[-1] - times[0] if times else 0.0
    if len(times) < 2 or span <= 0:
        rate = next((claim for claim in claims if 1 <= claim <= MAX_KEPT_RATE), FALLBACK_RATE)
        return Timing(rate, rate, False, float(1 / rate), float(1 / rate))

    average = Fraction((len(times) - 1) / span).limit_denominator(1001)
    constant = _constant_rate(times, tick_s, claims, average)
    if constant is not None:
        playback = constant if constant <= MAX_KEPT_RATE else MAX_RESAMPLED_RATE
        return Timing(constant, playback, False, float(1 / constant), float(len(times) / constant))
    playback = _covering_rate(times)
    tail = last_s if last_s and last_s > 0 else float(1 / playback)
    duration = span + tail
    return Timing(Fraction(len(times) / duration).limit_denominator(1001), playback, True, tail, duration)


def _constant_rate(
    times: Sequence[float], tick_s: float, claims: list[Fraction], average: Fraction
) -> Fraction | None:
    """Return the first rate whose grid all frames meet within the clock's resolution, or else the nearest one."""
    near = [rate for rate in STANDARD_RATES if abs(rate / average - 1) < 0.02]
    candidates = [*(c for c in claims if c in STANDARD_RATES), *near, *claims, average]
    errors = {rate: _grid_error(times, rate) for rate in dict.fromkeys(candidates)}
    on_grid = [rate for rate, error_s in errors.items() if error_s * rate <= GRID_TOLERANCE]
    exact = [rate for rate in on_grid if errors[rate] <= 1.01 * tick_s]
    if exact:
        return exact[0]
    # A jittery clock, as of a recording in a browser: a usual rate if one fits, else the measured one.
    usual = [rate for rate in on_grid if rate in STANDARD_RATES]
    return min(usual or on_grid, key=lambda rate: errors[rate], default=None)


def _grid_error(times: Sequence[float], rate: Fraction) -> float:
    """Return how far frames stray to either side of the best placed grid of `rate`, in seconds."""
    step = float(1 / rate)
    strays = [time - index * step for index, time in enumerate(times)]
    return (max(strays) - min(strays)) / 2


def _covering_rate(times: Sequence[float]) -> Fraction:
    """Return a standard rate fast enough that hardly a frame of a variable source is left out."""
    steps = sorted(later - earlier for earlier, later in pairwise(times) if later > earlier)
    short = steps[len(steps) // 10] if steps else 1.0
    rates = [rate for rate in STANDARD_RATES if rate <= MAX_RESAMPLED_RATE]
    nearest = min(rates, key=lambda rate: abs(float(rate) * short - 1))
    # Two per cent of slack: 66 ms, rounded by a millisecond clock, is still 15 fps.
    if abs(float(nearest) * short - 1) < 0.02:
        return nearest
    return next((rate for rate in rates if float(rate) * short > 1), MAX_RESAMPLED_RATE)


def resample(frames: Iterable[tuple[float, FrameT]], timing: Timing) -> Iterator[FrameT]:
    """Give one frame for each tick of `timing.playback_rate`: the frame that is on screen then.

    A gap holds the frame before it; of two frames in one tick the later one wins.
    """
    rate = float(timing.playback_rate)
    start: float | None = None
    held: FrameT | None = None
    held_slot = 0
    for time, frame in frames:
        if start is None:
            start = time
        slot = max(round((time - start) * rate), held_slot)
        if held is not None:
            for _ in range(slot - held_slot):
                yield held
        held, held_slot = frame, slot
    if held is not None:
        for _ in range(max(1, round(timing.tail_s * rate))):
            yield held
