"""Curves as inline SVG. Colours come from the page's custom properties, so light and dark need no second drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000, 150
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
BREAK = 2.5


@dataclass(frozen=True)
class Line:
    """A curve: times in seconds, values, and its class in the style sheet."""

    times: NDArray[np.floating]
    values: NDArray[np.floating]
    style: str
    label: str


@dataclass(frozen=True)
class Span:
    """A stretch of time that is marked: seconds, class, and what it means."""

    start: float
    end: float
    style: str
    label: str


def chart(
    lines: Sequence[Line],
    spans: Sequence[Span],
    *,
    seconds: float,
    threshold: float,
    title: str,
) -> str:
    """Return a chart of similarity over time as an SVG element; its text tells what a screen reader needs."""
    values = np.concatenate([line.values for line in lines] or [np.zeros(0)])
    low = min(0.0, float(np.floor(values.min() * 5) / 5)) if len(values) else 0.0
    scale = _Scale(seconds=max(seconds, 1e-3), low=low, high=1.0)
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">',
        *_grid(scale),
        *(_span(scale, span) for span in spans),
        f'<line class="threshold" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{scale.y(threshold):.1f}" '
        f'y2="{scale.y(threshold):.1f}"><title>threshold {threshold:.2f}</title></line>',
        *(_line(scale, line) for line in lines),
        "</svg>",
    ]
    return "\n".join(parts)


@dataclass(frozen=True)
class _Scale:
    seconds: float
    low: float
    high: float

    def x(self, time: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * time / self.seconds

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _grid(scale: _Scale) -> list[str]:
    parts = []
    for value in (v for v in (-1.0, -0.5, 0.0, 0.5, 1.0) if v >= scale.low):
        y = scale.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:.1f}</text>'
        )
    step = next((s for s in (0.5, 1, 2, 5, 10, 30, 60, 120) if scale.seconds / s <= 12), scale.seconds)
    for time in np.arange(0, scale.seconds + 1e-6, step):
        x = scale.x(float(time))
        label = f"{time:g} s"
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">{label}</text>')
    return parts


def _span(scale: _Scale, span: Span) -> str:
    x0, x1 = scale.x(span.start), scale.x(span.end)
    return (
        f'<rect class="{span.style}" x="{x0:.1f}" y="{TOP}" width="{max(x1 - x0, 1.5):.1f}" '
        f'height="{HEIGHT - TOP - BOTTOM}"><title>{escape(span.label)}</title></rect>'
    )


def _line(scale: _Scale, line: Line) -> str:
    if not len(line.times):
        return ""
    points = [(scale.x(float(t)), scale.y(float(v))) for t, v in zip(line.times, line.values, strict=True)]
    steps = np.diff(line.times)
    # The curve is not drawn over times in which nothing was seen.
    far = BREAK * float(np.median(steps)) if len(steps) else 0.0
    joined = [False, *(bool(step <= far) for step in steps)]
    path = "".join(f"{'L' if on else 'M'}{x:.1f} {y:.1f}" for on, (x, y) in zip(joined, points, strict=True))
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/>' for x, y in points)
    return f'<g class="{line.style}"><title>{escape(line.label)}</title><path d="{path}"/>{dots}</g>'
