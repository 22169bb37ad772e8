"""The distance curve of a result as inline SVG: planned strength as a surface, measured change as a line."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.safestring import SafeString, mark_safe

from distortions.models import Distortion

WIDTH, HEIGHT = 1000, 150
_TOP = 10


def curve_chart(row: Distortion) -> SafeString:
    """Return the drawing, its x-axis all frames of the clip from side to side; nothing without a truth."""
    edits = row.truth.get("edits", [])
    total = row.truth.get("frames", 0)
    if not edits or total < 2:
        return SafeString("")
    strength = [max(edit["strength"][frame] for edit in edits) for frame in range(total)]
    points = [
        (frame, change)
        for frame, change in zip(row.curve.get("frames", []), row.curve.get("change", []), strict=False)
        if change is not None
    ]
    # 1 is the threshold at which it is no longer the same person: always in the picture.
    top = max([1.1, *(change for _, change in points)])
    y_same = _y(1.0, top)
    parts = [
        f'<path class="strength" d="{_area(strength)}"/>',
        f'<path class="threshold" d="M0 {y_same:.1f}H{WIDTH}" vector-effect="non-scaling-stroke"/>',
        f'<path class="change" d="{_line(points, total, top)}" vector-effect="non-scaling-stroke"/>',
    ]
    if row.onset is not None:
        x = _x(row.onset, total)
        parts.append(f'<path class="onset" d="M{x:.1f} 0V{HEIGHT}" vector-effect="non-scaling-stroke"/>')
    title = f"Change of the face over {total} frames, up to {max((c for _, c in points), default=0):.2f}"
    return mark_safe(  # noqa: S308 - numbers only
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{title}">{"".join(parts)}</svg>'
    )


def _x(frame: float, total: int) -> float:
    return WIDTH * frame / (total - 1)


def _y(change: float, top: float) -> float:
    return _TOP + (HEIGHT - _TOP) * (1 - max(0.0, change) / top)


def _area(strength: Sequence[float]) -> str:
    total = len(strength)
    way = "".join(
        f"L{_x(frame, total):.1f} {HEIGHT - (HEIGHT - _TOP) * value:.1f}"
        for frame, value in enumerate(strength)
    )
    return f"M0 {HEIGHT}{way}L{WIDTH} {HEIGHT}Z"


def _line(points: Sequence[tuple[float, float]], total: int, top: float) -> str:
    return "".join(
        f"{'L' if place else 'M'}{_x(frame, total):.1f} {_y(change, top):.1f}"
        for place, (frame, change) in enumerate(points)
    )
