"""What is in a corpus (`benchmarks.distortion_corpus`): `python -m benchmarks.distortion_tables [FOLDER]`.

First a line a recipe and severity: clips of the cast and real ones, what could be made and what passed the gate;
medians of the change at full strength by the embedder that calibrates and by another, of the rank correlation with the
schedule, PSNR outside the mask, flicker, seam and ghost; seconds of processor time for 100 frames with calibration, all
tries and the gate, without encoding.

Then the identity metrics of the changed people in what passed, as differences from the untouched clip, by severity,
with the 95 % interval of the mean over clips (bootstrap of whole clips), and what each further severity adds where a
clip has a recipe at both: an identity falls monotonically where that whole interval lies below 0. `reported` is the
other embedder's change at full strength, which rises where identity falls. Results of all recipes of a kind count
together; the last table has recipes apart, with the mean similarity by severity.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.distortion_corpus import FOLDER, Row, rows_read

METRICS = ("identity", "worst", "slope", "survival", "reported")
SEVERITIES = (1, 2, 3, 4, 5)
COLUMNS = (
    ("change", 2), ("reported", 2), ("correlation", 2), ("outside", 0), ("flicker", 2), ("seam", 2),
    ("ghost", 2), ("seconds", 1),
)  # fmt: skip
DRAWS = 4000


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    rows = rows_read(parser.parse_args().folder)
    print(f"{len(rows)} results asked for of {len({row['source'] for row in rows})} clips\n")
    print("\n".join(by_recipe(rows)))
    passed = [row for row in rows if row["passed"]]
    for kind in ("negative", "control"):
        print(f"\nIdentity of {kind}s\n")
        print("\n".join(by_severity([row for row in passed if row["kind"] == kind])))
    print("\nSimilarity by recipe and severity\n")
    print("\n".join(by_both(passed)))
    return 0


def by_recipe(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the first table."""
    head = [name for name, _ in COLUMNS]
    yield "| recipe | severity | cast | real | made | passed | " + " | ".join(head) + " |"
    yield "|---|---|---|---|---|---|" + "---|" * len(head)
    groups: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["kind"], row["recipe"], row["severity"]].append(row)
    for (_, recipe, severity), group in sorted(
        groups.items(), key=lambda g: (g[0][0] != "negative", *g[0][1:])
    ):
        made = [row for row in group if row["made"]]
        cast = sum(row["where"] == "cast" for row in group)
        cells = [_median(made, name, digits) for name, digits in COLUMNS]
        passed = sum(row["passed"] for row in group)
        yield (
            f"| {recipe} | {severity} | {cast} | {len(group) - cast} | {len(made)} | {passed} | "
            f"{' | '.join(cells)} |"
        )


def by_severity(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the second table: differences from the untouched clip, by severity and per severity."""
    yield "| severity | results | clips | " + " | ".join(METRICS) + " |"
    yield "|---|---|---|" + "---|" * len(METRICS)
    for severity in sorted({row["severity"] for row in rows}):
        group = [row for row in rows if row["severity"] == severity]
        cells = [_with_interval(_by_clip(group, name, _mean_difference)) for name in METRICS]
        yield f"| {severity} | {len(group)} | {len({r['source'] for r in group})} | {' | '.join(cells)} |"
    for low in SEVERITIES[:-1]:
        both = _with_neighbour(rows, low)
        if both:
            steps = [_by_clip(both, name, _slope) for name in METRICS]
            cells = [_with_interval(values) for values in steps]
            yield f"| {low} to {low + 1} | {len(both)} | {len(steps[0])} | {' | '.join(cells)} |"
    slopes = [_by_clip(rows, name, _slope) for name in METRICS]
    cells = [_with_interval(values) for values in slopes]
    # Only clips with a recipe at two severities say anything.
    yield f"| per severity | {len(rows)} | {len(slopes[0])} | {' | '.join(cells)} |"


def by_both(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the last table: the mean difference in similarity of each recipe at each severity, with its interval."""
    yield "| recipe | " + " | ".join(map(str, SEVERITIES)) + " |"
    yield "|---|" + "---|" * len(SEVERITIES)
    kinds = {row["recipe"]: row["kind"] for row in rows}
    for recipe in sorted(kinds, key=lambda name: (kinds[name] != "negative", name)):
        own = [row for row in rows if row["recipe"] == recipe]
        at = [[row for row in own if row["severity"] == severity] for severity in SEVERITIES]
        cells = [_with_interval(_by_clip(group, METRICS[0], _mean_difference)) for group in at]
        yield f"| {recipe} | {' | '.join(cells)} |"


def _with_neighbour(rows: Sequence[Row], low: int) -> list[Row]:
    """Return results at a severity and the next one, of clips and recipes that have both."""
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        if row["severity"] in (low, low + 1):
            groups[row["source"], row["recipe"]].append(row)
    return [row for group in groups.values() if len(group) == 2 for row in group]


def _difference(row: Row, name: str) -> float:
    # What is measured against the untouched clip already has no number of its own.
    return float(row[name]) - float(row.get(f"{name}_untouched", 0.0))


def _mean_difference(rows: Sequence[Row], name: str) -> float:
    return float(np.mean([_difference(row, name) for row in rows]))


def _slope(rows: Sequence[Row], name: str) -> float:
    """Return the least-squares slope over severity within a clip, recipes held fixed; NaN without two severities."""
    x, y = [], []
    for recipe in {row["recipe"] for row in rows}:
        own = [row for row in rows if row["recipe"] == recipe]
        severities = np.array([row["severity"] for row in own], float)
        values = np.array([_difference(row, name) for row in own])
        x += (severities - severities.mean()).tolist()
        y += (values - values.mean()).tolist()
    spread = float(np.square(x).sum())
    return float(np.dot(x, y) / spread) if spread > 0 else float("nan")


def _by_clip(
    rows: Sequence[Row], name: str, value: Callable[[Sequence[Row], str], float]
) -> NDArray[np.float64]:
    clips: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if (
            all(
                isinstance(row[key], float) and np.isfinite(row[key])
                for key in (name, f"{name}_untouched")
                if key in row
            )
            and name in row
        ):
            clips[row["source"]].append(row)
    found = np.array([value(group, name) for group in clips.values()])
    return found[np.isfinite(found)]


def _with_interval(values: NDArray[np.float64]) -> str:
    if not len(values):
        return "–"
    drawn = np.random.default_rng(0).integers(0, len(values), (DRAWS, len(values)))
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return f"{values.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def _median(rows: Sequence[Row], name: str, digits: int) -> str:
    values = [row[name] for row in rows if row.get(name) is not None]
    return f"{np.median(values):.{digits}f}" if values else "–"


if __name__ == "__main__":
    raise SystemExit(main())
