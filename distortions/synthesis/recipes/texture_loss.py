"""Control: the picture loses detail to compression, blur, noise or scaling; everybody stays who they are.

What weak decoders and poor uploads do. Negatives soften faces a little; with this control a model learns that softness
is not identity. Compression is H.264 through PyAV over the whole clip, as it happens in the world; the others work on
each frame.

Units: quality is x264's constant rate factor; blur and noise are sigmas in pixels and in values of 0 to 255 at 640
pixels' width; scale is how many times smaller the picture becomes before it is enlarged again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.frame import VideoFrame

from distortions.synthesis.errors import BadParameter
from distortions.synthesis.picture import picture_edit
from distortions.synthesis.recipe import Edit, Frame, Frames, Material, Params, Recipe

LOSSES = ("compression", "blur", "noise", "scaling")


@dataclass(frozen=True, kw_only=True)
class TextureLossParams(Params):
    """Parameters: see the module's docstring for units.

    Attributes:
        loss: One of LOSSES.
    """

    loss: str = "blur"
    quality: int = 38
    blur: float = 1.6
    noise: float = 10.0
    scale: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in LOSSES:
            raise BadParameter(f"loss is one of {', '.join(LOSSES)}, got {self.loss!r}.")
        self.within("quality", 20, 51)
        self.within("blur", 0.3, 6)
        self.within("noise", 1, 40)
        self.within("scale", 1.1, 6)


def sample_params(rng: np.random.Generator, severity: int) -> TextureLossParams:
    """Draw what is lost; more for higher severities."""
    RECIPE.check_severity(severity)
    return TextureLossParams(
        amount=min(1.0, 0.4 + 0.12 * severity),
        loss=LOSSES[int(rng.integers(len(LOSSES)))],
        quality=29 + 2 * severity,
        blur=round(0.6 + 0.2 * severity, 3),
        noise=round(2.0 + 2.0 * severity, 3),
        scale=round(1.3 + 0.2 * severity, 3),
    )


def prepare(frames: Frames, material: Material, params: TextureLossParams) -> tuple[Edit, ...]:
    """Encode and decode the clip for compression; bind the parameters for the others."""
    wide = frames.shape[2] / 640
    if params.loss == "compression":
        coded = coded_at(frames, params.quality, material.scene.fps)
        return (picture_edit(frames, lambda frame, index: coded[index]),)

    def changed(frame: Frame, index: int) -> Frame:
        if params.loss == "blur":
            return np.asarray(cv2.GaussianBlur(frame, (0, 0), max(0.3, params.blur * wide)), np.uint8)
        if params.loss == "noise":
            rng = np.random.default_rng([params.seed, index])
            grain = rng.normal(0, params.noise, frame.shape).astype(np.float32)
            return np.clip(frame + grain, 0, 255).astype(np.uint8)
        height, width = frame.shape[:2]
        size = (max(2, round(width / params.scale)), max(2, round(height / params.scale)))
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    return (picture_edit(frames, changed),)


def coded_at(frames: Frames, quality: int, fps: float) -> Frames:
    """Return frames as H.264 at a constant rate factor gives them back; an odd last row or column is kept as it was."""
    if not len(frames):
        return frames.copy()
    height, width = (side - side % 2 for side in frames.shape[1:3])
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(quality), "preset": "veryfast", "threads": "1"}
        for frame in frames:
            picture = np.ascontiguousarray(frame[:height, :width])
            container.mux(stream.encode(VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    out = frames.copy()
    buffer.seek(0)
    with av.open(buffer, "r") as source:
        for index, decoded in enumerate(source.decode(video=0)):
            out[index, :height, :width] = decoded.to_ndarray(format="rgb24")
    return out


def apply(frames: Frames, material: Material, params: TextureLossParams) -> Frames:
    """Return new frames with less detail."""
    return RECIPE.apply(frames, material, params)


RECIPE = Recipe(
    name="texture_loss",
    kind="control",
    params=TextureLossParams,
    sample_params=sample_params,
    prepare=prepare,
    about="compression, blur, noise or scaling",
)
