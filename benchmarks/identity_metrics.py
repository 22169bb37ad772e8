"""Every identity metric against changes of known size: `python -m benchmarks.identity_metrics --models DIR`.

Films pairs of the chosen cast calmly, then changes one thing at a time: the identity (drift, swap, blend, jumps), who
is in the picture, or a copied reference; and beside that expression, light and pose alone. Prints for each metric its
values on the ladder of its own change, what the largest one adds, in how many of the pairs it is monotone, by how much
the three nuisances move it (both with 95 % intervals over the pairs, Student's t), and the separation: the difference
between the largest change and the worst nuisance, over the standard deviation of both among pairs (Cohen's d).

It takes long, and goes in turns: with `--folder` films and figures are kept, `--turn SECONDS` stops after so much
work, and the same command goes on from there until it prints the tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import stats

from benchmarks.machine import machine
from datasets.cast import Clip, draw_reference, held
from datasets.cast.chosen import CHOSEN
from datasets.cast.clip import Stage, prepare
from datasets.cast.course import Course, blend, drift
from datasets.cast.identity import Identity, draw_identity
from datasets.cast.light import Light
from datasets.cast.references import VIEWS
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend, backend_load
from datasets.identity.errors import IdentityError
from datasets.identity.matching import match_tracks
from datasets.identity.metrics.measure import ClipMetrics, measure
from datasets.identity.references import Person, people_read
from datasets.media.write import write_video

FRAMES, FPS, SIZE = 36, Fraction(12), (480, 270)
NUISANCES = ("expression", "light", "pose")
PASTED = "smiling"

# One change and its sizes; the first is none.
LADDERS: dict[str, tuple[float, ...]] = {
    "drift": (0.0, 0.33, 0.67, 1.0),
    "swap": (0.0, 0.15, 0.30, 0.45),
    "blend": (0.0, 0.2, 0.35, 0.5),
    "jumps": (0.0, 0.25, 0.5, 0.75),
    "leaving": (0.0, 0.2, 0.4, 0.6),
}


@dataclass(frozen=True)
class Row:
    """A metric of the first person (or the clip), the change that it is for, and where it goes with that change."""

    name: str
    ladder: str
    rises: bool
    read: Callable[[ClipMetrics], float]

    @property
    def key(self) -> str:
        return f"{self.ladder}: {self.name}"


ROWS: tuple[Row, ...] = (
    Row("similarity", "drift", False, lambda m: m.people[0].similarity),
    Row("worst similarity", "drift", False, lambda m: m.people[0].worst),
    Row("drift slope, per second", "drift", False, lambda m: m.people[0].drift.per_second),
    Row("survival, seconds", "drift", False, lambda m: m.people[0].survival.seconds),
    Row("FCB, to a model frame", "drift", True, lambda m: m.people[0].fcb_model_frame),
    Row("FCB, random pairs", "drift", True, lambda m: m.people[0].fcb_random_pairs),
    Row("score", "drift", False, lambda m: m.score),
    Row("Face Sim", "drift", False, lambda m: m.face_sim),
    Row("margin", "blend", False, lambda m: m.people[0].margin),
    Row("blend rate", "blend", True, lambda m: m.people[0].blend_rate),
    Row("swap rate", "swap", True, lambda m: m.people[0].swap_rate),
    Row("score", "swap", False, lambda m: m.score),
    Row("Face Sim", "swap", False, lambda m: m.face_sim),
    Row("flicker", "jumps", True, lambda m: m.people[0].flicker),
    Row("coverage", "leaving", False, lambda m: m.people[0].coverage),
    Row("drop, share", "leaving", True, lambda m: m.people[0].drop.share),
    Row("score", "leaving", False, lambda m: m.score),
)


Figures = dict[str, float]  # of one film: by `Row.key`, and what copy-paste said of the first person


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, help="keep films and figures here, for the next time")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backends", nargs="+", default=["opencv", "mobilefacenet", "dlib"])
    parser.add_argument("--pairs", type=int, default=4, help="of the chosen cast, at most 6")
    parser.add_argument(
        "--turn", type=float, default=float("inf"), help="seconds after which to stop for now"
    )
    options = parser.parse_args()
    print(machine(), flush=True)
    end = time.monotonic() + options.turn
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        for pair in range(options.pairs):
            if not _film_pair(folder, pair, end):
                return _rest("films", pair, options.pairs)
        for name in options.backends:
            try:
                backend = backend_load(name, options.models)
            except IdentityError as error:
                print(f"\n{name}: left out: {error}")
                continue
            measured = []
            for pair in range(options.pairs):
                figures = _measured(folder, pair, backend, end)
                if figures is None:
                    return _rest(name, pair, options.pairs)
                measured.append(figures)
            _print(name, measured)
            _print_copies(measured)
    return 0


def _rest(what: str, done: int, pairs: int) -> int:
    print(f"{what}: {done} of {pairs} pairs are done; the same command goes on", flush=True)
    return 3


def changes() -> Iterable[tuple[str, str, float]]:
    """Yield the name, kind and size of every clip of a pair."""
    yield "none", "none", 0.0
    for nuisance in NUISANCES:
        yield nuisance, nuisance, 1.0
    for kind, sizes in LADDERS.items():
        for size in sizes[1:]:
            yield f"{kind} {size}", kind, size
    yield "pasting", "pasting", 1.0


def stage_of(people: tuple[Identity, Identity, Identity], seed: int, kind: str, size: float) -> Stage:
    """Return a clip of two people ready to be drawn, with one change; the third is who a drift goes to."""
    first, second, stranger = people
    courses: tuple[Course, Course] = (held(first), held(second))
    if kind == "drift":
        courses = (drift(first, stranger, start=0, end=FRAMES - 1, amount=size), held(second))
    elif kind == "blend":
        courses = (blend(first, second, share=size), held(second))
    elif kind == "swap":
        at = round((1 - size) * FRAMES)
        keys: tuple[tuple[int, float], ...] = ((at - 1, 0.0), (at, 1.0))
        courses = (Course(first, second, keys), Course(second, first, keys))
    elif kind == "jumps":
        keys = tuple((f, size * (f // 3 % 2)) for f in range(FRAMES))
        courses = (Course(first, stranger, keys), held(second))
    moving = (kind,) if kind in NUISANCES else ()
    stage = prepare(
        Clip(seed, courses, frames=FRAMES, fps=FPS, size=SIZE, place="kitchen", events=(), moving=moving)
    )
    if kind == "leaving":
        parts = list(stage.script.parts)
        gone = np.arange(FRAMES) >= round((1 - size) * FRAMES)
        parts[0] = replace(parts[0], x=np.where(gone, -9.0 * SIZE[0], parts[0].x))
        stage.script = replace(stage.script, parts=tuple(parts))
    elif kind == "pasting":
        stage = _pasted(stage)
    return stage


def _pasted(stage: Stage) -> Stage:
    """Give the first person the pose, the expression and the light of a reference for the whole clip."""
    view = VIEWS[PASTED]
    still = np.zeros(FRAMES)
    parts = list(stage.script.parts)
    parts[0] = replace(
        parts[0], yaw=still + view.pose.yaw, pitch=still + view.pose.pitch, roll=still + view.pose.roll,
        smile=still + view.expression.smile, opened=still + view.expression.opened,
        brows=still + view.expression.brows,
    )  # fmt: skip
    stage.script = replace(stage.script, parts=tuple(parts))
    stage.plate = replace(stage.plate, light=Light(view.azimuth, view.elevation))
    return stage


def _people(pair: int) -> tuple[Identity, Identity, Identity]:
    seeds = [CHOSEN[(2 * pair + k) % len(CHOSEN)] for k in (0, 1, 5)]
    return draw_identity(seeds[0]), draw_identity(seeds[1]), draw_identity(seeds[2])


def _film_pair(folder: Path, pair: int, end: float) -> bool:
    """Film what is not there yet; return whether that was all, or the time (`time.monotonic`) is over."""
    people = _people(pair)
    references = folder / f"{pair}.references"
    references.mkdir(exist_ok=True)
    for k, person in enumerate(people[:2]):
        for view in VIEWS:
            path = references / f"{k}-{view}.png"
            if not path.is_file():
                Image.fromarray(draw_reference(person, view, seed=pair)).save(path)
    for name, kind, size in changes():
        path = folder / f"{pair} {name}.mp4"
        if path.is_file():
            continue
        if time.monotonic() > end:
            return False
        stage = stage_of(people, 100 + pair, kind, size)
        write_video((stage.draw(f)[0] for f in range(FRAMES)), path, fps=FPS)
    return True


def _measured(folder: Path, pair: int, backend: Backend, end: float) -> dict[str, Figures] | None:
    """Return the figures of a pair's films; nothing if the time is over before all are there."""
    people: list[Person] | None = None
    measured: dict[str, Figures] = {}
    for name, _, _ in changes():
        kept = folder / f"{pair} {name} {backend.name}.json"
        if not kept.is_file():
            if time.monotonic() > end:
                return None
            people = people or people_read(folder / f"{pair}.references", backend)
            analysis = analyse_clip(folder / f"{pair} {name}.mp4", backend)
            found = _figures(measure(analysis, match_tracks(analysis, people), people))
            kept.write_text(json.dumps({"backend": backend.key} | found))
        read = json.loads(kept.read_text())
        if read.pop("backend") != backend.key:
            raise SystemExit(f"{kept} was measured with other models: take another folder")
        measured[name] = read
    return measured


def _figures(metrics: ClipMetrics) -> Figures:
    copy = metrics.people[0].copy_paste
    return {row.key: float(row.read(metrics)) for row in ROWS} | {
        "picture": copy.picture, "share": copy.share, "leaning": copy.leaning
    }  # fmt: skip


def _print(name: str, pairs: list[dict[str, Figures]]) -> None:
    print(
        f"\n{name}, {len(pairs)} pairs, means; nuisances as differences from the calm clip; ± is half a 95 % interval"
    )
    print(
        "\n| metric | change | sizes | values | largest less none | monotone | expression | light | pose | separation |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in ROWS:
        sizes = LADDERS[row.ladder]
        ladder = ["none", *(f"{row.ladder} {size}" for size in sizes[1:])]
        values = np.array([[pair[step][row.key] for step in ladder] for pair in pairs])
        nuisance = np.array([[pair[n][row.key] for n in NUISANCES] for pair in pairs]) - values[:, :1]
        sign = 1 if row.rises else -1
        steps = sign * np.diff(values, axis=1)
        monotone = int(((steps >= -1e-6).all(axis=1) & (steps.sum(axis=1) > 0)).sum())
        print(
            f"| {row.name} | {row.ladder} | {' '.join(f'{size:g}' for size in sizes)} "
            f"| {' '.join(f'{v:.2f}' for v in np.nanmean(values, axis=0))} "
            f"| {_interval(values[:, -1] - values[:, 0], 2)} "
            f"| {monotone} of {len(pairs)} | {' | '.join(_interval(column, 3) for column in nuisance.T)} "
            f"| {_apart(separation(sign * (values[:, -1] - values[:, 0]), sign * nuisance))} |",
            flush=True,
        )


def _interval(differences: np.ndarray, digits: int) -> str:
    """Return the mean of differences (N,), one a pair, with half the 95 % interval by Student's t."""
    known = differences[np.isfinite(differences)]
    mean = f"{known.mean():+.{digits}f}" if len(known) else "–"
    if len(known) < 2:
        return mean
    half = float(stats.t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known)))
    return f"{mean} ± {half:.{digits}f}"


def _apart(d: float) -> str:
    """Write a separation; beyond 100 its size says no more than how little the pairs differ."""
    return "–" if np.isnan(d) else "> 100" if d > 100 else f"{d:.1f}"


def _print_copies(pairs: list[dict[str, Figures]]) -> None:
    """Print what copy-paste makes of films that copy a reference (calm: the neutral one) and of one that does not."""
    print("\n| film | picture | share | leaning |\n|---|---|---|---|")
    for film in ("none", "pasting", "pose"):
        cells = (
            " ".join(f"{pair[film][key]:.2f}" for pair in pairs) for key in ("picture", "share", "leaning")
        )
        print(f"| {film} | {' | '.join(cells)} |")


def separation(change: np.ndarray, nuisance: np.ndarray) -> float:
    """Return Cohen's d between a change (N,) and the worst of some nuisances (N, K), both as differences.

    NaN for a single pair.
    """
    if len(change) < 2:
        return float("nan")
    worst = nuisance[:, int(np.nanargmax(np.nanmean(nuisance, axis=0)))]
    spread = np.sqrt((np.nanvar(change, ddof=1) + np.nanvar(worst, ddof=1)) / 2)
    return float((np.nanmean(change) - np.nanmean(worst)) / max(spread, 1e-3))


if __name__ == "__main__":
    sys.exit(main())
