"""A table of policies: rows of results.json, Markdown, and who wins against whom. Needs no torch.

A row of results.json as the reward's evaluation writes it: judge (here the policy), name (the measure), value, low,
high, n, evaluation, split, seed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.evaluation.intervals import Measured, difference_of, mean_of

Floats = NDArray[np.float64]
RESULTS = "results.json"
MARGIN = 0.02
"""Difference of assigned similarity up to which two clips are a tie."""
SHOWN = (
    "assigned similarity",
    "swaps",
    "coverage",
    "survival",
    "diversity",
    "motion",
    "sharpness",
    "copying",
    "reward",
)


@dataclass(frozen=True)
class Cell:
    """What was measured of one policy at one guidance: by measure, a number for each clip, or for each prompt.

    Attributes:
        policy: 'base', or what a run is called. guidance: 1 is none.
        clips: by measure (N,); `prompts` (N,) says of which prompt each is.
        by_prompt: by measure (P,).
        whole: measures that have one number for all clips.
    """

    policy: str
    guidance: float
    prompts: NDArray[np.int64]
    clips: Mapping[str, Floats]
    by_prompt: Mapping[str, Floats]
    whole: Mapping[str, float]

    @property
    def label(self) -> str:
        return self.policy if self.guidance == 1 else f"{self.policy}, guidance {self.guidance:g}"

    def measured(self) -> dict[str, Measured]:
        """Return every measure with its interval."""
        found = {name: mean_of(values, self.prompts) for name, values in self.clips.items()}
        for name, values in self.by_prompt.items():
            found[name] = mean_of(values, np.arange(len(values)))
        clips = len(self.prompts)
        return found | {name: Measured(value, None, None, clips) for name, value in self.whole.items()}


def rows_of(cells: Sequence[Cell], *, split: str, seed: int) -> list[dict[str, Any]]:
    """Return results as rows: each measure of each cell, and each cell's differences from the base at its guidance."""
    rows = []
    bases = {cell.guidance: cell for cell in cells if cell.policy == "base"}
    for cell in cells:
        where = {"evaluation": "policies", "split": split, "seed": seed}
        own = {"judge": cell.label, "policy": cell.policy, "guidance": cell.guidance}
        rows += [own | {"name": name} | asdict(found) | where for name, found in cell.measured().items()]
        base = bases.get(cell.guidance)
        if base is not None and base is not cell:
            rows += [
                own | {"name": name} | asdict(found) | where for name, found in against(cell, base).items()
            ]
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def against(cell: Cell, base: Cell) -> dict[str, Measured]:
    """Return what a policy gains over another on the same prompts and seeds: differences, wins, ties, losses."""
    own, other = cell.clips["assigned similarity"], base.clips["assigned similarity"]
    apart = own - other
    found = {
        f"{name} gained": difference_of(values, base.clips[name], cell.prompts)
        for name, values in cell.clips.items()
        if name in base.clips
    }
    for name, which in (
        ("won", apart > MARGIN),
        ("tied", np.abs(apart) <= MARGIN),
        ("lost", apart < -MARGIN),
    ):
        found[name] = mean_of(which.astype(float), cell.prompts)
    decided = np.where(np.abs(apart) > MARGIN, (apart > 0).astype(float), np.nan)
    found["won of decided"] = mean_of(decided, cell.prompts)
    return found


def results_write(folder: Path, rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> None:
    """Write results.json whole."""
    partial = folder / f"{RESULTS}.part"
    partial.write_text(
        json.dumps({"about": dict(about), "results": list(rows)}, indent=1) + "\n", encoding="utf-8"
    )
    partial.rename(folder / RESULTS)


def markdown(cells: Sequence[Cell]) -> str:
    """Write cells as a table, intervals in brackets."""
    lines = ["| | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
    for cell in cells:
        found = cell.measured()
        lines.append(f"| {cell.label} | " + " | ".join(_shown(found.get(name)) for name in SHOWN) + " |")
    return "\n".join(lines)


def _shown(found: Measured | None) -> str:
    if found is None or not np.isfinite(found.value):
        return "–"
    ends = "" if found.low is None or found.high is None else f" ({found.low:.3f} to {found.high:.3f})"
    return f"{found.value:.3f}{ends}"


def _plain(value: Any) -> Any:
    """NaN is no JSON."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
