"""Charts of test questions as inline SVG, in the manner of `charts`: across in per cent, upward in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString

from annotator.agreement.proportions import Share
from annotator.agreement.psychometric import Psychometric
from annotator.charts import (
    PLOT_HEIGHT,
    Scale,
    axes_chart,
    grid_lines,
    nice_ticks,
    number,
    percent,
    tag,
    text,
)

SEVERITIES = Scale(low=0.5, high=5.5)
_TOP, _BELOW = 14, 38
_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """Frames from the onset to the first mark at one severity: quartiles, and of how many answers."""

    q1: float
    median: float
    q3: float
    count: int


def psychometric_chart(shares: Mapping[int, Share], fit: Psychometric | None) -> SafeString:
    """Draw the share of answers that name the better side against severity, each with its interval, and the fit."""

    def up(share: float) -> float:
        return _TOP + PLOT_HEIGHT * (1 - share)

    parts = [grid_lines([(up(share), f"{100 * share:.0f} %") for share in (0, 0.5, 1)])]
    if fit is not None:
        parts.append(_threshold(fit, up(0), up(1)))
        parts.append(_line("0", "100%", up(fit.guess), stroke_dasharray="2 4", class_="grid"))
        parts.append(_curve(fit))
    for severity, share in shares.items():
        x = percent(SEVERITIES.percent(severity))
        if share.total:
            parts.append(_line(x, x, up(share.low), up(share.high), stroke_width=2, class_="stroke-1"))
            said = f"Severity {severity}: {share.count} of {share.total} name the better side"
            dot = tag("title", escape(said))
            parts.append(tag("circle", dot, cx=x, cy=number(up(share.value)), r=5, class_="fill-1"))
        parts.append(text(str(severity), x=SEVERITIES.percent(severity), y=_TOP + PLOT_HEIGHT + 16))
    parts.append(text("severity", x=50, y=_TOP + PLOT_HEIGHT + 33))
    told = "; ".join(
        f"severity {severity}: {100 * share.value:.0f} % of {share.total}"
        for severity, share in shares.items()
        if share.total
    )
    return axes_chart(
        "".join(parts),
        height=_TOP + PLOT_HEIGHT + _BELOW,
        title="Share of answers that name the better side, by severity",
        description=told or "No answers yet.",
    )


def _curve(fit: Psychometric) -> str:
    """The fitted line, in a picture of its own that stretches with the chart."""
    across = [n / _STEPS for n in range(_STEPS + 1)]
    shares = [fit.at(SEVERITIES.low + (SEVERITIES.high - SEVERITIES.low) * each) for each in across]
    way = "L".join(
        f"{100 * x:.2f} {PLOT_HEIGHT * (1 - share):.2f}" for x, share in zip(across, shares, strict=True)
    )
    path = tag(
        "path",
        d=f"M{way}",
        fill="none",
        stroke_width=2,
        vector_effect="non-scaling-stroke",
        class_="stroke-2",
    )
    return tag(
        "svg", path, x="0", y=_TOP, width="100%", height=PLOT_HEIGHT, viewBox=f"0 0 100 {PLOT_HEIGHT}",
        preserveAspectRatio="none",
    )  # fmt: skip


def _threshold(fit: Psychometric, bottom: float, top: float) -> str:
    """The threshold as a line upward, its interval as a band; an end that the data do not set goes to the edge."""
    if not SEVERITIES.low <= fit.threshold <= SEVERITIES.high:
        return ""
    low = 0.0 if fit.low is None else SEVERITIES.percent(fit.low)
    high = 100.0 if fit.high is None else SEVERITIES.percent(fit.high)
    band = tag(
        "rect", x=percent(low), y=number(top), width=percent(high - low), height=number(bottom - top),
        opacity="0.14", class_="fill-2",
    )  # fmt: skip
    x = percent(SEVERITIES.percent(fit.threshold))
    return band + _line(x, x, bottom, top, stroke_width=1, stroke_dasharray="4 3", class_="stroke-2")


def delay_chart(delays: Mapping[int, Delays]) -> SafeString:
    """Draw how many frames after the onset the first mark lies, by severity: median and quartiles."""
    ends = [end for each in delays.values() for end in (each.q1, each.q3)]
    scale = Scale(low=min([0.0, *ends]), high=max([10.0, *ends]))

    def up(frames: float) -> float:
        return _TOP + PLOT_HEIGHT * (1 - scale.percent(frames) / 100)

    parts = [grid_lines([(up(tick), f"{tick:g}".replace("-", "−")) for tick in nice_ticks(scale, about=4)])]
    for severity in range(1, 6):
        x = SEVERITIES.percent(severity)
        each = delays.get(severity)
        if each is not None:
            said = f"Severity {severity}: median {each.median:g} frames, {each.q1:g} to {each.q3:g}, {each.count} marks"
            parts.append(
                tag(
                    "rect", tag("title", escape(said)), x=percent(x - 2.5), y=number(up(each.q3)), width="5%",
                    height=number(max(2.0, up(each.q1) - up(each.q3))), rx=2, opacity="0.35", class_="fill-1",
                )
            )  # fmt: skip
            parts.append(
                _line(percent(x - 2.5), percent(x + 2.5), up(each.median), stroke_width=3, class_="stroke-1")
            )
        parts.append(text(str(severity), x=x, y=_TOP + PLOT_HEIGHT + 16))
    parts.append(text("severity", x=50, y=_TOP + PLOT_HEIGHT + 33))
    told = "; ".join(
        f"severity {severity}: median {each.median:g}, quartiles {each.q1:g} and {each.q3:g}, {each.count} marks"
        for severity, each in delays.items()
    )
    return axes_chart(
        "".join(parts),
        height=_TOP + PLOT_HEIGHT + _BELOW,
        title="Frames from the onset to the first mark, by severity",
        description=told or "No marks yet.",
    )


def _line(x1: str, x2: str, y1: float, y2: float | None = None, **attributes: object) -> str:
    ends: dict[str, object] = {"x1": x1, "x2": x2, "y1": number(y1), "y2": number(y1 if y2 is None else y2)}
    return tag("line", "", **ends, **attributes)


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return lower quartile, median and upper quartile, by linear interpolation as NumPy's default."""
    ordered = sorted(values)

    def at(share: float) -> float:
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (place - low) * (ordered[high] - ordered[low])

    return at(0.25), at(0.5), at(0.75)
