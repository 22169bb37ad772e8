"""A clip on disk: H.264, the truth about it, and references of its people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from datasets.cast.clip import Clip, FrameTruth, prepare, render
from datasets.cast.plates import Picture
from datasets.cast.references import draw_reference
from datasets.cast.truth import Truth, gather, save_truth
from datasets.media.write import write_video


@dataclass(frozen=True)
class Filmed:
    """What was written.

    Attributes:
        clip: the MP4.
        truth_file: `<clip>.truth.npz`, see truth.py.
        truth: its content.
        references: for each person, pictures `<clip>.references/<person>-<view>.png`.
    """

    clip: Path
    truth_file: Path
    truth: Truth
    references: tuple[tuple[Path, ...], ...]


def film(clip: Clip, out: Path, *, workers: int = 1, views: Sequence[str] = ()) -> Filmed:
    """Write a clip as H.264 at the playback setting, its truth, and references of who its people are at first.

    Args:
        clip: What to film.
        out: The MP4 to write; its folder is made.
        workers: Processes that draw.
        views: Which of `references.VIEWS` to take of each person.
    """
    truths: list[FrameTruth] = []

    def pictures() -> Iterator[Picture]:
        for picture, truth in render(clip, workers=workers):
            truths.append(truth)
            yield picture

    out.parent.mkdir(parents=True, exist_ok=True)
    write_video(pictures(), out, fps=clip.fps)
    events = prepare(clip).script.events
    truth = gather(truths, seed=clip.seed, fps=clip.fps, size=clip.size, events=events)
    truth_file = out.with_suffix(".truth.npz")
    save_truth(truth, truth_file)
    return Filmed(out, truth_file, truth, _write_references(clip, out.with_suffix(".references"), views))


def _write_references(clip: Clip, folder: Path, views: Sequence[str]) -> tuple[tuple[Path, ...], ...]:
    if views:
        folder.mkdir(exist_ok=True)
    written = []
    for k, course in enumerate(clip.courses):
        paths = tuple(folder / f"{k}-{view}.png" for view in views)
        for path, view in zip(paths, views, strict=True):
            Image.fromarray(draw_reference(course.base, view, seed=clip.seed + k)).save(path)
        written.append(paths)
    return tuple(written)
