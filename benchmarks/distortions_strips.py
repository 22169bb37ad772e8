"""One picture a recipe for the documentation: `python -m benchmarks.distortions_strips --models DIR --out DIR`.

A clip of the procedural cast, distorted by every recipe at its greatest severity: untouched above, distorted in the
middle, the difference below. Prints what the gate says.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

from PIL import Image

from datasets.cast import draw_clip, film
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import backend_choose, backend_load
from datasets.media.read import read_frames
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Order, distort
from distortions.synthesis.pool import cast_donors
from distortions.synthesis.procedural import procedural_read
from distortions.synthesis.recipe import Material
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import scene_of
from distortions.synthesis.sheet import contact_sheet

SECONDS, FPS = 3, 24


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="", help="the best that is here by default")
    parser.add_argument("--out", type=Path, help="folder of the pictures; a new one by default")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES))
    parser.add_argument("--cast", type=int, default=7, metavar="SEED")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    out = options.out or Path(tempfile.mkdtemp(prefix="distortions-"))
    out.mkdir(parents=True, exist_ok=True)
    print(out)
    backend = (
        backend_load(options.backend, options.models)
        if options.backend
        else backend_choose(options.models)[0]
    )
    with tempfile.TemporaryDirectory() as scratch:
        drawn = draw_clip(options.cast, 2, frames=SECONDS * FPS, fps=Fraction(FPS), size=(640, 360))
        clip = film(drawn, Path(scratch) / "cast.mp4").clip
        frames = read_frames(clip)
        scene = scene_of(analyse_clip(clip, backend))
        drawn_from = procedural_read(clip)
    material = Material(scene, cast_donors(backend), backend.space, drawn_from)
    for name in options.recipes:
        severity = max(RECIPES[name].severities)
        while severity in RECIPES[name].severities:
            order = Order(recipe=name, severity=severity, seed=options.seed, tries=6)
            try:
                made = distort(frames, material, order, backend)
            except SynthesisError as error:
                print(f"{name} {severity}: {error}", file=sys.stderr)
                severity -= 1
                continue
            edited = made.truth.edits[0].person
            subject = next((s for s in scene.subjects if s.name == edited), scene.subjects[0])
            sheet = Image.fromarray(contact_sheet(frames, made.frames, subject, columns=7, side=160))
            sheet.save(out / f"distortions-{name.replace('_', '-')}.jpg", quality=82, optimize=True)
            said = "passed" if made.verdict.passed else " ".join(made.verdict.reasons)
            print(
                f"{name} {severity} {made.truth.schedule['kind']}: {made.verdict.similarity:.2f}, {said}",
                flush=True,
            )
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
