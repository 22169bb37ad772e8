"""A clip on disk: H.264, the truth about it, and references of its people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from datasets.cast.clip import Clip, FrameTruth, drawing_pool, prepare, render, render_in
from datasets.cast.identity import Identity
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
    out.parent.mkdir(parents=True, exist_ok=True)
    wanted = _references(clip, out.with_suffix(".references"), views)
    truths: list[FrameTruth] = []

    def kept(drawn: Iterator[tuple[Picture, FrameTruth]]) -> Iterator[Picture]:
        for picture, truth in drawn:
            truths.append(truth)
            yield picture

    if workers <= 1:
        write_video(kept(render(clip)), out, fps=clip.fps)
        for person in wanted:
            _write_references(person)
    else:
        with drawing_pool(clip, workers) as pool:
            # References first: they are drawn while this process still waits for frames to encode.
            taken = [pool.submit(_write_references, person) for person in wanted]
            write_video(kept(render_in(pool, clip, workers)), out, fps=clip.fps)
            for future in taken:
                future.result()
    events = prepare(clip).script.events
    truth = gather(truths, clip, events=events)
    truth_file = out.with_suffix(".truth.npz")
    save_truth(truth, truth_file)
    return Filmed(out, truth_file, truth, tuple(tuple(each.path for each in person) for person in wanted))


@dataclass(frozen=True)
class _Wanted:
    """A reference to take: of whom, which view, clothes and background by seed, and where to put it."""

    identity: Identity
    view: str
    seed: int
    path: Path


def _references(clip: Clip, folder: Path, views: Sequence[str]) -> list[list[_Wanted]]:
    return [
        [_Wanted(course.base, view, clip.seed + k, folder / f"{k}-{view}.png") for view in views]
        for k, course in enumerate(clip.courses)
    ]


def _write_references(wanted: Sequence[_Wanted]) -> None:
    for each in wanted:
        each.path.parent.mkdir(exist_ok=True)
        picture = draw_reference(each.identity, each.view, seed=each.seed)
        # A picture with noise packs little better at higher levels, which take five times as long.
        Image.fromarray(picture).save(each.path, compress_level=1)
