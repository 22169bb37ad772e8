"""Numbers as people read them: an unbreakable space before units, a true minus, a dash for what is unknown."""

import math
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from annotator.markdown import markdown_html

register = template.Library()

UNKNOWN = "–"
GAP = "\N{NO-BREAK SPACE}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not math.isnan(value)


@register.filter
def thousands(value: float | None) -> str:
    """1482 becomes 1,482."""
    return f"{value:,.0f}" if _is_number(value) else UNKNOWN


@register.filter
def decimals(value: float | None, places: int = 2) -> str:
    """0.714 becomes 0.71."""
    return f"{value:.{places}f}".replace("-", "−") if _is_number(value) else UNKNOWN


@register.filter
def per_cent(value: float | None) -> str:
    """0.914 becomes 91 %."""
    return f"{100 * value:.0f}{GAP}%" if value is not None and _is_number(value) else UNKNOWN


@register.filter
def signed_per_cent(value: float | None) -> str:
    """0.19 becomes +19 %, -0.02 becomes −2 %."""
    if value is None or not _is_number(value):
        return UNKNOWN
    points = round(100 * value)
    return f"{points:+d}{GAP}%".replace("-", "−") if points else f"0{GAP}%"


@register.filter
def seconds(value: float | None) -> str:
    """34.2 becomes 34 s, 95 becomes 1 min 35 s."""
    if value is None or not _is_number(value):
        return UNKNOWN
    whole = round(value)
    if whole < 90:
        return f"{whole}{GAP}s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}{GAP}min {rest}{GAP}s" if rest else f"{minutes}{GAP}min"


@register.filter
def long_time(value: float | None) -> str:
    """Seconds, roughly: 33000 becomes 9 h."""
    if value is None or not _is_number(value):
        return UNKNOWN
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if value >= 2 * size or unit == "min":
            return f"{max(1, round(value / size))}{GAP}{unit}"
    raise AssertionError("unreachable: minutes take what is left")


@register.filter
def markdown(text: str) -> SafeString:
    return markdown_html(text)


@register.filter
def ago(moment: datetime) -> str:
    """How long it is since, in one unit: 5 h ago."""
    return f"{long_time((timezone.now() - moment).total_seconds())} ago"
