"""What a result costs on a clock: `python -m benchmarks.distortion_speed --models DIR`.

A clip of two people of the procedural cast, 5 seconds of 640x360 at 25 frames a second, tracks found before. Of each
recipe `--seeds` results of severity 3, or the nearest that it has, each as a worker makes it: parameters, donor and
calibration; drawing; the gate; finish and encoding. Reading the clip comes once, for all of its results. What a recipe
cannot do is left out, and counted; what the gate refuses costs as much. Seconds of wall time, medians: it needs a
machine to itself. Beside them seconds of processor time, of all threads and without gate and reading: on a busy machine
half of them is what two cores could do.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.machine import machine
from datasets.cast import draw_clip, film
from datasets.identity.backends import Backend, backend_choose, backend_load
from datasets.identity.cache import analyse_cached
from datasets.media.read import read_frames
from datasets.media.write import write_video
from distortions.synthesis import make
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.finish import draw_faces, draw_finish, finished, matched
from distortions.synthesis.gate import judge
from distortions.synthesis.make import Order, distort
from distortions.synthesis.pool import cast_donors
from distortions.synthesis.procedural import procedural_read
from distortions.synthesis.recipe import Frames, Material, apply_edits
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import scene_of
from distortions.synthesis.tilt import upright

FRAMES, FPS, SIZE = 125, Fraction(25), (640, 360)
SEVERITY = 3
PARTS = ("choosing", "drawing", "gate", "encoding")
DONORS = 4
Seconds = dict[str, float]


class Watch:
    """Times what a function takes, in the place of that function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function, self.seconds, self.processor = function, 0.0, 0.0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        started, processor = time.perf_counter(), time.process_time()
        try:
            return self._function(*args, **kwargs)
        finally:
            self.seconds += time.perf_counter() - started
            self.processor += time.process_time() - processor


def main() -> int:
    options = _options()
    backend = (
        backend_load(options.backend, options.models)
        if options.backend
        else backend_choose(options.models)[0]
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        clip = folder / "clip.mp4"
        if not clip.is_file():
            film(draw_clip(7, 2, frames=FRAMES, fps=FPS, size=SIZE), clip)
        analyse_cached(clip, backend, folder)
        donors = cast_donors(backend, people=DONORS)
        if options.prepare:
            return 0
        print(machine(), flush=True)
        started = time.perf_counter()
        analysis, frames = analyse_cached(clip, backend, folder), read_frames(clip)
        scene = upright(scene_of(analysis, size=SIZE), frames, backend.detector)
        reading = time.perf_counter() - started
        material = Material(scene, donors, backend.space, procedural_read(clip))
        print(f"reading, once a clip: {reading:.2f} s\n")
        print("\n".join(table(options.recipes, options.seeds, frames, material, backend, folder, reading)))
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="")
    parser.add_argument("--folder", type=Path, help="keeps the clip and its tracks for the next time")
    parser.add_argument("--prepare", action="store_true", help="draw the clip and find its tracks, no more")
    parser.add_argument("--recipes", nargs="+", default=[name for name in RECIPES if name != "rerender"])
    parser.add_argument("--seeds", type=int, default=3)
    return parser.parse_args()


def table(
    recipes: list[str], seeds: int, frames: Frames, material: Material, backend: Backend, folder: Path,
    reading: float,
) -> Iterator[str]:  # fmt: skip
    """Yield a Markdown table, a line a recipe."""
    yield f"| recipe | made | {' | '.join(PARTS)} | without gate and reading | all | processor |"
    yield "|---|---|" + "---|" * (len(PARTS) + 3)
    sums, bare = [], []
    for name in recipes:
        severity = min(RECIPES[name].severities, key=lambda s: abs(s - SEVERITY))
        found = [
            seconds
            for seed in range(1, seeds + 1)
            if (seconds := _made(name, severity, seed, frames, material, backend, folder)) is not None
        ]
        if not found:
            yield f"| {name} {severity} | 0 of {seeds} |" + " – |" * (len(PARTS) + 3)
            continue
        parts = [float(np.median([each[part] for each in found])) for part in PARTS]
        gates = np.array([each["gate"] for each in found])
        taken = np.array([sum(each[part] for part in PARTS) for each in found])
        without, whole = float(np.median(taken - gates)), float(np.median(taken)) + reading
        processor = float(np.median([each["processor"] for each in found]))
        bare.append(without)
        sums.append(whole)
        cells = " | ".join(f"{each:.2f}" for each in (*parts, without, whole, processor))
        yield f"| {name} {severity} | {len(found)} of {seeds} | {cells} |"
    empty = " | ".join([""] * len(PARTS))
    yield f"| mean over recipes | | {empty} | {np.mean(bare):.2f} | {np.mean(sums):.2f} | |"


def _made(
    name: str, severity: int, seed: int, frames: Frames, material: Material, backend: Backend, folder: Path
) -> Seconds | None:
    """Return the seconds that the parts of a result took; None if it could not be made."""
    kinds = RECIPES[name].schedules
    order = Order(
        recipe=name, severity=severity, seed=seed, tries=1,
        schedule="linear" if "linear" in kinds else kinds[0],
    )  # fmt: skip
    judging, drawing = Watch(judge), Watch(apply_edits)
    started, processor = time.perf_counter(), time.process_time()
    try:
        with patch.object(make, "judge", judging), patch.object(make, "apply_edits", drawing):
            made = distort(frames, material, order, backend)
    except SynthesisError:
        return None
    seconds = {"drawing": drawing.seconds, "gate": judging.seconds}
    seconds["choosing"] = time.perf_counter() - started - sum(seconds.values())
    started = time.perf_counter()
    finish, scene = draw_finish(seed), material.scene
    people = {edit.person for edit in made.truth.edits}
    faces = draw_faces(finish, scene) + matched(frames, made.frames, scene, people)
    write_video(finished(made.frames, finish, scene=scene, faces=faces), folder / "out.mp4", fps=FPS)
    return seconds | {
        "encoding": time.perf_counter() - started,
        "processor": time.process_time() - processor - judging.processor,
    }


if __name__ == "__main__":
    raise SystemExit(main())
