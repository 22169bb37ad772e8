"""One clip without the site: distort it, judge it, and show it.

    python -m distortions.synthesis CLIP --recipe geometry_drift --severity 3 --seed 1 --out DIR

DIR gets original.mp4 and distorted.mp4 (both through the same decoder and encoder), truth.json, gate.json and one
contact sheet a person.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from datasets.identity.backends import BACKENDS, Backend, backend_choose, backend_load
from datasets.identity.backends.protocol import Embedder
from datasets.identity.cache import analyse_cached, content_hash
from datasets.identity.errors import IdentityError
from datasets.identity.matching import match_tracks
from datasets.identity.references import people_read
from datasets.media.errors import MediaError
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.write import write_video
from distortions.synthesis.donors import Donor
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.finish import draw_faces, draw_finish, finished, matched
from distortions.synthesis.make import Made, Order, distort
from distortions.synthesis.pool import cast_donors, donors_read
from distortions.synthesis.procedural import procedural_read
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import Scene, scene_of
from distortions.synthesis.schedule import KINDS
from distortions.synthesis.sheet import contact_sheet
from distortions.synthesis.tilt import upright
from distortions.synthesis.truth import truth_write


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        made = _run(options)
    except (IdentityError, MediaError, SynthesisError) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{options.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    return 0 if made.verdict.passed else 3


def _run(options: argparse.Namespace) -> Made:
    order = Order(
        recipe=options.recipe, severity=options.severity, seed=options.seed, schedule=options.schedule,
        subject=None if options.person is None else options.person - 1, values=_values(options.set),
    )  # fmt: skip
    backend = _backend(options)
    reporter = _reporter(options, backend)
    frames, material = _material(options, backend)
    started = time.perf_counter()
    made = distort(
        frames, material, order, backend, reporter=reporter, source_sha256=content_hash(options.clip)
    )
    seconds = time.perf_counter() - started
    _write(options, frames, made, material.scene)
    _report(options, made, seconds)
    return made


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    about = "\n".join(f"  {name:16} {recipe.kind}: {recipe.about}" for name, recipe in RECIPES.items())
    parser = argparse.ArgumentParser(
        prog="python -m distortions.synthesis",
        description=f"{__doc__}\nrecipes:\n{about}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--recipe", required=True, metavar="NAME")
    parser.add_argument("--severity", type=int, default=3, help="1 to 5")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--schedule", metavar="KIND", help=f"one of {', '.join(KINDS)}; drawn when left out")
    parser.add_argument("--person", type=int, metavar="N", help="1 is the largest face; drawn when left out")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="fix a parameter")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--references", type=Path, metavar="DIR", help="who the people are, for their names")
    parser.add_argument(
        "--donors", type=Path, metavar="DIR", help="people who lend features (pool.py), or: cast"
    )
    parser.add_argument("--backend", default="", help=f"calibrates and judges: {', '.join(BACKENDS)}")
    parser.add_argument(
        "--reporter", default="", metavar="BACKEND", help="reports beside it; dlib by default"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="folder of model files")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the clip's tracks for the next time")
    parser.add_argument("--max-side", type=int, default=1280, help="larger clips are scaled down, pixels")
    return parser.parse_args(arguments)


def _values(pairs: list[str]) -> dict[str, object]:
    values: dict[str, object] = {}
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        values[name] = tuple(value) if isinstance(value, list) else value
    return values


def _backend(options: argparse.Namespace) -> Backend:
    if options.backend:
        return backend_load(options.backend, options.models)
    backend, note = backend_choose(options.models)
    if note:
        print(note, file=sys.stderr)
    return backend


def _reporter(options: argparse.Namespace, backend: Backend) -> Embedder | None:
    if options.reporter:
        return backend_load(options.reporter, options.models).embedder
    try:
        other = backend_load("dlib", options.models).embedder
    except IdentityError:
        return None
    return None if other.space.key == backend.space.key else other


def _material(options: argparse.Namespace, backend: Backend) -> tuple[Frames, Material]:
    with tempfile.TemporaryDirectory() as scratch:
        analysis = analyse_cached(options.clip, backend, options.cache or scratch)
    people = people_read(options.references, backend) if options.references else []
    matching = match_tracks(analysis, people) if people else None
    frames = read_frames(options.clip, max_size=options.max_side)
    scene = scene_of(analysis, matching, size=(frames.shape[2], frames.shape[1]))
    scene = upright(scene, frames, backend.detector)
    donors, refused = _donors(options, backend)
    for sentence in refused:
        print(sentence, file=sys.stderr)
    return frames, Material(scene, donors, backend.space, procedural_read(options.clip))


def _donors(options: argparse.Namespace, backend: Backend) -> tuple[list[Donor], list[str]]:
    if options.donors is None:
        return [], []
    if str(options.donors) == "cast":
        return cast_donors(backend), []
    return donors_read(options.donors, backend)


def _write(options: argparse.Namespace, frames: Frames, made: Made, scene: Scene) -> None:
    options.out.mkdir(parents=True, exist_ok=True)
    fps = probe(options.clip).fps
    edited = {edit.person for edit in made.truth.edits}
    nobody: set[str] = set()
    for name, side, seed, people in (
        ("original", frames, 2 * options.seed, nobody),
        ("distorted", made.frames, 2 * options.seed + 1, edited),
    ):
        finish = draw_finish(seed)
        faces = draw_faces(finish, scene) + matched(frames, side, scene, people)
        write_video(finished(side, finish, scene=scene, faces=faces), options.out / f"{name}.mp4", fps=fps)
    truth_write(made.truth, options.out / "truth.json")
    (options.out / "gate.json").write_text(json.dumps(made.verdict.as_dict(), indent=1) + "\n")
    for place, subject in enumerate(scene.subjects):
        if subject.name in edited or "" in edited:
            sheet = contact_sheet(frames, made.frames, subject)
            Image.fromarray(sheet).save(options.out / f"person-{place + 1}.png")


def _report(options: argparse.Namespace, made: Made, seconds: float) -> None:
    for refusal in made.refusals:
        print(f"tried again: {refusal}")
    for check in made.verdict.checks:
        number = "does not apply" if check.value is None else f"{check.value:.2f}"
        print(f"{check.name:12} {number:>14}  {'' if check.passed else check.sentence}")
    other = made.verdict.reported_similarity
    print(
        f"{options.out}: {'passed' if made.verdict.passed else 'refused'}, severity {made.truth.severity}, "
        f"similarity to the untouched face {made.verdict.similarity:.2f}"
        + (f" ({other:.2f} by the other embedder)" if other is not None else "")
        + f", onset at frame {made.truth.onset}, {seconds:.1f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
