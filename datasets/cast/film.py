"""A clip on disk: H.264, the truth about it, and references of its people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from datasets.cast.clip import Clip, FrameTruth, drawing_pool, render, render_in, script_of
from datasets.cast.plates import Picture
from datasets.cast.references import Wanted, write_references
from datasets.cast.truth import Truth, gather, save_truth


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
        workers: Processes that draw, this one among them.
        views: Which of `references.VIEWS` to take of each person.
    """
    from datasets.media.write import write_video  # not above: processes that draw load no codec

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
            write_references(person)
    else:
        with drawing_pool(clip, workers) as pool:
            # References first: this process begins with the frames, which it encodes as well.
            taken = [pool.submit(write_references, person) for person in wanted]
            write_video(kept(render_in(pool, clip, workers)), out, fps=clip.fps)
            for future in taken:
                future.result()
    events = script_of(clip).events
    truth = gather(truths, clip, events=events)
    truth_file = out.with_suffix(".truth.npz")
    save_truth(truth, truth_file)
    return Filmed(out, truth_file, truth, tuple(tuple(each.path for each in person) for person in wanted))


def _references(clip: Clip, folder: Path, views: Sequence[str]) -> list[list[Wanted]]:
    return [
        [Wanted(course.base, view, clip.seed + k, folder / f"{k}-{view}.png") for view in views]
        for k, course in enumerate(clip.courses)
    ]
