"""What a run's page shows: curves from its folder, results as a table, differences between configurations."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString

from training.charts import Line, interval_bar, learning_chart
from training.models import Run

_SMOOTH = 0.9
"""Weight of what was before in the drawn training loss."""
_DRAWN = 400
"""Points of a curve at the most."""


@dataclass(frozen=True)
class StageBoard:
    """One stage: its last figures and curves."""

    name: str
    step: int
    loss: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    loss_chart: SafeString
    accuracy_chart: SafeString
    loss_high: float
    recipes: list[RecipeCurve]


@dataclass(frozen=True)
class RecipeCurve:
    """How often the copy by one recipe is found worse, on validation: the last share, of how many, over steps."""

    name: str
    share: float
    rows: int
    chart: SafeString


@dataclass(frozen=True)
class ResultRow:
    """One judge in the table of an evaluation."""

    judge: str
    is_model: bool
    without_ties: dict[str, Any]
    with_ties: dict[str, Any]
    log_loss: float
    bar: SafeString


def stage_boards(run: Run) -> list[StageBoard]:
    """Return the stages of a run, in order, from its metrics."""
    stages: dict[str, list[dict[str, Any]]] = {}
    for row in metrics_of(Path(run.folder)):
        stages.setdefault(str(row.get("stage")), []).append(row)
    return [_stage(name, rows) for name, rows in stages.items()]


def kept_share(run: Run) -> tuple[int, int] | None:
    """Return how many automatic rows the teacher kept, and of how many."""
    for row in metrics_of(Path(run.folder)):
        if "kept" in row:
            return int(row["kept"]), int(row["automatic"])
    return None


def result_tables(run: Run) -> dict[str, list[ResultRow]]:
    """Return each evaluation of a finished run as rows, the model first."""
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    order: dict[str, list[str]] = {}
    for row in run.results:
        by_name.setdefault((row["evaluation"], row["judge"]), {})[row["name"]] = row
        judges = order.setdefault(row["evaluation"], [])
        if row["judge"] not in judges:
            judges.append(row["judge"])
    return {
        evaluation: [
            _result(judge, by_name[evaluation, judge], is_model=place == 0)
            for place, judge in enumerate(judges)
            if "accuracy" in by_name[evaluation, judge]
        ]
        for evaluation, judges in order.items()
    }


def config_differences(first: Run, second: Run) -> list[tuple[str, Any, Any]]:
    """Return (name, value of one, value of the other) where two runs' configurations differ, and their releases."""
    a, b = _flat(first), _flat(second)
    return [(name, a.get(name), b.get(name)) for name in sorted(a | b) if a.get(name) != b.get(name)]


def _flat(run: Run) -> dict[str, Any]:
    flat = {
        f"{section}.{name}": value
        for section, values in tomllib.loads(run.config).items()
        for name, value in values.items()
    }
    return {"release": run.release_folder, **flat}


def _stage(name: str, rows: Sequence[dict[str, Any]]) -> StageBoard:
    # The part that validation measures too; the other losses have no counterpart there.
    losses = [(row["step"], row["overall"]) for row in rows if _is_number(row.get("overall"))]
    looks = [row for row in rows if _is_number(row.get("validation_loss"))]
    validation = [(row["step"], row["validation_loss"]) for row in looks]
    accuracy = [(r["step"], r["validation_accuracy"]) for r in looks if _is_number(r["validation_accuracy"])]
    steps = max((row["step"] for row in rows), default=0)
    smooth = _smoothed(losses)
    high = max((value for _, value in [*smooth, *validation]), default=1.0)
    return StageBoard(
        name=name,
        step=steps,
        loss=smooth[-1][1] if smooth else None,
        validation_loss=validation[-1][1] if validation else None,
        validation_accuracy=accuracy[-1][1] if accuracy else None,
        loss_chart=learning_chart(
            [Line("trained", smooth), Line("validated", validation)],
            steps=steps, low=0, high=high, about=f"Loss of the {name} over {steps} steps",
        ),
        accuracy_chart=learning_chart(
            [Line("validated", accuracy)],
            steps=steps, low=0.5, high=1, about=f"Accuracy of the {name} on validation over {steps} steps",
        ),
        loss_high=high,
        recipes=_recipes(looks, steps),
    )  # fmt: skip


def _recipes(looks: Sequence[dict[str, Any]], steps: int) -> list[RecipeCurve]:
    points: dict[str, list[tuple[int, float]]] = {}
    counts: dict[str, int] = {}
    for look in looks:
        for name, (share, rows) in look.get("recipes", {}).items():
            points.setdefault(name, []).append((look["step"], share))
            counts[name] = rows
    return [
        RecipeCurve(
            name, own[-1][1], counts[name],
            learning_chart(
                [Line("validated", own)], steps=steps, low=0.5, high=1,
                about=f"Share of copies by {name} found worse, over {steps} steps",
            ),
        )
        for name, own in points.items()
    ]  # fmt: skip


def _result(judge: str, rows: dict[str, Any], *, is_model: bool) -> ResultRow:
    accuracy = rows["accuracy"]
    return ResultRow(
        judge=judge,
        is_model=is_model,
        without_ties=accuracy,
        with_ties=rows["accuracy with ties"],
        log_loss=rows["log loss"]["value"],
        bar=interval_bar(accuracy["value"], accuracy["low"], accuracy["high"]),
    )


def metrics_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of a run's metrics.jsonl; a policy's updates count as steps from 1."""
    try:
        lines = (folder / "metrics.jsonl").read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue  # It is being written.
        if isinstance(row, dict) and isinstance(row.get("update"), int):
            row["step"] = row["update"] + 1
        if isinstance(row, dict) and isinstance(row.get("step"), int):
            yield row


def _smoothed(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    smooth: list[tuple[int, float]] = []
    value = points[0][1] if points else 0.0
    for step, each in points:
        value = _SMOOTH * value + (1 - _SMOOTH) * each
        smooth.append((step, value))
    return smooth[:: max(1, len(smooth) // _DRAWN)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
