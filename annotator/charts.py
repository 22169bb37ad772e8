"""Charts as inline SVG, made on the server.

Across, everything is in per cent of the container and, upward, in pixels: a chart fills its panel at any width
while its text and its strokes keep their size. Colours and margins come from the stylesheet (`.chart`, `.spark`),
names and values are in the picture itself, and each has a title and a description for those who cannot see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

# Percent of the width: one hour alone is no wall.
WIDEST_BAR = 8.0
PLOT_HEIGHT = 172
_TOP = 14  # room for the value above the highest bar
_BELOW = 22  # room for the labels under the axis
_LABELS_AT_MOST = 8


@dataclass(frozen=True, kw_only=True)
class Bin:
    """How many there were in the hour or day that begins at `start`."""

    start: datetime
    count: int


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The ends of an axis on which values are placed."""

    low: float
    high: float

    def percent(self, value: float) -> float:
        """Return where a value lies, 0 to 100; what lies outside is put on the edge."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return 100 * min(1.0, max(0.0, share))


def bar_chart(bins: Sequence[Bin], *, unit: Literal["hour", "day"], what: str = "answers") -> SafeString:
    """Draw counts over consecutive hours or days, the highest with its value written on it."""
    top = nice_ceiling(max((each.count for each in bins), default=0))
    slot = 100 / max(1, len(bins))
    width = min(slot * 0.76, WIDEST_BAR)
    highest = max(range(len(bins)), key=lambda i: bins[i].count, default=0)
    parts = [_grid(top)]
    for index, each in enumerate(bins):
        height = PLOT_HEIGHT * each.count / top
        parts.append(
            tag(
                "rect",
                tag("title", escape(f"{_long_label(each.start, unit)}: {each.count}")),
                x=percent((index + 0.5) * slot - width / 2),
                y=number(_TOP + PLOT_HEIGHT - max(height, 1)),
                width=percent(width),
                height=number(max(height, 1)),
                rx=2 if height > 4 else 0,
                class_="fill-1" if each.count else "fill-none",
            )
        )
    if bins and bins[highest].count:
        y = _TOP + PLOT_HEIGHT * (1 - bins[highest].count / top) - 4
        middle = min(97.0, max(3.0, (highest + 0.5) * slot))
        parts.append(text(f"{bins[highest].count:,}", x=middle, y=y, class_="value"))
    parts += [
        text(label, x=(index + 0.5) * slot, y=_TOP + PLOT_HEIGHT + 16)
        for index, label in _bin_labels(bins, unit)
    ]
    return axes_chart(
        "".join(parts),
        height=_TOP + PLOT_HEIGHT + _BELOW,
        title=f"{what.capitalize()} per {unit}",
        description=_describe_bins(bins, unit, what),
    )


def sparkline(counts: Sequence[int], *, label: str) -> SafeString:
    """Draw a row of small bars, 92 by 20 pixels, without axes; `label` says it in words."""
    width, height, gap = 92.0, 20.0, 1.0
    top = max(counts, default=0) or 1
    step = width / max(1, len(counts))
    bars = "".join(
        tag(
            "rect",
            x=number(index * step),
            y=number(height - max(1.0, height * count / top)),
            width=number(max(1.0, step - gap)),
            height=number(max(1.0, height * count / top)),
            class_="fill-1" if count else "fill-none",
        )
        for index, count in enumerate(counts)
    )
    return mark_safe(  # noqa: S308 - numbers are ours and the label is escaped by tag
        tag("svg", bars, class_="spark", viewBox="0 0 92 20", role="img", aria_label=label)
    )


def interval_mark(value: float, low: float, high: float, scale: Scale, *, label: str) -> SafeString:
    """Draw one value as a dot on its interval, on a scale that a whole column of them shares."""
    y = 10
    parts = [tag("line", x1="0", y1=y, x2="100%", y2=y, class_="grid")]
    parts += [tag("line", x1=end, y1=y - 4, x2=end, y2=y + 4, class_="grid") for end in ("0", "100%")]
    if scale.low < 0 < scale.high:
        zero = percent(scale.percent(0))
        parts.append(tag("line", x1=zero, y1=0, x2=zero, y2=20, class_="grid"))
    ends = [scale.percent(low), scale.percent(high)]
    parts.append(
        tag(
            "line",
            x1=percent(ends[0]),
            y1=y,
            x2=percent(ends[1]),
            y2=y,
            stroke_width=3,
            stroke_linecap="round",
            class_="stroke-1",
        )
    )
    parts.append(tag("circle", cx=percent(scale.percent(value)), cy=y, r=5, class_="fill-1 dot"))
    return mark_safe(  # noqa: S308 - as above
        tag("svg", "".join(parts), class_="chart interval", height=20, role="img", aria_label=label)
    )


def interval_axis(scale: Scale, *, ticks: Sequence[float]) -> SafeString:
    """Draw the numbers under (or over) a column of interval marks."""
    parts = [text(_short(tick), x=scale.percent(tick), y=12) for tick in ticks]
    return mark_safe(  # noqa: S308 - numbers only
        tag("svg", "".join(parts), class_="chart interval", height=16, aria_hidden="true")
    )


def nice_ceiling(value: float) -> int:
    """Return the next of 2, 4, 6, 8, 10, 20, 30, 40 … at or above `value`: half of it is a whole number, too."""
    if value <= 2:
        return 2
    power = 10 ** math.floor(math.log10(value))
    for step in (1, 2, 3, 4, 5, 6, 8, 10):
        candidate = step * power
        if candidate >= value and candidate % 2 == 0:
            return int(candidate)
    return int(20 * power)


def nice_ticks(scale: Scale, *, about: int = 5) -> list[float]:
    """Return round numbers within a scale, about as many as asked for."""
    span = scale.high - scale.low
    if span <= 0:
        return [scale.low]
    raw = span / about
    power = 10 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw)
    first = math.ceil(scale.low / step - 1e-9)
    last = math.floor(scale.high / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


# ------------------------------------------------------------------ parts


def _grid(top: int) -> str:
    return grid_lines(
        [(_TOP + PLOT_HEIGHT * (1 - value / top), f"{value:,}") for value in (0, top // 2, top)]
    )


def grid_lines(ticks: Sequence[tuple[float, str]]) -> str:
    """Draw lines across at heights in pixels, each with its label on the left."""
    parts = []
    for y, label in ticks:
        parts.append(tag("line", x1="0", y1=number(y), x2="100%", y2=number(y), class_="grid"))
        parts.append(tag("text", escape(label), x="-8", y=number(y + 4), text_anchor="end"))
    return "".join(parts)


def _bin_labels(bins: Sequence[Bin], unit: Literal["hour", "day"]) -> list[tuple[int, str]]:
    """Choose few enough labels: days where there are some, else hours at a round distance."""
    if unit == "day":
        every = math.ceil(len(bins) / _LABELS_AT_MOST)
        return [(i, f"{b.start.day} {b.start:%b}") for i, b in enumerate(bins) if i % every == 0]
    every = next(step for step in (1, 2, 3, 6, 12, 24, 10**6) if len(bins) / step <= _LABELS_AT_MOST)
    if every >= 24:
        every = 24
    return [
        (i, f"{b.start:%a}" if b.start.hour == 0 else f"{b.start:%H}:00")
        for i, b in enumerate(bins)
        if b.start.hour % every == 0
    ]


def _long_label(start: datetime, unit: Literal["hour", "day"]) -> str:
    day = f"{start:%a} {start.day} {start:%b}"
    return day if unit == "day" else f"{day}, {start:%H}:00"


def _describe_bins(bins: Sequence[Bin], unit: Literal["hour", "day"], what: str) -> str:
    if not bins:
        return f"No {what} yet."
    best = max(bins, key=lambda each: each.count)
    return (
        f"{sum(each.count for each in bins):,} {what} in {len(bins)} {unit}s from "
        f"{_long_label(bins[0].start, unit)} to {_long_label(bins[-1].start, unit)}; "
        f"the most, {best.count:,}, on {_long_label(best.start, unit)}."
    )


def axes_chart(inner: str, *, height: int, title: str, description: str) -> SafeString:
    """Put parts into a chart with room for the labels of a grid; every text in them has to be escaped."""
    head = tag("title", escape(title)) + tag("desc", escape(description))
    return mark_safe(  # noqa: S308 - every text went through escape
        tag("svg", head + inner, class_="chart chart--axes", height=height, role="img")
    )


def text(content: str, *, x: float, y: float, class_: str = "") -> str:
    """Write a centred label, `x` in per cent and `y` in pixels."""
    return tag("text", escape(content), x=percent(x), y=number(y), text_anchor="middle", class_=class_)


def tag(name: str, content: str = "", **attributes: object) -> str:
    """Write one element; `class_` and `text_anchor` become `class` and `text-anchor`. Content is markup."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value not in ("", None)
    )
    return f"<{name}{written}>{content}</{name}>"


def number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(value: float) -> str:
    return f"{number(value)}%"


def _short(value: float) -> str:
    return f"{value:g}".replace("-", "−")
