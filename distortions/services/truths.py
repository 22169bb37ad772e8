"""What was done to a clip, for everybody who reads the library: a result's truth as `datasets` keeps it."""

from __future__ import annotations

from collections.abc import Iterable

from datasets.services.known import NewTruth, truths_put
from distortions.models import Distortion


def truths_of(*, rows: Iterable[Distortion]) -> int:
    """Say of the clips that results were made into how they were distorted. Returns how many are new."""
    return truths_put(truths=[_truth(row) for row in rows if row.clip_id is not None])


def _truth(row: Distortion) -> NewTruth:
    assert row.clip_id is not None
    return NewTruth(
        clip=row.clip_id,
        recipe=row.recipe,
        severity=row.severity,
        schedule=row.schedule,
        onset_frame=row.onset,
        is_control=row.is_control,
        change=row.truth.get("calibration", {}).get("achieved"),
        people=tuple(edit["person"] for edit in row.truth.get("edits", []) if edit["person"]),
        record=row.truth,
    )
