"""One frame of a clip: people, passers-by and objects over the plate, and what of each face can be seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.cast.actor import Actor
from datasets.cast.plates import MARGIN, Picture, Plate
from datasets.cast.props import draw_held
from datasets.cast.render import render_person
from datasets.cast.script import Moment, Script
from datasets.cast.splat import Tile

_FACE = 128  # flagged share of a pixel, of 255, from which it belongs to the face
_LEAST = 0.03  # pixels of face, in squares of the unit, below which a head is turned away
_GRAINS = 8


@dataclass(frozen=True)
class FaceTruth:
    """One face in one frame.

    Attributes:
        box: (4,) float32 (x0, y0, x1, y1) round the whole face, hidden parts and parts outside the picture included;
            NaN where the face is turned away or outside altogether.
        visible: which share of the face's pixels can be seen, 0 to 1.
        landmarks: (5, 2) float32 pixels.
    """

    box: NDArray[np.float32]
    visible: float
    landmarks: NDArray[np.float32]


def compose(
    script: Script, plate: Plate, frame: int, actor_of: Callable[[int, float], Actor], seed: int
) -> tuple[Picture, list[FaceTruth]]:
    """Draw a frame.

    Args:
        script: What happens.
        plate: Where.
        frame: Which frame.
        actor_of: Gives the actor of a part at a frame's unit.
        seed: of the noise.

    Returns:
        The picture (H, W, 3) uint8 RGB, and the truth of each of the script's people.
    """
    w, h = script.size
    light = script.light(plate.light, frame)
    picture = _background(script, plate, frame)
    moments = [part.at(frame) for part in script.parts]
    pan = (-1.5 * float(script.camera_x[frame]), -1.5 * float(script.camera_y[frame]))
    faces: dict[int, tuple[Tile, NDArray[np.float32]]] = {}
    covers: list[tuple[int, Tile]] = []
    for k in sorted(range(len(moments)), key=lambda i: moments[i].unit):
        moment = moments[k]
        centre = (moment.centre[0] + pan[0], moment.centre[1] + pan[1])
        if not -2.4 * moment.unit < centre[0] < w + 2.4 * moment.unit:
            continue
        actor = actor_of(k, moment.unit)
        shot = render_person(actor, moment.pose, moment.expression, light, centre, moment.unit, (w, h))
        tile = _moved(shot.tile, moment, script, frame)
        covers.append((k, tile))
        faces[k] = (tile, shot.landmarks)
        paste(picture, tile)
        for held in script.held:
            up = float(held.up[frame])
            if held.person == k and up > 0.02:
                place = (centre[0] + 0.10 * moment.unit, centre[1] + (0.62 + 1.9 * (1 - up)) * moment.unit)
                sleeve = script.parts[k].clothes.colour
                thing = draw_held(held.kind, actor.palette, sleeve, light, place, moment.unit)
                covers.append((-1, thing))
                paste(picture, thing)
    truths = [_face_truth(k, moments[k].unit, faces, covers, (w, h)) for k in range(script.people)]
    return _finish(picture, script, frame, seed), truths


def _background(script: Script, plate: Plate, frame: int) -> Picture:
    w, h = script.size
    ph, pw = plate.picture.shape[:2]
    zoom = float(script.zoom[frame])
    x = pw / 2 + float(script.camera_x[frame])
    y = ph / 2 + float(script.camera_y[frame])
    limit = (MARGIN - 1) / 2
    x = float(np.clip(x, pw / 2 - limit * w + 1, pw / 2 + limit * w - 1))
    y = float(np.clip(y, ph / 2 - limit * h + 1, ph / 2 + limit * h - 1))
    matrix = np.array([[1 / zoom, 0, x - w / 2 / zoom], [0, 1 / zoom, y - h / 2 / zoom]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    room = cv2.warpAffine(plate.picture, matrix, (w, h), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    level, warm = float(script.level[frame]) ** 0.75, float(script.warmth[frame])
    gain = np.array([level * (1 + 0.035 * warm), level, level * (1 - 0.045 * warm)])
    table = np.clip(np.arange(256)[:, None] * gain + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(room, table[None]), np.uint8)


def _moved(tile: Tile, moment: Moment, script: Script, frame: int) -> Tile:
    """Return a tile smeared along its own motion over the time that a shutter is open, two fifths of a frame."""
    last = len(script.camera_x) - 1
    before, after = max(frame - 1, 0), min(frame + 1, last)
    over = max(after - before, 1)
    vx = moment.velocity[0] - 1.5 * float(script.camera_x[after] - script.camera_x[before]) / over
    vy = moment.velocity[1] - 1.5 * float(script.camera_y[after] - script.camera_y[before]) / over
    speed = float(np.hypot(vx, vy))
    smear = 0.4 * speed
    if smear < 1.0:
        return tile
    reach = int(np.ceil(smear / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    steps = np.linspace(-smear / 2, smear / 2, 4 * reach + 1)
    for s in steps:
        kernel[round(reach + s * vy / speed), round(reach + s * vx / speed)] += 1
    kernel /= kernel.sum()
    return Tile(
        np.asarray(cv2.filter2D(tile.rgba, -1, kernel), np.uint8),
        np.asarray(cv2.filter2D(tile.flagged, -1, kernel), np.uint8),
        tile.x,
        tile.y,
    )


def _overlap(tile: Tile, size: tuple[int, int]) -> tuple[slice, slice, slice, slice]:
    """Return the rows and columns of a picture that a tile covers, and those of the tile."""
    h, w = tile.flagged.shape
    x0, x1 = max(0, tile.x), max(0, min(size[0], tile.x + w))
    y0, y1 = max(0, tile.y), max(0, min(size[1], tile.y + h))
    x1, y1 = max(x0, x1), max(y0, y1)
    return slice(y0, y1), slice(x0, x1), slice(y0 - tile.y, y1 - tile.y), slice(x0 - tile.x, x1 - tile.x)


def paste(picture: Picture, tile: Tile) -> None:
    """Lay a tile over a picture, in place."""
    h, w = picture.shape[:2]
    py, px, ty, tx = _overlap(tile, (w, h))
    source = tile.rgba[ty, tx]
    if source.size == 0:
        return
    under = picture[py, px]
    rest = cv2.merge([255 - source[..., 3]] * 3)
    cv2.add(cv2.multiply(under, rest, scale=1 / 255), cv2.cvtColor(source, cv2.COLOR_RGBA2RGB), dst=rest)
    picture[py, px] = rest


def _face_truth(
    k: int,
    unit: float,
    faces: dict[int, tuple[Tile, NDArray[np.float32]]],
    covers: Sequence[tuple[int, Tile]],
    size: tuple[int, int],
) -> FaceTruth:
    nothing = FaceTruth(np.full(4, np.nan, np.float32), 0.0, np.full((5, 2), np.nan, np.float32))
    if k not in faces:
        return nothing
    tile, landmarks = faces[k]
    mask = tile.flagged >= _FACE
    if mask.sum() < _LEAST * unit**2:
        return nothing
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = np.array(
        [tile.x + cols[0], tile.y + rows[0], tile.x + cols[-1] + 1, tile.y + rows[-1] + 1], np.float32
    )  # fmt: skip
    py, px, ty, tx = _overlap(tile, size)
    seen = np.zeros((size[1], size[0]), np.bool_)
    seen[py, px] = mask[ty, tx]
    if not seen.any():
        return nothing
    in_front = False
    for other, thing in covers:
        if other == k:
            in_front = True
        elif in_front:
            oy, ox, sy, sx = _overlap(thing, size)
            seen[oy, ox] &= thing.rgba[sy, sx, 3] < _FACE
    return FaceTruth(box, float(seen.sum() / mask.sum()), landmarks)


def _finish(picture: Picture, script: Script, frame: int, seed: int) -> Picture:
    """Lens, sensor: a little blur, darker corners, noise that is of the frame."""
    soft = cv2.GaussianBlur(picture, (0, 0), script.blur)
    h, w = soft.shape[:2]
    grain = np.roll(_grains(seed, w, h)[frame % _GRAINS], (7 * frame) % 61, axis=1)
    noise = grain * np.float32(script.noise)
    darker = cv2.multiply(soft, _vignette(w, h), dtype=cv2.CV_32F)
    return np.asarray(cv2.add(darker, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)


@lru_cache(maxsize=2)
def _grains(seed: int, w: int, h: int) -> NDArray[np.float32]:
    """Return plates of noise that a clip cycles through, (_GRAINS, h, w), unit variance."""
    return np.random.default_rng([seed, 0x6A1]).standard_normal((_GRAINS, h, w), dtype=np.float32)


@lru_cache(maxsize=2)
def _vignette(w: int, h: int) -> NDArray[np.float32]:
    x = np.linspace(-1, 1, w, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, h, dtype=np.float32)[:, None]
    fall = 1 - 0.13 * (0.6 * x * x + 0.4 * y * y) ** 1.5
    return np.asarray(cv2.merge([fall] * 3), np.float32)
