"""Clips whose every frame says in its own picture which one it is."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.media.frame_code import stamp_frame_code
from datasets.media.write import write_video


def write_coded_clip(
    path: Path, *, fps: Fraction | int, seconds: int, size: tuple[int, int] = (320, 180), seed: int = 0
) -> None:
    """Write a clip at the playback setting: moving stripes over the frame code. `size` is (width, height) in pixels."""
    frames = int(seconds * Fraction(fps))
    write_video(_frames(frames, size, seed), path, fps=fps)


def _frames(count: int, size: tuple[int, int], seed: int) -> Iterator[NDArray[np.uint8]]:
    width, height = size
    rng = np.random.default_rng(seed)
    stripes = rng.integers(40, 216, (width // 16 + 1, 3), dtype=np.uint8).repeat(16, axis=0)[:width]
    for index in range(count):
        frame = np.tile(np.roll(stripes, 2 * index, axis=0), (height, 1, 1))
        stamp_frame_code(frame, index)
        yield frame
