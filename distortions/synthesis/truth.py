"""What was done to a clip: the known answer of a synthetic pair, as plain values that fit into JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.recipe import Edit, Params, Recipe
from distortions.synthesis.scene import Scene

VERSION = 1
VISIBLE = 0.1
"""Onset is the first frame with this share of full strength: less cannot be seen at any severity (own choice)."""


@dataclass(frozen=True)
class EditTruth:
    """What happened to one person.

    Attributes:
        person: Their name; "" for the whole picture.
        donor: Whose features came in; "" for nobody's.
        strength: At each frame, 0 to 1 of the full amount, after fades: what was drawn, not what was planned.
        first, last: First and last frame that may differ from the untouched clip, or -1.
        onset: First frame in which it can be seen, or -1.
    """

    person: str
    donor: str
    strength: tuple[float, ...]
    first: int
    last: int
    onset: int


@dataclass(frozen=True)
class Truth:
    """The record beside a distorted clip.

    Attributes:
        recipe, kind: Name, and "negative" or "control".
        severity: 1 to 5.
        schedule: Its fields.
        params: The recipe's, amount included.
        seed: That everything was drawn from.
        edits: One a person.
        frames, fps: Of the clip.
        calibration: Amount, target, achieved change, embedder, frames; empty for controls.
        source_sha256: Of the file that was distorted.
        version: Of this record.
    """

    recipe: str
    kind: str
    severity: int
    schedule: Mapping[str, Any]
    params: Mapping[str, Any]
    seed: int
    edits: tuple[EditTruth, ...]
    frames: int
    fps: float
    calibration: Mapping[str, Any] = field(default_factory=dict)
    source_sha256: str = ""
    version: int = VERSION

    @property
    def onset(self) -> int:
        """First frame in which anything can be seen, or -1."""
        return min((edit.onset for edit in self.edits if edit.onset >= 0), default=-1)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"onset": self.onset}


def truth_of(
    recipe: Recipe, params: Params, scene: Scene, edits: Sequence[Edit], strengths: NDArray[np.float32], *,
    severity: int, seed: int, calibration: Mapping[str, Any] | None = None, source_sha256: str = "",
) -> Truth:  # fmt: skip
    """Return the record of what was drawn; `strengths` (edits, T) as `effective_strengths` returns them."""
    values = _plain(params.as_dict())
    schedule = values.pop("schedule")
    assert isinstance(schedule, dict)
    return Truth(
        recipe=recipe.name,
        kind=recipe.kind,
        severity=severity,
        schedule=schedule,
        params=values,
        seed=seed,
        edits=tuple(
            edit_truth(scene.subject(edit.subject).name if edit.subject >= 0 else "", edit.donor, row)
            for edit, row in zip(edits, strengths, strict=True)
        ),
        frames=scene.frames,
        fps=scene.fps,
        calibration=_plain(calibration or {}),
        source_sha256=source_sha256,
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as JSON would give them back: lists for tuples."""
    plain = json.loads(json.dumps(dict(values)))
    assert isinstance(plain, dict)
    return plain


def edit_truth(person: str, donor: str, strength: NDArray[np.float32]) -> EditTruth:
    """Return what happened to one person from the strength (T,) at each frame."""
    changed, visible = np.flatnonzero(strength > 0), np.flatnonzero(strength >= VISIBLE)
    return EditTruth(
        person=person,
        donor=donor,
        strength=tuple(round(float(s), 4) for s in strength),
        first=int(changed[0]) if len(changed) else -1,
        last=int(changed[-1]) if len(changed) else -1,
        onset=int(visible[0]) if len(visible) else -1,
    )


def truth_write(truth: Truth, path: Path) -> None:
    """Write the record as JSON."""
    path.write_text(json.dumps(truth.as_dict(), indent=1, ensure_ascii=False) + "\n")


def truth_read(path: Path) -> Truth:
    """Read a record. Raises ValueError if it is of another version."""
    values = json.loads(path.read_text())
    if values.get("version") != VERSION:
        raise ValueError(f"{path.name} is a record of version {values.get('version')}, not {VERSION}")
    values.pop("onset")
    edits = tuple(EditTruth(**(e | {"strength": tuple(e["strength"])})) for e in values.pop("edits"))
    return Truth(edits=edits, **values)
