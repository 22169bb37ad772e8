"""A frame's index burnt into its picture as black and white blocks, so that a program can read off a painted
canvas, a screenshot or a decoded frame which frame it is. Own layout.

The code is a strip along the bottom edge, 1/18 of the height. It is cut into BLOCKS equal columns: one white,
one black, the index in INDEX_BITS bits (most significant first), and CHECK_BITS bits that hold the number of
ones among them. White is 1. The blocks are large and are read at their centres, so the code outlives lossy
coding, scaling and colour conversion.
"""

import numpy as np
from numpy.typing import NDArray

INDEX_BITS = 16
CHECK_BITS = 5
BLOCKS = 2 + INDEX_BITS + CHECK_BITS
STRIP_SHARE = 1 / 18

# Between limited-range black and white, with room for the ringing of a low bit rate.
_DARK, _BRIGHT = 85, 170

Frame = NDArray[np.uint8]


def stamp_frame_code(frame: Frame, index: int) -> None:
    """Burn the code of `index` into `frame`, in place.

    Args:
        frame: (H, W, 3) uint8 RGB, at least 18 high and 2 * BLOCKS wide.
        index: from 0 to 65535.

    Raises:
        ValueError: the index does not fit, or the frame is too small for blocks of two pixels.
    """
    height, width = frame.shape[:2]
    if not 0 <= index < 2**INDEX_BITS:
        raise ValueError(f"a frame code holds 0 to {2**INDEX_BITS - 1}, not {index}")
    if height < 18 or width < 2 * BLOCKS:
        raise ValueError(f"a frame code needs at least {2 * BLOCKS}x18 pixels, not {width}x{height}")
    top = height - round(height * STRIP_SHARE)
    edges = np.linspace(0, width, BLOCKS + 1).round().astype(int)
    for bit, left, right in zip(_blocks_of(index), edges[:-1], edges[1:], strict=True):
        frame[top:, left:right] = 255 * bit


def read_frame_code(frame: Frame) -> int | None:
    """Return the index burnt into `frame`, (H, W, 3) uint8 RGB at any scale; None when there is no clear code."""
    height, width = frame.shape[:2]
    row = min(height - 1, round(height * (1 - STRIP_SHARE / 2)))
    columns = ((np.arange(BLOCKS) + 0.5) * width / BLOCKS).astype(int)
    luma = frame[row, columns].astype(float).mean(axis=-1)
    if np.any((luma > _DARK) & (luma < _BRIGHT)):
        return None
    bits = [int(value >= _BRIGHT) for value in luma]
    index = _number(bits[2 : 2 + INDEX_BITS])
    return index if bits == _blocks_of(index) else None


def _blocks_of(index: int) -> list[int]:
    return [1, 0, *_bits(index, INDEX_BITS), *_bits(index.bit_count(), CHECK_BITS)]


def _bits(number: int, count: int) -> list[int]:
    return [(number >> place) & 1 for place in reversed(range(count))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)
