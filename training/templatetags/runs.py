"""Figures of runs as people read them."""

import math
from typing import Any

from django import template

register = template.Library()

STATE_BADGES = {
    "queued": "",
    "running": "badge--accent",
    "finished": "badge--open",
    "failed": "badge--error",
    "cancelled": "badge--paused",
}


@register.filter
def run_badge(state: str) -> str:
    return STATE_BADGES.get(state, "")


@register.filter
def per_cent(value: float | None) -> str:
    """0.914 becomes 91.4 %."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.1f}\N{NO-BREAK SPACE}%"


@register.filter
def between(row: dict[str, Any]) -> str:
    """The interval of a measurement, or nothing."""
    if row["low"] is None:
        return ""
    return f"{100 * row['low']:.1f}–{100 * row['high']:.1f}"


@register.filter
def decimal(value: float | None, places: int = 3) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{places}f}"
