"""Learning curves and results as inline SVG; the stylesheet gives colours and strokes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 1000, 180
_TOP = 8


@dataclass(frozen=True)
class Line:
    """Values over steps; `kind` is a class of the stylesheet."""

    kind: str
    points: Sequence[tuple[float, float]]


def learning_chart(lines: Sequence[Line], *, steps: int, low: float, high: float, about: str) -> SafeString:
    """Return curves over steps 0 to `steps`, values `low` to `high` upward; nothing without a point."""
    if not any(line.points for line in lines):
        return SafeString("")
    parts = [f'<path class="grid" d="M0 {_y(high, low, high):.1f}H{WIDTH}M0 {HEIGHT}H{WIDTH}" {_STROKE}/>']
    for line in lines:
        way = "".join(
            f"{'L' if place else 'M'}{WIDTH * step / max(steps, 1):.1f} {_y(value, low, high):.1f}"
            for place, (step, value) in enumerate(line.points)
        )
        parts.append(f'<path class="{line.kind}" d="{way}" {_STROKE}/>')
    return mark_safe(  # noqa: S308 - numbers, and a text that is escaped
        f'<svg class="learning" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(about)}">{"".join(parts)}</svg>'
    )


def interval_bar(value: float, low: float | None, high: float | None) -> SafeString:
    """Return a share from 50 to 100 per cent as a dot with its interval."""
    ends = ""
    if low is not None and high is not None:
        ends = f'<line x1="{_x(low):.1f}%" x2="{_x(high):.1f}%" y1="50%" y2="50%"/>'
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg class="interval" aria-hidden="true">{ends}<circle cx="{_x(value):.1f}%" cy="50%" r="4"/></svg>'
    )


_STROKE = 'vector-effect="non-scaling-stroke"'


def _x(share: float) -> float:
    return 2 + 96 * min(1.0, max(0.0, (share - 0.5) / 0.5))


def _y(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return _TOP + (HEIGHT - _TOP) * (1 - min(1.0, max(0.0, share)))
