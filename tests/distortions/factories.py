"""Rows of batches, without anything being drawn."""

import itertools
from typing import Any

from django.utils import timezone

from datasets.models import Clip
from distortions.config import BatchConfig, config_of
from distortions.models import Batch, BatchState, Distortion, ResultState
from tests.datasets.factories import make_clip

# All of six digits: no name begins another, and names sort in the order in which they were made.
_number = itertools.count(100_000)


def make_config(**values: Any) -> BatchConfig:
    """Return a checked configuration of one recipe."""
    number = next(_number)
    return config_of(
        {"name": f"Batch {number}", "seed": 1, "count": 4, "recipes": {"geometry_drift": 1}, **values}
    )


def make_batch(config: BatchConfig | None = None, **fields: Any) -> Batch:
    config = config or make_config()
    values = {"name": config.name, "config": config.as_json(), "digest": config.digest}
    return Batch.objects.create(**(values | {"state": BatchState.RUNNING} | fields))


def make_distortion(batch: Batch | None = None, **fields: Any) -> Distortion:
    """Make a planned result; with a clip or another state it is one that has ended."""
    batch = batch or make_batch()
    number = fields.pop("number", batch.distortions.count() + 1)
    source: Clip = fields.pop("source", None) or make_clip()
    if fields.get("clip"):
        fields.setdefault("state", ResultState.MADE)
    if fields.get("state", ResultState.PLANNED) != ResultState.PLANNED:
        fields.setdefault("made_at", timezone.now())
    if fields.get("state") in (ResultState.REFUSED, ResultState.FAILED):
        fields.setdefault("error", "It does not look like film.")
    values: dict[str, Any] = {
        "group": number,
        "pair_kind": "clean",
        "recipe": "geometry_drift",
        "severity": 2,
        "schedule": "linear",
        "seed": number,
    }
    return Distortion.objects.create(batch=batch, number=number, source=source, **(values | fields))


def make_truth(person: str = "ada", onset: int = 5, frames: int = 24, **fields: Any) -> dict[str, Any]:
    """Return a truth record as a result keeps it."""
    strength = [0.0 if frame < onset else 1.0 for frame in range(frames)]
    edit = {
        "person": person, "donor": "", "strength": strength, "first": onset, "last": frames - 1, "onset": onset
    }  # fmt: skip
    schedule = {"kind": "step", "onset": 0.2, "end": 1.0, "beats": 3}
    return {"frames": frames, "fps": 24.0, "onset": onset, "edits": [edit], "schedule": schedule, **fields}
