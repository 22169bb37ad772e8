"""Figures of batches as people read them."""

import math

from django import template

register = template.Library()

UNKNOWN = "–"
GAP = "\N{NO-BREAK SPACE}"
CHECKS = {
    "change": "change of the face",
    "correlation": "follows the schedule",
    "outside": "outside the mask, dB",
    "others": "other faces, dB",
    "detected": "face still found",
    "flicker": "flicker",
    "seam": "seam",
    "ghost": "double features",
    "reach": "severity out of reach",
    "donor": "no donor fits",
}
STATE_BADGES = {
    "running": "badge--accent",
    "paused": "badge--paused",
    "finished": "badge--open",
    "cancelled": "",
    "made": "badge--open",
    "refused": "badge--signal",
    "failed": "badge--error",
    "planned": "",
}


@register.filter
def share(value: float | None) -> str:
    """0.914 becomes 91 %."""
    return UNKNOWN if value is None else f"{100 * value:.0f}{GAP}%"


@register.filter
def number(value: float | None, places: int = 2) -> str:
    """0.714 becomes 0.71."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.{places}f}".replace("-", "−")


@register.filter
def span(seconds: float | None) -> str:
    """34.2 becomes 34 s, 620 becomes 10 min, 9000 becomes 2 h 30 min."""
    if seconds is None:
        return UNKNOWN
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(1, round(seconds))}{GAP}s"
    if minutes < 90:
        return f"{minutes}{GAP}min"
    hours, rest = divmod(minutes, 60)
    return f"{hours}{GAP}h {rest}{GAP}min" if rest and hours < 10 else f"{hours}{GAP}h"


@register.filter
def check_name(name: str) -> str:
    """What a check of the gate looks at."""
    return CHECKS.get(name, name)


@register.filter
def state_badge(state: str) -> str:
    return STATE_BADGES.get(state, "")


@register.filter
def words(name: str) -> str:
    """`geometry_drift` becomes geometry drift."""
    return name.replace("_", " ")
