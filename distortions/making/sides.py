"""What the sides of a pair go through beside their distortion, so that nothing but the faces tells them apart.

Every side is finished (`synthesis.finish`). A side that is distorted and has a control for a twin carries a control of
the same kind, drawn for itself: the blur, the light or the dropped frames of a control would otherwise name it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from distortions.making.studio import Studio
from distortions.models import Distortion
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.finish import Finish, draw_finish, finished
from distortions.synthesis.make import Order, drawn_params, recipe_named
from distortions.synthesis.recipe import Frame, Frames

_APART = 0x51DE  # keeps the seeds of carried controls away from those of the distortions


@dataclass(frozen=True, eq=False)
class Side:
    """Frames as they are encoded, and what they went through, for the record."""

    frames: Frames
    finish: Finish
    carried: dict[str, object] | None = None

    def pictures(self) -> Iterator[Frame]:
        """Yield the frames, finished."""
        yield from finished(self.frames, self.finish)

    def record(self) -> dict[str, object]:
        return {"finish": asdict(self.finish), "carried": self.carried}


def clean_side(studio: Studio, longest_side: int) -> Side:
    """Return the clean copy's side: the same for all batches."""
    seed = zlib.crc32(f"{studio.clip.playback_sha256} {longest_side}".encode())
    return Side(studio.frames, draw_finish(seed))


def result_side(studio: Studio, row: Distortion, frames: Frames) -> Side:
    """Return a result's side."""
    finish = draw_finish(row.seed)
    twin = twin_control(row)
    if twin is None:
        return Side(frames, finish)
    rng = np.random.default_rng([row.seed, _APART])
    order = Order(recipe=twin.recipe, severity=twin.severity, schedule=twin.schedule)  # type: ignore[arg-type]
    recipe = recipe_named(twin.recipe)
    try:
        params = drawn_params(recipe, studio.material, order, rng)
        changed = recipe.apply(frames, studio.material, params)
    except SynthesisError:  # then its twin could hardly be made either
        return Side(frames, finish)
    return Side(
        changed, finish, {"recipe": twin.recipe, "severity": twin.severity, "params": params.as_dict()}
    )


def twin_control(row: Distortion) -> Distortion | None:
    """Return the control that a negative is paired with, if it is."""
    if row.is_control or row.pair_kind != "control":
        return None
    twins = Distortion.objects.filter(batch=row.batch_id, group=row.group).exclude(pk=row.pk)
    return next((twin for twin in twins if twin.is_control), None)
