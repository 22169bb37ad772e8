"""Poster and filmstrip of a clip, as JPEG."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from datasets.media.atomic import replacing
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.probe import scan
from datasets.media.read import read_frames

POSTER_MAX_SIDE = 640
JPEG_QUALITY = 85
TILE_HEIGHT = 90
TILE_WIDTHS = (24, 240)
# Below these (of 255) a picture is taken for black or plain, as in a fade.
DARK_MEAN = 24.0
PLAIN_SPREAD = 12.0


def make_poster(
    src: str | os.PathLike[str], dst: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS
) -> int:
    """Write a poster: the frame nearest to the middle that is neither black nor plain. Return its index.

    At most 640 pixels a side. Raises MediaError if the clip cannot be read.
    """
    scanned = scan(src, limits)
    last = scanned.probe.frames - 1
    # From the middle outwards.
    shares = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9)
    indices = list(dict.fromkeys(round(share * last) for share in shares))
    pictures = read_frames(src, indices, max_size=POSTER_MAX_SIDE, limits=limits, scanned=scanned)
    best = choose_poster(pictures)
    _save(Image.fromarray(pictures[best]), dst)
    return indices[best]


def choose_poster(pictures: NDArray[np.uint8]) -> int:
    """Return the index of the first of (T, H, W, 3) uint8 RGB pictures with something on it, or of the liveliest."""
    grey = pictures.mean(axis=3)
    means, spreads = grey.mean(axis=(1, 2)), grey.std(axis=(1, 2))
    lively = np.flatnonzero((means >= DARK_MEAN) & (spreads >= PLAIN_SPREAD))
    return int(lively[0]) if lively.size else int(np.argmax(spreads))


def make_filmstrip(
    src: str | os.PathLike[str],
    dst: str | os.PathLike[str],
    tiles: int = 12,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[int, int]:
    """Write `tiles` equal pictures, 90 pixels high, side by side, from the middles of `tiles` equal parts of the clip.

    Returns a tile's (width, height). Raises MediaError if the clip cannot be read.
    """
    if tiles < 1:
        raise ValueError(f"a filmstrip needs at least one tile, got {tiles}")
    scanned = scan(src, limits)
    frames = scanned.probe.frames
    indices = [int((tile + 0.5) / tiles * frames) for tile in range(tiles)]
    narrowest, widest = TILE_WIDTHS
    width = min(widest, max(narrowest, round(TILE_HEIGHT * scanned.probe.width / scanned.probe.height)))
    enough = 2 * max(width, TILE_HEIGHT)
    pictures = read_frames(src, indices, max_size=enough, limits=limits, scanned=scanned)
    strip = Image.new("RGB", (width * tiles, TILE_HEIGHT))
    for tile, picture in enumerate(pictures):
        # A clip of extreme shape is cropped to its middle; any other fits as it is.
        strip.paste(ImageOps.fit(Image.fromarray(picture), (width, TILE_HEIGHT)), (tile * width, 0))
    _save(strip, dst)
    return width, TILE_HEIGHT


def _save(picture: Image.Image, dst: str | os.PathLike[str]) -> None:
    with replacing(dst) as partial:
        picture.save(partial, format="JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
