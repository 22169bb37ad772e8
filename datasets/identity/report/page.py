"""One self-contained page about one clip: strips of crops, curves, numbers. No script, nothing fetched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from datasets.identity.matching import Matching
from datasets.identity.metrics.measure import ClipMetrics, PersonMetrics, measure
from datasets.identity.references import Person, resemblances
from datasets.identity.report.drawing import Line, Span, chart
from datasets.identity.report.numbers import person_numbers
from datasets.identity.report.strips import Crop, crop_strips, data_url, fitted, moments
from datasets.identity.report.style import CSS
from datasets.identity.tracks import Analysis, Track

REFERENCES_SHOWN = 5


@dataclass(frozen=True, eq=False)
class _Row:
    person: Person
    metrics: PersonMetrics
    strip: list[Crop]
    tracks: list[Track]


def report_write(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    analysis: Analysis,
    matching: Matching,
    people: Sequence[Person],
) -> ClipMetrics:
    """Write the page of a clip and return the metrics that stand on it.

    Raises:
        MediaError: the clip cannot be read.
    """
    metrics = measure(analysis, matching, people)
    tracks = [
        [track for track in analysis.tracks if track.number in matching.tracks_of(i)]
        for i in range(len(people))
    ]
    strips = crop_strips(path, tracks, moments(analysis.frames), width=analysis.width)
    rows = [
        _Row(person, each, strip, own)
        for person, each, strip, own in zip(people, metrics.people, strips, tracks, strict=True)
    ]
    Path(out).write_text(_page(Path(path).name, analysis, matching, metrics, rows), encoding="utf-8")
    return metrics


def _page(
    name: str, analysis: Analysis, matching: Matching, metrics: ClipMetrics, rows: Sequence[_Row]
) -> str:
    title = f"{escape(name)} – identity"
    sections = "\n".join(_section(analysis, matching, metrics, row) for row in rows)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{CSS}</style>
</head>
<body>
<main>
{_header(name, analysis, metrics)}
{sections}
{_others(analysis, matching, rows)}
{_footer(analysis, metrics)}
</main>
</body>
</html>
"""


def _header(name: str, analysis: Analysis, metrics: ClipMetrics) -> str:
    shots = f", {len(analysis.cuts) + 1} shots" if analysis.cuts else ""
    faces = len(analysis.people)
    return f"""<header>
<div><h1>{escape(name)}</h1>
<p class="facts">{analysis.seconds:.1f} s, {analysis.width}×{analysis.height}, {analysis.fps:.3g} frames a
second{shots}; {faces} {"face" if faces == 1 else "faces"} followed</p></div>
<div class="score"><b>{metrics.score:.2f}</b><span>kept identity, all people, 0 to 1</span></div>
</header>"""


def _section(analysis: Analysis, matching: Matching, metrics: ClipMetrics, row: _Row) -> str:
    references = "".join(
        f'<img src="{data_url(fitted(reference.crop, 128))}" alt="reference {escape(reference.name)}">'
        for reference in row.person.references[:REFERENCES_SHOWN]
    )
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in row.person.warnings)
    return f"""<section>
<div class="who"><div class="refs">{references}</div>
<div><h2>{escape(row.person.name)}</h2><p class="verdict">{_verdict(row)}</p></div></div>
<div class="strip">{"".join(_cell(crop, analysis) for crop in row.strip)}</div>
{_chart(analysis, matching, metrics, row)}
<dl>{"".join(person_numbers(row.metrics))}</dl>
{f"<ul>{warnings}</ul>" if warnings else ""}
</section>"""


def _verdict(row: _Row) -> str:
    """Say in a sentence what the numbers amount to."""
    metrics = row.metrics
    if not len(metrics.samples.frames):
        return "Not found in this clip."
    faults = []
    if metrics.presumed:
        faults.append("no face looks like the references; the one that is left over was taken")
    if metrics.swap_rate > 0.05:
        faults.append(f"has somebody else's face in {metrics.swap_rate:.0%} of the samples")
    if metrics.blend_rate > 0.05:
        faults.append(f"is mixed with somebody else in {metrics.blend_rate:.0%} of the samples")
    if metrics.drift.is_drift and metrics.drift.per_second < -0.01:
        faults.append(f"drifts away by {-metrics.drift.per_second:.3f} a second")
    if not metrics.survival.survived and not metrics.presumed:
        when = metrics.survival.seconds
        faults.append(
            "is unlike the references from the start"
            if when == 0
            else f"is not recognised any more after {when:.1f} s"
        )
    if metrics.drop.longest_s >= 0.5:
        faults.append(f"is out of sight for up to {metrics.drop.longest_s:.1f} s")
    if metrics.copy_paste.is_suspected:
        faults.append(f"may copy the picture {escape(metrics.copy_paste.reference)}, pose and light included")
    sentence = "; ".join(faults) or "nothing conspicuous"
    return f"{sentence[0].upper()}{sentence[1:]}."


def _cell(crop: Crop, analysis: Analysis) -> str:
    time = f"{crop.frame / analysis.fps:.1f}"
    if crop.picture is None:
        return f'<figure><div class="none" title="not seen"></div><figcaption>{time}</figcaption></figure>'
    image = f'<img src="{data_url(crop.picture)}" alt="at {time} s">'
    return f"<figure>{image}<figcaption>{time}</figcaption></figure>"


def _chart(analysis: Analysis, matching: Matching, metrics: ClipMetrics, row: _Row) -> str:
    samples, fps = row.metrics.samples, analysis.fps
    lines = []
    others = np.delete(samples.similarity, samples.person, axis=1)
    if others.size:
        lines.append(Line(samples.times, others.max(axis=1), "other", "with the nearest other person"))
    lines.append(Line(samples.times, samples.own, "own", f"with {row.person.name}"))
    spans = [
        Span(a / fps, (b + 1) / fps, "missing", f"not seen from {a / fps:.1f} to {(b + 1) / fps:.1f} s")
        for a, b in row.metrics.drop.gaps
    ]
    step = float(np.median(np.diff(samples.times))) if len(samples.times) > 1 else 0.2
    spans += [
        Span(
            swap.frame / fps - step / 2,
            swap.frame / fps + step / 2,
            "swap",
            f"looks like {matching.people[swap.looks_like]} at {swap.frame / fps:.1f} s",
        )
        for swap in matching.swaps
        if swap.person == samples.person
    ]
    title = f"Similarity of {row.person.name} with their references over time"
    threshold = row.metrics.survival.threshold
    drawn = chart(lines, spans, seconds=analysis.seconds, threshold=threshold, title=title)
    other = '<span><i class="o"></i>with the nearest other person</span>' if others.size else ""
    swapped = (
        '<span><i class="s"></i>somebody else’s face</span>'
        if any(span.style == "swap" for span in spans)
        else ""
    )
    missing = '<span><i class="m"></i>not seen</span>' if row.metrics.drop.gaps else ""
    return f"""{drawn}
<p class="key"><span><i></i>similarity with own references</span>{other}
<span><i class="t"></i>one person above this</span>{missing}{swapped}</p>"""


def _others(analysis: Analysis, matching: Matching, rows: Sequence[_Row]) -> str:
    """Return what else there is to know: faces that are nobody's, look-alikes, notes."""
    items = [note.sentence for note in analysis.notes]
    if rows:
        items += [each.sentence for each in resemblances([row.person for row in rows], analysis.space)]
    nobody = [track for track in analysis.people if matching.person_of(track.number) is None]
    if nobody:
        seen = ", ".join(
            f"face {track.number + 1} ({len(track.frames) / analysis.fps:.1f} s)" for track in nobody[:12]
        )
        more = f" and {len(nobody) - 12} more" if len(nobody) > 12 else ""
        items.append(f"Faces that belong to none of the people: {seen}{more}.")
    if not items:
        return ""
    return f"<section><h2>Also seen</h2><ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul></section>"


def _footer(analysis: Analysis, metrics: ClipMetrics) -> str:
    space = analysis.space
    return f"""<footer>
<p>Faces by {escape(analysis.backend)} (embedder’s licence: {escape(space.licence)}); one person from a similarity of
{space.same_person:.2f}: {escape(space.threshold_source)}. Similarities of different backends cannot be compared.</p>
<p>Kept identity: each person’s similarity times the share of the clip in which they are seen, averaged; a missing
person counts as zero. Published ‘Face Sim’ of this clip, which a swap of two faces does not lower:
{metrics.face_sim:.2f}.</p>
<p>This page holds pictures of faces: share it with those people’s consent only. Made by Likeness.</p>
</footer>"""
