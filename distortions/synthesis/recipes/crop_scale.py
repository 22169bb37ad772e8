"""Control: the picture is cropped and enlarged, at rest or as a slow zoom; everybody stays who they are.

What reframing does. The crop keeps near the faces, so that nobody leaves the picture.

Units: zoom as a factor, 1 for none.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.picture import WHOLE
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe
from distortions.synthesis.scene import Scene


@dataclass(frozen=True, kw_only=True)
class CropScaleParams(Params):
    """Parameters.

    Attributes:
        zoom: At full strength.
    """

    zoom: float = 1.12

    def __post_init__(self) -> None:
        super().__post_init__()
        self.within("zoom", 1.0, 1.5)


def sample_params(rng: np.random.Generator, severity: int) -> CropScaleParams:
    """Draw the zoom; closer for higher severities."""
    RECIPE.check_severity(severity)
    return CropScaleParams(zoom=round(1 + 0.03 * severity + float(rng.uniform(0, 0.02)), 3))


@dataclass(frozen=True, eq=False)
class Zoomed:
    """Enlarges a frame about a point (x, y) in pixels."""

    centre: NDArray[np.float64]
    zoom: float

    def draw(self, frame: Frame, out: Frame, index: int, strength: float) -> None:
        scale = 1 + (self.zoom - 1) * strength
        shift = self.centre * (1 - scale)
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        size = (frame.shape[1], frame.shape[0])
        cv2.warpAffine(frame, matrix, size, dst=out, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def prepare(frames: Frames, material: Material, params: CropScaleParams) -> tuple[Edit, ...]:
    """Zoom in on where the faces are on average."""
    effect = Zoomed(faces_middle(material.scene), params.zoom)
    return (Edit(WHOLE, np.ones(len(frames), np.float32), effect, area="picture"),)


def faces_middle(scene: Scene) -> NDArray[np.float64]:
    """Return the middle (x, y) of all faces over the clip; the picture's own without any."""
    seen = [
        s.points[s.seen > 0.5].reshape(-1, 2).mean(axis=0) for s in scene.subjects if (s.seen > 0.5).any()
    ]
    return np.mean(seen, axis=0) if seen else np.array(scene.size) / 2


def apply(frames: Frames, material: Material, params: CropScaleParams) -> Frames:
    """Return new frames, enlarged."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="crop_scale",
    kind="control",
    params=CropScaleParams,
    sample_params=sample_params,
    prepare=prepare,
    about="cropped and enlarged",
)
