"""python -m datasets.cast: a clip of procedural people with its truth and references (see film.py)."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from datasets.cast.clip import Clip, draw_clip
from datasets.cast.course import Course, blend, drift, swap
from datasets.cast.film import film
from datasets.cast.identity import draw_identity
from datasets.cast.plates import PLATES
from datasets.cast.references import VIEWS
from datasets.cast.script import EVENTS, MOVING

CHANGES = """\
drift:PERSON:START:END[:AMOUNT]    go towards a stranger between two frames
swap:PERSON:OTHER:AT               be the other person of the clip from a frame on
blend:PERSON:OTHER:START[:SHARE]   carry the other person's traits from a frame on (share 0.5)"""


def main(argv: list[str] | None = None) -> int:
    """Parse, draw, write."""
    options = _parser().parse_args(argv)
    try:
        clip = _clip(options)
        film(clip, options.out, workers=options.workers, views=tuple(VIEWS)[: options.references])
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m datasets.cast", description="Draw a clip of procedural people, with truth and references.",
        epilog=f"changes of identity:\n{CHANGES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--people", type=int, default=2, help="how many, 1 to 4")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--fps", type=Fraction, default=Fraction(24))
    parser.add_argument("--size", default="640x360", help="WIDTHxHEIGHT in pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--cast", type=int, nargs="+", metavar="SEED", help="the people's own seeds, one a person"
    )
    parser.add_argument("--place", choices=list(PLATES))
    parser.add_argument(
        "--events", nargs="*", choices=EVENTS, help="what happens; drawn from the seed when left out"
    )
    parser.add_argument(
        "--moving",
        nargs="*",
        choices=MOVING,
        default=list(MOVING),
        help="what changes over time beside identity",
    )
    parser.add_argument("--change", action="append", default=[], help="a change of identity, see below")
    parser.add_argument(
        "--references", type=int, default=4, choices=range(len(VIEWS) + 1), help="pictures a person"
    )
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help="processes")
    parser.add_argument("--out", type=Path, required=True)
    return parser


def _clip(options: argparse.Namespace) -> Clip:
    try:
        width, height = (int(v) for v in options.size.lower().split("x"))
    except ValueError:
        raise ValueError(f"a size is WIDTHxHEIGHT, got {options.size!r}") from None
    frames = round(options.seconds * options.fps)
    clip = draw_clip(
        options.seed, options.people, frames=frames, fps=options.fps, size=(width, height), place=options.place,
        events=None if options.events is None else tuple(options.events), moving=tuple(options.moving),
    )  # fmt: skip
    if options.cast is not None:
        if len(options.cast) != options.people:
            raise ValueError(f"--cast needs {options.people} seeds, got {len(options.cast)}")
        clip = replace(clip, courses=tuple(Course(draw_identity(seed)) for seed in options.cast))
    for change in options.change:
        clip = replace(clip, courses=_changed(clip, change))
    return clip


def _changed(clip: Clip, change: str) -> tuple[Course, ...]:
    kind, *rest = change.split(":")
    bases = [course.base for course in clip.courses]
    try:
        person, numbers = int(rest[0]), [float(v) for v in rest[1:]]
        base = bases[person]
        if kind == "drift":
            stranger = draw_identity(clip.seed + 104_729 * (person + 1))
            course = drift(
                base, stranger, start=int(numbers[0]), end=int(numbers[1]), amount=(numbers[2:] or [1.0])[0]
            )
        elif kind == "swap":
            course = swap(base, bases[int(numbers[0])], at=int(numbers[1]))
        elif kind == "blend":
            course = blend(
                base, bases[int(numbers[0])], start=int(numbers[1]), share=(numbers[2:] or [0.5])[0]
            )
        else:
            raise ValueError
    except (ValueError, IndexError):
        raise ValueError(f"cannot read the change {change!r}; one of\n{CHANGES}") from None
    return tuple(course if k == person else old for k, old in enumerate(clip.courses))


if __name__ == "__main__":
    sys.exit(main())
