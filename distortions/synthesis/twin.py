"""A control on top of a distorted clip: what the worse side carries where the better one is a control.

The blur, the light or the dropped frames of a control would otherwise tell which side is which. Parameters are drawn
anew: both sides carry the same kind of control at the same severity, and no two draws are alike.
"""

from __future__ import annotations

import numpy as np

from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Order, drawn_params, recipe_named
from distortions.synthesis.recipe import Frames, Material, Params
from distortions.synthesis.schedule import Kind

_APART = 0x51DE  # keeps the seeds of carried controls away from those of the distortions


def with_control(
    frames: Frames, material: Material, *, recipe: str, severity: int, schedule: Kind, seed: int
) -> tuple[Frames, Params | None]:
    """Return frames (T, H, W, 3) with a control on them and its parameters; the same frames and None if it cannot be.

    Args:
        frames: The clip, distorted or not.
        material: Of the untouched clip.
        recipe, severity, schedule: Of the control on the other side.
        seed: Of the parameters.
    """
    control = recipe_named(recipe)
    order = Order(recipe=recipe, severity=severity, schedule=schedule)
    try:
        params = drawn_params(control, material, order, np.random.default_rng([seed, _APART]))
        return control.apply(frames, material, params), params
    except SynthesisError:  # then its twin could hardly be made either
        return frames, None
