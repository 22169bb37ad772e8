"""Effects on whole pictures, which the controls share: mixing with a changed copy."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import cv2
import numpy as np

from distortions.synthesis.recipe import Edit, Frame, Frames

WHOLE = -1
Changed = Callable[[Frame, int], Frame]


@dataclass(frozen=True, eq=False)
class Mixed:
    """Mixes each frame with a changed copy of itself, `strength` of it."""

    changed: Changed

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        cv2.addWeighted(self.changed(frame, index), strength, frame, 1 - strength, 0, dst=out)


def picture_edit(frames: Frames, changed: Changed) -> Edit:
    """Return an edit of the whole picture, the same at all frames."""
    return Edit(WHOLE, np.ones(len(frames), np.float32), Mixed(changed), area="picture")


def pixel_functions() -> ModuleType:
    """Return albumentations' functions on pixels. Imported when asked for: it takes seconds, and looks for updates."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    from albumentations.augmentations.pixel import functional

    return functional
