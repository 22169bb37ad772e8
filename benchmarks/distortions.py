"""What the distortions do and cost: `python -m benchmarks.distortions [CLIP ...] --models DIR [--donors DIR]`.

Without CLIP, clips of two people of the procedural cast are drawn. Every clip is distorted by every recipe, at every
severity it has of those given (3), with tracks made beforehand. One line a recipe and severity: yield of the gate,
similarity to the untouched face by the embedder that calibrates and by another, rank correlation with the schedule,
PSNR outside the mask, flicker, seam, and seconds of processor time for 100 frames: calibration, all tries, gate and
encoding, without the other embedder. `--rows FILE` keeps every single result as a line of JSON; those that are there
already are not made again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from datasets.cast import draw_clip, film
from datasets.identity.backends import Backend, backend_choose, backend_load
from datasets.identity.backends.protocol import Embedder, Prepared
from datasets.identity.cache import analyse_cached
from datasets.identity.faces import Face, Frame
from datasets.identity.space import Embeddings
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.write import write_video
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Made, Order, distort
from distortions.synthesis.pool import donors_read
from distortions.synthesis.procedural import procedural_read
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import scene_of

MAX_SIDE = 640
CHECKS = ("change", "correlation", "outside", "others", "flicker", "seam")
Row = dict[str, Any]


def main() -> int:
    options = _options()
    backend = (
        backend_load(options.backend, options.models)
        if options.backend
        else backend_choose(options.models)[0]
    )
    reporter = _Timed(backend_load("dlib", options.models).embedder)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        clips = options.clips or list(_cast(folder, options.cast))
        donors = donors_read(options.donors, backend)[0] if options.donors else []
        rows = _kept(options.rows)
        known = {row["key"] for row in rows}
        for clip in clips:
            analysis = analyse_cached(clip, backend, options.cache or folder)
            frames = read_frames(clip, max_size=MAX_SIDE)
            drawn_from = procedural_read(clip) if options.rerender else None
            scene = scene_of(analysis, size=(frames.shape[2], frames.shape[1]))
            material = Material(scene, donors if drawn_from is None else (), backend.space, drawn_from)
            for order in _orders(options):
                key = f"{clip.parent.name}-{clip.name}/{order.recipe}/{order.severity}/{order.seed}"
                if key in known or (order.recipe == "rerender") != (drawn_from is not None):
                    continue
                row = {"key": key} | _row(frames, material, order, backend, reporter, folder, clip)
                rows.append(row)
                _keep(options.rows, row)
    print(machine())
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print("\n".join(table(rows)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="", help="calibrates; the best that is here by default")
    parser.add_argument("--donors", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--cast", type=int, default=2, help="clips of the cast where none is given")
    parser.add_argument("--recipes", nargs="+", default=[name for name in RECIPES if name != "rerender"])
    parser.add_argument("--severities", nargs="+", type=int, default=[3])
    parser.add_argument("--rerender", action="store_true", help="draw clips of the cast anew")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.rerender:
        options.recipes = ["rerender"]
    return options


def _cast(folder: Path, count: int) -> Iterator[Path]:
    for seed in range(7, 7 + count):
        yield film(draw_clip(seed, 2, frames=125, fps=Fraction(25)), folder / f"cast-{seed}.mp4").clip


def _orders(options: argparse.Namespace) -> Iterator[Order]:
    for name in options.recipes:
        for severity in RECIPES[name].severities:
            if severity in options.severities:
                yield Order(recipe=name, severity=severity, seed=options.seed)


def _row(
    frames: Frames, material: Material, order: Order, backend: Backend, reporter: _Timed, folder: Path, clip: Path
) -> Row:  # fmt: skip
    wall, processor = time.perf_counter(), time.process_time() - reporter.spent
    row: Row = {"recipe": order.recipe, "severity": order.severity, "kind": RECIPES[order.recipe].kind}
    try:
        made = distort(frames, material, order, backend, reporter=reporter)
    except SynthesisError as error:
        return row | {"made": False, "passed": False, "reason": str(error)}
    written = time.process_time()
    write_video(made.frames, folder / "out.mp4", fps=probe(clip).fps)
    return (
        row
        | _numbers(made)
        | {
            "made": True,
            "passed": made.verdict.passed,
            "reason": " ".join(made.verdict.reasons),
            "tries": len(made.refusals) + 1,
            "schedule": made.truth.schedule["kind"],
            "seconds": (time.process_time() - reporter.spent - processor) * 100 / len(frames),
            "encoding": time.process_time() - written,
            "wall": time.perf_counter() - wall,
            "frames": len(frames),
            "sha256": hashlib.sha256(made.frames.tobytes()).hexdigest()[:12],
        }
    )


class _Timed:
    """An embedder that knows what it cost: the second one is no part of making a distortion."""

    def __init__(self, embedder: Embedder) -> None:
        self.space, self.rate, self.spent = embedder.space, embedder.rate, 0.0
        self._embedder = embedder

    def prepare(self, frame: Frame, face: Face, index: int) -> Prepared:
        started = time.process_time()
        prepared = self._embedder.prepare(frame, face, index)
        self.spent += time.process_time() - started
        return prepared

    def embed(self, prepared: Sequence[Prepared]) -> Embeddings:
        started = time.process_time()
        embeddings = self._embedder.embed(prepared)
        self.spent += time.process_time() - started
        return embeddings


def _numbers(made: Made) -> Row:
    verdict = made.verdict
    return {name: verdict.value(name) for name in CHECKS} | {
        "similarity": verdict.similarity,
        "reported": verdict.reported,
        "reported_similarity": verdict.reported_similarity,
        "detected": verdict.value("detected"),
    }


def _kept(path: Path | None) -> list[Row]:
    if path is None or not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def _keep(path: Path | None, row: Row) -> None:
    if path is not None:
        with path.open("a") as file:
            file.write(json.dumps(row) + "\n")


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a Markdown table, one line a recipe and severity; medians of what applies."""
    yield "| recipe | severity | clips | made | passed | own | other | rank | outside dB | flicker | seam | s |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["recipe"], row["severity"]].append(row)
    for (recipe, severity), group in groups.items():
        done = [row for row in group if row["made"]]
        cells = [
            _median(done, name, digits)
            for name, digits in (
                ("similarity", 2), ("reported_similarity", 2), ("correlation", 2), ("outside", 0),
                ("flicker", 2), ("seam", 2), ("seconds", 1),
            )
        ]  # fmt: skip
        passed = sum(row["passed"] for row in group)
        yield f"| {recipe} | {severity} | {len(group)} | {len(done)} | {passed} | {' | '.join(cells)} |"


def _median(rows: Sequence[Row], name: str, digits: int) -> str:
    values = [row[name] for row in rows if row.get(name) is not None]
    return f"{np.median(values):.{digits}f}" if values else "–"


if __name__ == "__main__":
    raise SystemExit(main())
