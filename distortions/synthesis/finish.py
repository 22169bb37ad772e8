"""The last step before the encoder, alike for every side of every pair: some sharpness and grain, drawn each time.

A change of a face softens it a little, costs the encoder some bits and makes its neighbours' blocks a little different:
each of these tells in a pair which side was touched, without a look at who is there. What goes through here differs
from its twin by more than that, in a direction that says nothing. Nobody sees it: half a grey level to two of grain.

Units: sharpen is the share of the detail finer than a pixel that is added (or, below 0, taken away); grain is the
sigma of the noise, of 0 to 255.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from distortions.synthesis.recipe import Frame, Frames

SHARPEN = 0.45
GRAIN = (0.5, 2.2)
_FINE = 0.8  # sigma of what counts as detail, pixels
_SPARE = (
    64  # the noise is drawn once, this much larger than the picture, and shown from another corner each time
)


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What one side of a pair goes through. None at all if both numbers are 0."""

    sharpen: float = 0.0
    grain: float = 0.0
    seed: int = 0

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def draw_finish(seed: int) -> Finish:
    """Return a finish drawn from a seed: the same for clean, control and distorted sides."""
    rng = np.random.default_rng([seed, 0xF1])
    return Finish(
        sharpen=round(float(rng.uniform(-SHARPEN, SHARPEN)), 3),
        grain=round(float(np.exp(rng.uniform(*np.log(GRAIN)))), 3),
        seed=int(rng.integers(2**31)),
    )


def finished(frames: Frames, finish: Finish, *, threads: int = 2) -> Iterator[Frame]:
    """Yield each frame (H, W, 3) uint8 RGB, finished, in order. The frames themselves are left alone."""
    if not len(frames) or (finish.sharpen == 0 and finish.grain == 0):
        yield from frames
        return
    rng = np.random.default_rng(finish.seed)
    height, width = frames.shape[1:3]
    noise = rng.standard_normal((height + _SPARE, width + _SPARE), np.float32) * np.float32(finish.grain)
    # The same in all three colours, for film has its grain in its light; apart by sign, for bytes have none.
    lighter, darker = (
        np.repeat(np.rint(np.maximum(part, 0)).astype(np.uint8)[..., None], 3, axis=2)
        for part in (noise, -noise)
    )
    corners = rng.integers(0, _SPARE + 1, (len(frames), 2))
    turned = rng.integers(0, 2, len(frames))

    def one(index: int) -> Frame:
        top, left = corners[index]
        place = np.s_[top : top + height, left : left + width]
        up, down = (darker, lighter) if turned[index] else (lighter, darker)
        return _finished(frames[index], finish.sharpen, up[place], down[place])

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(one, range(len(frames)))


def _finished(frame: Frame, sharpen: float, up: Frame, down: Frame) -> Frame:
    if sharpen:
        blurred = cv2.GaussianBlur(frame, (5, 5), _FINE)
        frame = np.asarray(cv2.addWeighted(frame, 1 + sharpen, blurred, -sharpen, 0), np.uint8)
    return np.asarray(cv2.subtract(cv2.add(frame, up), down), np.uint8)
