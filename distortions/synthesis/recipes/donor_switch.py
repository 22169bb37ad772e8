"""Somebody else comes back: after a turn or behind an occluder the face is another one, and stays so.

Imitates models that hold a face as long as they see it and make up a new one when it returns. The moment is the clip's
own: the frame in which the face is turned away farthest, hidden or gone. A clip without such a moment is refused.

Source: own composition (morphing.py), measured in docs/experiments/distortions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.errors import Unreachable
from distortions.synthesis.morphing import Blend, Morph, morph_edit
from distortions.synthesis.recipe import Edit, Frames, Material, Params, Recipe
from distortions.synthesis.scene import Subject
from distortions.synthesis.visibility import Visibility

_MARGIN = 0.12  # of the clip, at both ends: a switch nearer to them has no before or no after
_LEAST = 0.5
_TURNED, _HIDDEN = 0.45, 0.35


@dataclass(frozen=True, kw_only=True)
class DonorSwitchParams(Params):
    """Parameters.

    Attributes:
        shape, gain, soft, keep, pick: How the donor comes in (`morphing.Blend`).
    """

    shape: float = 1.2
    gain: float = 1.0
    soft: float = 0.9
    keep: float = 0.5
    pick: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("shape", 0, 2)
        self.within("gain", 0, 1.2)
        self.within("soft", 0, 4)
        self.within("keep", 0, 1)
        self.within("pick", 0, 50)


def sample_params(rng: np.random.Generator, severity: int) -> DonorSwitchParams:
    """Draw a donor among the best."""
    RECIPE.check_severity(severity)
    return DonorSwitchParams(
        shape=round(float(rng.uniform(1.0, 1.3)), 3),
        gain=round(min(1.0, 0.7 + 0.06 * severity), 3),
        keep=round(float(rng.uniform(0.4, 0.7)), 3),
        pick=int(rng.integers(3)),
    )


def prepare(frames: Frames, material: Material, params: DonorSwitchParams) -> tuple[Edit, ...]:
    """Find the moment, and let the donor show from it on."""
    subject = material.scene.subject(params.subject)
    donors = material.lenders(frames, params.subject)
    blend = Blend(shape=params.shape, gain=params.gain, soft=params.soft, keep=params.keep, pick=params.pick)
    edit = morph_edit(frames, material, params.subject, donors, blend)
    assert isinstance(edit.effect, Morph)
    moment = switch_frame(subject, edit.effect.texture.visible)
    after = np.arange(len(frames)) >= moment
    return (replace(edit, reach=np.where(after, edit.reach, 0).astype(np.float32)),)


def switch_frame(subject: Subject, visible: Visibility) -> int:
    """Return the frame in which a face is turned away, hidden or gone most.

    Raises:
        Unreachable: it is to be seen all the time.
    """
    away = lostness(subject, visible)
    margin = max(1, round(_MARGIN * len(away)))
    inner = away[margin:-margin]
    if not len(inner) or inner.max() < _LEAST:
        raise Unreachable("The face is to be seen all the time: nobody can come back as somebody else.")
    return margin + int(inner.argmax())


def lostness(subject: Subject, visible: Visibility) -> NDArray[np.float32]:
    """Return (T,) how far a face is turned away, hidden or gone, 0 to 1 and more."""
    hidden = 1 - visible.mean(axis=(1, 2))
    return np.maximum.reduce([np.abs(subject.yaw) / _TURNED, hidden / _HIDDEN, 1 - subject.seen])


def apply(frames: Frames, material: Material, params: DonorSwitchParams) -> Frames:
    """Return new frames in which the person comes back as somebody else."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="donor_switch",
    kind="negative",
    params=DonorSwitchParams,
    sample_params=sample_params,
    prepare=prepare,
    severities=(2, 3, 4, 5),
    schedules=("constant",),
    about="somebody else after a turn or an occlusion",
)
