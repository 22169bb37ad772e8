"""The last step before the encoder, alike for every side of every pair: some sharpness and grain, drawn each time.

A change of a face softens it a little, costs the encoder some bits and makes its neighbours' blocks a little different:
each of these tells in a pair which side was touched, without a look at who is there. What goes through here differs
from its twin by more than that, in a direction that says nothing. Nobody sees it: half a grey level to two of grain.

Units: sharpen is the share of the detail finer than a pixel that is added (or, below 0, taken away); grain is the
sigma of the noise, of 0 to 255.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from distortions.synthesis.canonical import into_frame, window_of
from distortions.synthesis.masks import SWAP_FEATHER, face_oval
from distortions.synthesis.recipe import Frame, Frames
from distortions.synthesis.scene import Scene, Subject

Faces = NDArray[np.float32]  # (subjects, T): how much each face is sharpened at each frame

SHARPEN = 0.45
FACE_SHARPEN, FACE_TREND = 0.5, 0.3
GRAIN = (0.5, 2.2)
_FINE = 0.8  # sigma of what counts as detail, pixels
_FACE_FINE = 1.6  # the same for faces, pixels of the canonical square
_YIELD = 0.7  # by how much detail grows for each unit that is added: the blur takes some of it twice
_PROBED = 7
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


def draw_faces(finish: Finish, scene: Scene) -> Faces:
    """Return how much each face is sharpened or softened beside the picture, drawn with a course over time."""
    rng = np.random.default_rng([finish.seed, 0xFACE])
    level = rng.uniform(-FACE_SHARPEN, FACE_SHARPEN, (len(scene.subjects), 1))
    trend = rng.uniform(-FACE_TREND, FACE_TREND, (len(scene.subjects), 1))
    return (level + trend * np.linspace(-1, 1, max(scene.frames, 1))[None]).astype(np.float32)[
        :, : scene.frames
    ]


def matched(frames: Frames, out: Frames, scene: Scene, people: Collection[str]) -> Faces:
    """Return how much some people's faces in `out` must be sharpened to have as much fine detail as in `frames`.

    Donors' features are blurred a little and warped ones are resampled: that shows at the masks' edges.
    """
    faces = np.zeros((len(scene.subjects), scene.frames), np.float32)
    for place, subject in enumerate(scene.subjects):
        seen = np.flatnonzero(subject.seen > 0.5)
        if not len(seen) or subject.name not in people:
            continue
        probed = seen[np.linspace(0, len(seen) - 1, min(_PROBED, len(seen))).round().astype(int)]
        needed = []
        for index in probed.tolist():
            before, after = (_detail(source[index], subject, index) for source in (frames, out))
            needed.append(np.clip((before / max(after, 1e-3) - 1) / _YIELD, -0.4, 1.0))
        faces[place] = np.interp(np.arange(scene.frames), probed, needed)
    return faces


def finished(
    frames: Frames,
    finish: Finish,
    *,
    scene: Scene | None = None,
    faces: Faces | None = None,
    threads: int = 2,
) -> Iterator[Frame]:
    """Yield each frame (H, W, 3) uint8 RGB, finished, in order. The frames themselves are left alone.

    Args:
        frames: One side of a pair.
        finish: What it goes through.
        scene, faces: Who is where, and how much each face is sharpened beside the picture; not at all without.
        threads: That work.
    """
    if not len(frames) or (finish.sharpen == 0 and finish.grain == 0 and faces is None):
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
        frame = frames[index]
        if scene is not None and faces is not None:
            frame = frame.copy()
            for subject, amounts in zip(scene.subjects, faces, strict=True):
                _sharpen_face(frame, subject, index, float(amounts[index]))
        return _finished(frame, finish.sharpen, up[place], down[place])

    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(one, range(len(frames)))


def _sharpen_face(frame: Frame, subject: Subject, index: int, amount: float) -> None:
    share = amount * float(subject.seen[index])
    found = _fine_part(frame, subject, index)
    if abs(share) < 0.01 or found is None:
        return
    (x0, y0, x1, y1), fine, mask = found
    part = frame[y0:y1, x0:x1]
    part[:] = np.clip(np.rint(part + fine * (mask * np.float32(share))[..., None]), 0, 255)


def _detail(frame: Frame, subject: Subject, index: int) -> float:
    """Return how much fine detail a face has, 0 to 255."""
    found = _fine_part(frame, subject, index)
    if found is None:
        return 1.0
    _, fine, mask = found
    return float((np.abs(fine).mean(axis=2) * mask).sum() / max(float(mask.sum()), 1e-3))


def _fine_part(
    frame: Frame, subject: Subject, index: int
) -> tuple[tuple[int, int, int, int], NDArray[np.float32], NDArray[np.float32]] | None:
    """Return a face's window, what in it is finer than a blur, and where the face is."""
    matrix, side = subject.matrix(index), subject.side
    x0, y0, x1, y1 = window = window_of(matrix, side, (frame.shape[1], frame.shape[0]))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    part = frame[y0:y1, x0:x1].astype(np.float32)
    sigma = max(0.6, _FACE_FINE / float(np.hypot(matrix[0, 0], matrix[0, 1])))
    mask = into_frame(face_oval(side, float(subject.yaw[index]), feather=SWAP_FEATHER), matrix, window)
    return window, part - cv2.GaussianBlur(part, (0, 0), sigma), mask


def _finished(frame: Frame, sharpen: float, up: Frame, down: Frame) -> Frame:
    if sharpen:
        blurred = cv2.GaussianBlur(frame, (5, 5), _FINE)
        frame = np.asarray(cv2.addWeighted(frame, 1 + sharpen, blurred, -sharpen, 0), np.uint8)
    return np.asarray(cv2.subtract(cv2.add(frame, up), down), np.uint8)
