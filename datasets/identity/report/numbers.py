"""A person's numbers as definition list entries."""

from __future__ import annotations

from html import escape

import numpy as np

from datasets.identity.metrics.measure import PersonMetrics


def person_numbers(metrics: PersonMetrics) -> list[str]:
    """Return `<div>` entries for a `<dl>`, conspicuous ones marked. What cannot be computed is a dash."""
    drift, survival, drop = metrics.drift, metrics.survival, metrics.drop
    interval = f"{_signed(drift.low)} to {_signed(drift.high)}" if np.isfinite(drift.low) else ""
    return [
        _entry("similarity", metrics.similarity, ".2f", bad=metrics.similarity < survival.threshold),
        _entry("worst tenth", metrics.worst, ".2f"),
        _entry("seen", metrics.coverage, ".0%", "of the clip", bad=metrics.coverage < 0.5),
        _entry("margin to others", metrics.margin, "+.2f", bad=metrics.margin < 0),
        _entry("swapped", metrics.swap_rate, ".0%", "of samples", bad=metrics.swap_rate > 0.05),
        _entry("blended", metrics.blend_rate, ".0%", "of samples", bad=metrics.blend_rate > 0.05),
        _entry("dropped", drop.share, ".0%", f"longest {drop.longest_s:.1f} s", bad=drop.longest_s >= 0.5),
        _entry("drift a second", drift.per_second, "+.3f", interval, bad=drift.is_drift),
        _entry(
            "stays themselves",
            survival.seconds,
            ".1f",
            "s, to the end" if survival.survived else "s",
            bad=not survival.survived,
        ),
        _entry("flicker", metrics.flicker, ".3f"),
        _entry(
            "like one picture",
            metrics.copy_paste.picture,
            ".2f",
            "correlation",
            bad=metrics.copy_paste.is_suspected,
        ),
        _entry("leaning to it", metrics.copy_paste.leaning, "+.2f", "M_CP"),
        _entry("change, model frame", metrics.fcb_model_frame, ".2f", "FCB"),
        _entry("change, random pairs", metrics.fcb_random_pairs, ".2f", "FCB"),
    ]


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _entry(name: str, value: float, how: str, unit: str = "", *, bad: bool = False) -> str:
    if not np.isfinite(value):
        return f"<div><dt>{escape(name)}</dt><dd>–</dd></div>"
    small = f" <small>{escape(unit)}</small>" if unit else ""
    mark = ' class="bad"' if bad else ""
    return f"<div><dt>{escape(name)}</dt><dd{mark}>{format(value, how).replace('-', '−')}{small}</dd></div>"
