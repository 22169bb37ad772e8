"""Poster and filmstrip of a clip, as JPEG."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from datasets.media.atomic import replacing
from datasets.media.facts import Probe
from datasets.media.limits import DEFAULT_LIMITS, Limits
from datasets.media.probe import scan
from datasets.media.read import iter_frames

Path = str | os.PathLike[str]
Pictures = Mapping[int, NDArray[np.uint8]]

MAX_SIDE = 640
JPEG_QUALITY = 85
TILES = 12
TILE_HEIGHT = 90
TILE_WIDTHS = (24, 240)
# Where a poster may come from, as shares of the clip: from the middle outwards.
POSTER_PLACES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9)
# Below these (of 255) a picture is taken for black or plain, as in a fade.
DARK_MEAN = 24.0
PLAIN_SPREAD = 12.0


def make_poster(src: Path, dst: Path, *, limits: Limits = DEFAULT_LIMITS) -> int:
    """Write a poster: the frame nearest to the middle that is neither black nor plain. Return its index.

    At most 640 pixels a side. Raises MediaError if the clip cannot be read.
    """
    facts, pictures = _read(src, limits, tiles=None)
    return _save_poster(facts, pictures, dst)


def make_filmstrip(
    src: Path, dst: Path, tiles: int = TILES, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[int, int]:
    """Write `tiles` equal pictures, 90 pixels high, side by side: the middles of as many equal parts of the clip.

    Returns a tile's (width, height). Raises MediaError if the clip cannot be read.
    """
    if tiles < 1:
        raise ValueError(f"a filmstrip needs at least one tile, got {tiles}")
    facts, pictures = _read(src, limits, tiles=tiles)
    return _save_filmstrip(facts, pictures, dst, tiles)


def make_pictures(src: Path, poster: Path, filmstrip: Path, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """Write poster and filmstrip in one pass over the clip. Raises MediaError if it cannot be read."""
    facts, pictures = _read(src, limits, tiles=TILES)
    _save_poster(facts, pictures, poster)
    _save_filmstrip(facts, pictures, filmstrip, TILES)


def choose_poster(pictures: list[NDArray[np.uint8]]) -> int:
    """Return the position of the first (H, W, 3) uint8 RGB picture with something on it, or of the liveliest."""
    greys = [picture.mean(axis=2) for picture in pictures]
    for position, grey in enumerate(greys):
        if grey.mean() >= DARK_MEAN and grey.std() >= PLAIN_SPREAD:
            return position
    return int(np.argmax([grey.std() for grey in greys]))


def _poster_indices(frames: int) -> list[int]:
    return list(dict.fromkeys(int(place * (frames - 1)) for place in POSTER_PLACES))


def _tile_indices(frames: int, tiles: int) -> list[int]:
    return [int((tile + 0.5) / tiles * frames) for tile in range(tiles)]


def _read(src: Path, limits: Limits, *, tiles: int | None) -> tuple[Probe, Pictures]:
    """Decode once, and keep the frames that a poster and a strip of `tiles` may use."""
    scanned = scan(src, limits)
    frames = scanned.probe.frames
    indices = _poster_indices(frames) + (_tile_indices(frames, tiles) if tiles else [])
    found = dict(iter_frames(src, indices=indices, max_size=MAX_SIDE, limits=limits, scanned=scanned))
    if not found:
        found = dict(iter_frames(src, indices=[0], max_size=MAX_SIDE, limits=limits, scanned=scanned))
    # A damaged clip may hold fewer pictures than it has packets: the nearest one found stands in.
    return scanned.probe, {index: found[min(found, key=lambda at: abs(at - index))] for index in indices}


def _save_poster(facts: Probe, pictures: Pictures, dst: Path) -> int:
    indices = _poster_indices(facts.frames)
    best = indices[choose_poster([pictures[index] for index in indices])]
    _save(Image.fromarray(pictures[best]), dst)
    return best


def _save_filmstrip(facts: Probe, pictures: Pictures, dst: Path, tiles: int) -> tuple[int, int]:
    narrowest, widest = TILE_WIDTHS
    width = min(widest, max(narrowest, round(TILE_HEIGHT * facts.width / facts.height)))
    strip = Image.new("RGB", (width * tiles, TILE_HEIGHT))
    for tile, index in enumerate(_tile_indices(facts.frames, tiles)):
        # A clip of extreme shape is cropped to its middle; any other fits as it is.
        picture = ImageOps.fit(Image.fromarray(pictures[index]), (width, TILE_HEIGHT))
        strip.paste(picture, (tile * width, 0))
    _save(strip, dst)
    return width, TILE_HEIGHT


def _save(picture: Image.Image, dst: Path) -> None:
    with replacing(dst) as partial:
        picture.save(partial, format="JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
