"""Many short clips and what every recipe makes of them, kept in a folder: what the other benchmarks read.

    python -m benchmarks.distortion_corpus [FOLDER [CLIP ...]] --models DIR [--donors DIR] [--cast N]

Sources are clips of two people of the procedural cast, and two seconds of each CLIP. Every result's frames are kept
as a difference from its source's, with the gate's numbers, another embedder's and the identity metrics in `rows.jsonl`.
What is there is not made again, so that a run may be ended at any moment; `--minutes` ends it by itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine
from datasets.cast import draw_clip, film
from datasets.identity.backends import Backend, backend_choose, backend_load
from datasets.identity.backends.protocol import Embedder
from datasets.identity.cache import analyse_cached
from datasets.identity.metrics.drift import drift_slope, survival
from datasets.identity.metrics.samples import PersonSamples
from datasets.identity.metrics.similarity import mean_similarity, worst_similarity
from datasets.identity.space import Embeddings, Space
from datasets.media.errors import MediaError
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.write import write_video
from distortions.synthesis.donors import Donor
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Made, Order, distort
from distortions.synthesis.measure import Looks, change, look_at_all
from distortions.synthesis.pool import donors_read
from distortions.synthesis.procedural import Procedural, procedural_read
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import Scene, scene_of
from distortions.synthesis.tilt import upright

FOLDER = Path(tempfile.gettempdir()) / "likeness-corpus"
FRAMES, FPS, SIDE = 24, Fraction(12), 384
CAST_SIZE = (384, 216)
CHECKS = ("change", "correlation", "outside", "others", "detected", "flicker", "seam", "ghost")
SCHEDULES = ("constant", "linear", "step")
"""Dealt by turns, where a recipe has them: what all negatives but two can run to in two seconds."""
LOOKED_AT = 8
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Source:
    """An untouched clip.

    Attributes:
        key: Its name.
        family: Sources that may share people have one family, and are never on both sides of a split.
        kind: "cast" or "real".
        frames: (T, H, W, 3) uint8 RGB.
        scene: Who is where.
        fps: Frames a second.
        procedural: What a clip of the cast was drawn from.
    """

    key: str
    family: str
    kind: str
    frames: Frames
    scene: Scene
    fps: Fraction
    procedural: Procedural | None = None


def main() -> int:
    options = _options()
    folder: Path = options.folder
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "results").mkdir(exist_ok=True)
    until = time.monotonic() + 60 * options.minutes
    backend = (
        backend_load(options.backend, options.models)
        if options.backend
        else backend_choose(options.models)[0]
    )
    reporter = backend_load("dlib", options.models).embedder if options.other else None
    print(machine(), flush=True)
    keys = list(sources_make(folder, backend, cast=options.cast, clips=options.clips, until=until))
    known = {row["key"] for row in rows_read(folder)}
    lenders = {
        "real": donors_read(options.donors, backend)[0] if options.donors else [],
        "cast": list(_cast_lenders(folder, keys, backend)),
    }
    made = 0
    for key in by_turns(keys):
        orders = [
            order for order in orders_of(key, options.recipes, options.severities)
            if result_key(key, order) not in known
        ]  # fmt: skip
        source, looks = source_read(folder, key, backend) if orders else None, Looks()
        for order in orders:
            if time.monotonic() > until:
                print(f"{made} results made; go on by the same command.")
                return 0
            assert source is not None
            donors = [donor for donor in lenders[source.kind] if not donor.name.startswith(f"{key} ")]
            row = _row(folder, source, order, backend, reporter, donors, looks)
            with (folder / "rows.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")
            made += 1
    print(f"{made} results made; nothing is left of {len(keys)} sources.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="", help="calibrates; the best that is here by default")
    parser.add_argument(
        "--donors",
        type=Path,
        help="lend to real people; without, the others of each clip do; the cast lends to itself",
    )
    parser.add_argument("--cast", type=int, default=12, metavar="N", help="sources of the procedural cast")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--severities", nargs="+", type=int, default=[1, 2, 3, 4, 5])
    parser.add_argument("--other", action="store_true", help="measure by dlib's embedder, too")
    parser.add_argument("--minutes", type=float, default=1e6)
    return parser.parse_args()


def orders_of(key: str, recipes: Sequence[str], severities: Sequence[int]) -> Iterator[Order]:
    """Yield what is asked of a source; schedules take turns. Only the cast can be drawn anew."""
    for name in recipes:
        if name == "rerender" and not key.startswith("cast."):
            continue
        kinds = [kind for kind in SCHEDULES if kind in RECIPES[name].schedules]
        for severity in RECIPES[name].severities:
            if severity in severities:
                seed = zlib.crc32(f"{key} {name} {severity}".encode()) % 2**31
                schedule = kinds[seed % len(kinds)] if kinds else None
                yield Order(recipe=name, severity=severity, seed=seed, schedule=schedule, tries=2)


def by_turns(keys: Sequence[str]) -> list[str]:
    """Return keys of the cast and real ones by turns: a corpus that is ended early has of both."""
    kinds = [[key for key in keys if key.startswith("cast.") == of_cast] for of_cast in (True, False)]
    return [key for some in zip_longest(*kinds) for key in some if key is not None]


def result_key(source: str, order: Order) -> str:
    return f"{source}.{order.recipe}.{order.severity}"


def sources_make(
    folder: Path, backend: Backend, *, cast: int, clips: Sequence[Path], until: float
) -> Iterator[str]:
    """Yield the keys of sources with a person in them, films and tracks made where they are not there yet."""
    for seed in range(1, cast + 1):
        path = folder / "sources" / f"cast.cast{seed}.mp4"
        if not path.is_file() and time.monotonic() < until:
            film(draw_clip(seed, 2, frames=FRAMES, fps=FPS, size=CAST_SIZE), path)
        if path.is_file():
            yield path.stem
    for clip in clips:
        name = clip.stem if len(clip.stem) > 1 else f"{clip.parent.name}-{clip.stem}"
        key = f"real.{name}"
        path = folder / "sources" / f"{key}.mp4"
        if not path.is_file() and time.monotonic() < until:
            _excerpt(clip, path)
        if path.is_file() and scene_of(_analysis(folder, key, backend)).subjects:
            yield key


def _excerpt(clip: Path, path: Path) -> None:
    """Write the first two seconds at about 12 frames a second, small. What cannot be read is left out."""
    try:
        facts = probe(clip)
        step = max(1, round(float(facts.fps) / float(FPS)))
        indices = [i for i in range(0, step * FRAMES, step) if i < facts.frames]
        frames = read_frames(clip, indices, max_size=SIDE)
    except MediaError as error:
        print(f"{clip.name}: {error}", flush=True)
        return
    if len(frames) >= 20:
        write_video(frames, path, fps=facts.fps / step)


def _analysis(folder: Path, key: str, backend: Backend) -> Any:
    return analyse_cached(folder / "sources" / f"{key}.mp4", backend, folder / "tracks")


def source_read(folder: Path, key: str, backend: Backend) -> Source:
    path = folder / "sources" / f"{key}.mp4"
    frames = read_frames(path)
    scene = scene_of(_analysis(folder, key, backend), size=(frames.shape[2], frames.shape[1]))
    scene = upright(scene, frames, backend.detector)
    kind, _, name = key.partition(".")
    family = key if kind == "cast" else name.split("_")[0].split("-")[0]
    return Source(key, family, kind, frames, scene, probe(path).fps, procedural_read(path))


def _cast_lenders(folder: Path, keys: Sequence[str], backend: Backend) -> Iterator[Donor]:
    """Yield people of the cast as donors for the other sources of the cast, two pictures of each."""
    for key in keys:
        if key.startswith("cast."):
            source = source_read(folder, key, backend)
            material = Material(source.scene)
            for place, subject in enumerate(source.scene.subjects):
                for donor in material.portraits(source.frames, place, 2):
                    yield replace(donor, name=f"{key} {subject.name}", embedding=subject.embedding)


def _row(
    folder: Path, source: Source, order: Order, backend: Backend, reporter: Embedder | None,
    donors: Sequence[Donor], looks: Looks,
) -> Row:  # fmt: skip
    recipe = RECIPES[order.recipe]
    row: Row = {
        "key": result_key(source.key, order), "source": source.key, "family": source.family,
        "where": source.kind, "recipe": order.recipe, "severity": order.severity, "kind": recipe.kind,
        "frames": len(source.frames), "seed": order.seed,
    }  # fmt: skip
    material = Material(source.scene, donors, backend.space, source.procedural, looks)
    started = time.process_time()
    try:
        made = distort(source.frames, material, order, backend)
    except SynthesisError as error:
        return row | {"made": False, "passed": False, "reason": str(error)}
    row["seconds"] = round((time.process_time() - started) * 100 / len(source.frames), 3)
    result_keep(folder / "results" / f"{row['key']}.npz", source.frames, made)
    verdict = made.verdict
    known = {check.name for check in verdict.checks}
    return (
        row
        | {name: verdict.value(name) for name in CHECKS if name in known}
        | _identity(source, made, backend, reporter, looks)
        | {
            "made": True, "passed": verdict.passed, "reason": " ".join(verdict.reasons),
            "tries": len(made.refusals) + 1, "schedule": made.truth.schedule["kind"],
            "similarity": verdict.similarity, "edited": [edit.person for edit in made.truth.edits],
            "sha256": hashlib.sha256(made.frames.tobytes()).hexdigest()[:12],
        }
    )  # fmt: skip


def _identity(source: Source, made: Made, backend: Backend, reporter: Embedder | None, looks: Looks) -> Row:
    """Return the identity metrics of the edited people, with what they are on the untouched clip."""
    names = {edit.person for edit in made.truth.edits}
    people = [s for s in source.scene.subjects if s.name in names] or list(source.scene.subjects)
    strength = np.max([edit.strength for edit in made.truth.edits], axis=0)
    found: dict[str, list[float]] = {}
    for subject in people:
        seen = np.flatnonzero(subject.seen > 0.5)
        picked = [int(seen[round(p)]) for p in np.linspace(0, len(seen) - 1, min(LOOKED_AT, len(seen)))]
        before, _ = look_at_all([source.frames[i] for i in picked], subject, picked, backend, looks=looks)
        after, _ = look_at_all([made.frames[i] for i in picked], subject, picked, backend)
        template = backend.space.mean(before, np.ones(len(before), np.float32))
        for name, embeddings in (("", after), ("_untouched", before)):
            samples = _samples(source, subject.name, picked, embeddings, template, backend.space)
            numbers = {
                "identity": mean_similarity(samples), "worst": worst_similarity(samples),
                "slope": drift_slope(samples).per_second,
                "survival": survival(samples, backend.space.same_person).seconds,
            }  # fmt: skip
            for key, value in numbers.items():
                found.setdefault(key + name, []).append(value)
        if reporter is not None:
            full = sorted(picked, key=lambda i: -strength[i])[:2]
            a, _ = look_at_all(
                [source.frames[i] for i in full], subject, full, backend, reporter, looks=looks
            )
            b, _ = look_at_all([made.frames[i] for i in full], subject, full, backend, reporter)
            found.setdefault("reported", []).append(float(change(reporter.space, a, b).mean()))
    return {key: round(float(np.mean(values)), 4) for key, values in found.items()}


def _samples(
    source: Source, name: str, frames: Sequence[int], embeddings: Embeddings, template: Embeddings, space: Space
) -> PersonSamples:  # fmt: skip
    numbers = np.array(frames, np.int32)
    return PersonSamples(
        person=0, name=name, fps=float(source.fps), clip_frames=len(source.frames), frames=numbers,
        times=numbers / float(source.fps), sample_frames=numbers, quality=np.ones(len(frames), np.float32),
        embeddings=embeddings, similarity=space.similarity(embeddings, template),
        thumbs=np.zeros((len(frames), 1, 1), np.uint8), space=space,
    )  # fmt: skip


def result_keep(path: Path, frames: Frames, made: Made) -> None:
    """Keep a result as its difference from the source, which is mostly nothing."""
    packed = zlib.compress((made.frames - frames).tobytes(), 1)
    strength = np.array([edit.strength for edit in made.truth.edits], np.float32)
    np.savez(path, packed=np.frombuffer(packed, np.uint8), strength=strength)


def result_read(folder: Path, key: str, frames: Frames) -> tuple[Frames, NDArray[np.float32]]:
    """Return the frames of a result of a source's frames, and the strength of each edit (edits, T)."""
    with np.load(folder / "results" / f"{key}.npz") as kept:
        difference = np.frombuffer(zlib.decompress(kept["packed"].tobytes()), np.uint8)
        return frames + difference.reshape(frames.shape), kept["strength"]


def rows_read(folder: Path) -> list[Row]:
    """Return all rows of a corpus; of two with one key the later."""
    path = folder / "rows.jsonl"
    lines = path.read_text().splitlines() if path.is_file() else []
    return list({row["key"]: row for row in map(json.loads, lines)}.values())


if __name__ == "__main__":
    raise SystemExit(main())
