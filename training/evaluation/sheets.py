"""Contact sheets: the same prompts and seeds by two policies, side by side. Numpy and Pillow alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.uint8]
KEPT = "evaluation"
REFERENCES = "references.npz"
ROWS, SHOWN = 6, 4
_GAP = 4


def references_keep(folder: Path, references: Sequence[Sequence[Pictures]]) -> None:
    """Keep one reference of each person of the first prompts beside a run's evaluation clips, if none are kept."""
    if (folder / KEPT / REFERENCES).is_file():
        return
    (folder / KEPT).mkdir(parents=True, exist_ok=True)
    held = {
        f"{row}-{place}": pictures
        for row, own in enumerate(references[:ROWS])
        for place, pictures in enumerate(own)
    }
    np.savez(folder / KEPT / REFERENCES, allow_pickle=False, **held)


def updates_with_clips(folder: Path) -> list[int]:
    """Return the updates at which a run's evaluation kept clips, rising; the first is the base policy's."""
    return sorted(int(path.stem) for path in (folder / KEPT).glob("*.npy") if path.stem.isdecimal())


def run_sheet(folder: Path, update: int, *, height: int = 96) -> Pictures | None:
    """Return a run's sheet at an update beside its first one: a row a prompt; None where there are no clips.

    From left to right: a reference of each person, frames of the first evaluation, the same of this one.
    """
    updates = updates_with_clips(folder)
    if update not in updates:
        return None
    first, now = (np.load(folder / KEPT / f"{each:05d}.npy", mmap_mode="r") for each in (updates[0], update))
    references = _references(folder)
    rows = []
    for row in range(min(ROWS, len(now))):
        parts = [scaled(picture, height) for picture in references.get(row, [])]
        for clips in (first, now):
            chosen = np.linspace(0, clips.shape[1] - 1, min(SHOWN, clips.shape[1])).round().astype(int)
            parts += [_blank(height, 2 * _GAP), *_apart([scaled(clips[row, t], height) for t in chosen])]
        rows.append(np.concatenate(parts, axis=1))
    width = max(row.shape[1] for row in rows)
    rows = [np.pad(row, ((0, _GAP), (0, width - row.shape[1]), (0, 0)), constant_values=128) for row in rows]
    return np.concatenate(rows, axis=0)


def scaled(picture: Pictures, height: int) -> Pictures:
    """Return a picture at a height, its pixels kept as squares where it grows."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(picture))
    size = (max(1, round(image.width * height / image.height)), height)
    return np.asarray(
        image.resize(size, Image.Resampling.NEAREST if height > image.height else Image.Resampling.BOX)
    )


def _references(folder: Path) -> dict[int, list[Pictures]]:
    found: dict[int, list[Pictures]] = {}
    path = folder / KEPT / REFERENCES
    if path.is_file():
        with np.load(path) as held:
            for name in sorted(held.files):
                found.setdefault(int(name.partition("-")[0]), []).append(held[name])
    return found


def _apart(pictures: Sequence[Pictures]) -> list[Pictures]:
    parts: list[Pictures] = []
    for picture in pictures:
        parts += [picture, _blank(picture.shape[0], _GAP // 2)]
    return parts


def _blank(height: int, width: int) -> Pictures:
    return np.full((height, width, 3), 128, np.uint8)
