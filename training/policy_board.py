"""What a policy's page shows: curves of reward and guards from its folder, contact sheets, what was measured."""

from __future__ import annotations

import io
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString

from training.board import metrics_of
from training.charts import Line, learning_chart
from training.evaluation.sheets import run_sheet, updates_with_clips
from training.models import Run

CURVES: tuple[tuple[str, str, str, int], ...] = (
    ("reward", "Reward of the clips trained on", "reward", 3),
    ("judge/similarity", "Similarity by the judge, held-out people", "judge", 3),
    ("reward_spread", "Spread of the reward within a group", "reward", 4),
    ("motion", "Motion, free of flicker", "guard", 4),
    ("sharpness", "Sharpness", "guard", 3),
    ("diversity", "Diversity within a prompt", "guard", 3),
    ("copying", "Copy-paste from references", "guard", 3),
    ("ratio_away", "Furthest ratio from 1", "guard", 6),
    ("kl", "KL to the base policy", "guard", 5),
)
"""Of metrics.jsonl: name, what it is called here, colour, decimals."""
JUDGED: dict[str, str] = {
    "assigned similarity": "forgives an exchange of two people: see swaps",
    "swaps": "a coin's toss where two people look alike",
    "coverage": "by a threshold: just above it counts in full",
    "survival": "a face that comes back does not count again",
    "drift slope": "who is wrong from the first frame on has none",
    "Face Sim": "as published: frames without a face cost nothing",
    "diversity": "noise is diverse, too",
    "motion": "a cut is motion, too",
    "sharpness": "noise is sharp, too",
    "copying": "a pose like the reference's is no copy",
    "reward": "what was trained on: no evidence by itself",
    "CLIPScore": "of the text, blind to who somebody is",
    "Fréchet distance to references": "too large for few clips; compare equal numbers alone",
}
"""Measures in the order of the table, each with its known fault in a few words (training.evaluation.measures)."""
GAINED: dict[str, str] = {
    "assigned similarity gained": "",
    "won": "better by more than 0.02",
    "tied": "",
    "lost": "",
    "won of decided": "ties left out",
}
STOPPED = "stopped.txt"
DEFAULT_UPDATES = 200  # training.grpo.config, which needs torch


@dataclass(frozen=True)
class Curve:
    """One figure over updates."""

    title: str
    kind: str
    last: float
    first: float
    low: float
    high: float
    places: int
    chart: SafeString


@dataclass(frozen=True)
class Table:
    """Measures by policies; a place without a measurement is None.

    Attributes:
        policies: name, and whether it was tuned.
        rows: measure, its known fault, a result for each policy.
    """

    policies: Sequence[tuple[str, bool]]
    rows: Sequence[tuple[str, str, Sequence[dict[str, Any] | None]]]


@dataclass(frozen=True)
class PolicyBoard:
    """Everything that changes while a policy is tuned.

    Attributes:
        skipped: groups in which all rewards were equal, so that nothing was learnt of them.
    """

    updates: int
    asked: int
    curves: Sequence[Curve]
    sheets: Sequence[int]
    skipped: int
    stopped: str


def policy_board(run: Run) -> PolicyBoard:
    folder = Path(run.folder)
    rows = list(metrics_of(folder))
    updates = max((row["step"] for row in rows), default=0)
    rows += _final(folder)
    curves = [_curve(rows, updates, *each) for each in CURVES]
    return PolicyBoard(
        updates=updates,
        asked=int(tomllib.loads(run.config).get("updates", DEFAULT_UPDATES)),
        curves=[curve for curve in curves if curve is not None],
        sheets=updates_with_clips(folder),
        skipped=round(sum(row.get("flat_groups") or 0 for row in rows)),
        stopped=_text(folder / STOPPED),
    )


def evaluation_table(run: Run) -> Table | None:
    """Return what the evaluation measured: measures down, policies across."""
    return _table(run, JUDGED)


def gains_table(run: Run) -> Table | None:
    """Return what tuned policies gained over the base at the same guidance, on the same prompts and noise."""
    return _table(run, GAINED)


def sheet_png(run: Run, update: int) -> bytes | None:
    """Return a contact sheet, or None where the run kept no clips at that update."""
    from PIL import Image

    sheet = run_sheet(Path(run.folder), update)
    if sheet is None:
        return None
    sink = io.BytesIO()
    Image.fromarray(sheet).save(sink, "PNG")
    return sink.getvalue()


def _final(folder: Path) -> list[dict[str, Any]]:
    """Return what the judge said of the last weights, which no update's line holds."""
    try:
        row = json.loads((folder / "final.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [row | {"step": row["update"]}]


def _curve(
    rows: Sequence[dict[str, Any]], updates: int, name: str, title: str, kind: str, places: int
) -> Curve | None:
    points = [(row["step"], float(row[name])) for row in rows if _is_number(row.get(name))]
    if not points:
        return None
    values = [value for _, value in points]
    # From 0 where that is near enough to see changes, else around the values.
    low, high = min(values), max(values)
    if 0 <= low < 0.7 * high:
        low = 0.0
    if high <= low:
        low, high = low - 0.5 * abs(low or 1), high + 0.5 * abs(high or 1)
    about = (
        f"{title} over {updates} updates: {values[0]:.{places}f} at first, {values[-1]:.{places}f} at last"
    )
    chart = learning_chart([Line(kind, points)], steps=updates, low=low, high=high, about=about)
    return Curve(title, kind, values[-1], values[0], low, high, places, chart)


def _table(run: Run, wanted: Mapping[str, str]) -> Table | None:
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in run.results:
        if row["name"] in wanted and row["value"] is not None:
            found.setdefault(row["judge"], {})[row["name"]] = row
    if not found:
        return None
    rows = [(name, fault, [own.get(name) for own in found.values()]) for name, fault in wanted.items()]
    return Table(
        [(name, not name.startswith("base")) for name in found], [row for row in rows if any(row[2])]
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
