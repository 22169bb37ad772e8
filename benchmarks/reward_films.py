"""A release of **films** for the reward model: procedural people, real recipes, a real face model, simulated answers.

    python -m benchmarks.reward_films make FOLDER --models DIR [--groups 60] [--seconds 300]   # goes on by itself
    python -m benchmarks.reward_films release FOLDER OUT --seed 0

A group is one or two people whom no other group has. Two clips of each group are drawn (24 frames at 12 a second,
384x216), and four copies of each are distorted by recipes of `distortions.synthesis`, negatives and controls,
calibrated and passed by its gate. Every clip, untouched or not, is encoded once at the playback setting and analysed
by YuNet and MobileFaceNet; references are three pictures of each person. Donors are people of other films, in no group.

`release` draws what annotators say and the splits from the seed: as in `benchmarks.simulated_release`, whose three
annotators answer by harm, here the strength that was drawn times the change that the calibration reached, in thresholds
of the embedder. **The people are drawn and the annotators are programs**: real are film, coding, detector and embedder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.machine import machine
from benchmarks.simulated_release import Group, Told, ToldClip, groups_write
from datasets.cast import Clip, draw_clip, draw_reference, render
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend, backend_load
from datasets.identity.errors import IdentityError
from datasets.identity.matching import match_tracks
from datasets.identity.references import Person, person_read
from datasets.identity.tracks import Analysis
from datasets.media.write import write_video
from datasets.releases.manifest import Manifest
from datasets.releases.schema import Row
from distortions.synthesis.donors import Donor
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.make import Made, Order, distort
from distortions.synthesis.measure import Looks
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.recipes import RECIPES
from distortions.synthesis.scene import scene_of

FRAMES, FPS, SIZE = 24, Fraction(12), (384, 216)
SOURCES, COPIES, TRIES = 2, 4, 3
VIEWS = ("neutral", "left", "smiling")
REFERENCE_SIDE = 256
NEGATIVES = ("geometry_drift", "morph_drift", "feature_bleed", "swap", "drop", "averaging")
CONTROLS = ("photometric", "texture_loss", "expression", "crop_scale", "reenact", "self_blend")
CONTROL_SHARE = 0.3
DONOR_FILMS, DONOR_SEED = 6, 900_000
JUDGED = 10


def main() -> int:
    options = _options()
    if options.folder is None:
        return _one_group(options)
    if options.what == "release":
        manifest = release_write(options.folder, options.out, options.seed, options.judged)
        counts = f"{manifest.total('comparisons'):,} comparisons of {manifest.total('clips'):,} films"
        print(f"{options.out}: {counts}")
        return 0
    print(machine(), flush=True)
    until = time.monotonic() + options.seconds
    maker = Maker(options.folder, backend_load(options.backend, options.models))
    for number in range(options.groups):
        if time.monotonic() > until:
            print(f"{number} groups are there; go on by the same command.")
            return 1
        if not maker.path(number).is_file():
            maker.group(number)
    print(f"all {options.groups} groups are there.")
    return 0


def _one_group(options: argparse.Namespace) -> int:
    """Make one group and throw it away: what the films cost."""
    print(machine(), flush=True)
    try:
        backend = backend_load(options.backend, options.models)
    except IdentityError as error:
        print(f"left out: {error}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        Maker(Path(folder), backend).group(1)
    return 0


@dataclass(eq=False)
class Maker:
    """Draws, distorts and analyses; a group is kept when it is whole."""

    folder: Path
    backend: Backend

    def __post_init__(self) -> None:
        self.films = self.folder / "films"
        self.films.mkdir(parents=True, exist_ok=True)
        self._donors: list[Donor] = []

    def path(self, number: int) -> Path:
        return self.folder / f"group-{number:04d}.json"

    def group(self, number: int) -> None:
        """Make one group of people with their clips."""
        rng = np.random.default_rng([number, 0xF11])
        count = int(rng.choice([1, 2, 2]))
        people: list[Person] = []
        clips: list[Row] = []
        started = time.process_time()
        scenes = [
            draw_clip(10 * number + source, count, frames=FRAMES, fps=FPS, size=SIZE)
            for source in range(SOURCES)
        ]
        scenes = [replace(scene, courses=scenes[0].courses) for scene in scenes]
        names = [f"cast-{number:04d}-{place}" for place in range(count)]
        try:
            people = [self._person(scenes[0], place, name) for place, name in enumerate(names)]
        except IdentityError as error:
            print(f"group {number} is left out: {error}", flush=True)
        for source, scene in enumerate(scenes if people else ()):
            clips += self._films(scene, f"{number:04d}-{source}", people, rng)
        document = {
            "people": [_person_row(person, self.backend) for person in people],
            "clips": clips,
            "seconds": round(time.process_time() - started, 1),
        }
        part = self.path(number).with_suffix(".part")
        part.write_text(json.dumps(document))
        part.rename(self.path(number))
        copies = sum(bool(clip["truth"]) for clip in clips)
        print(f"group {number}: {count} people, {copies} copies, {document['seconds']} s", flush=True)

    def _person(self, scene: Clip, place: int, name: str) -> Person:
        folder = self.films / "references" / name
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for view in VIEWS:
            paths.append(folder / f"{view}.png")
            picture = draw_reference(
                scene.courses[place].base, view, seed=scene.seed + place, side=REFERENCE_SIDE
            )
            Image.fromarray(picture).save(paths[-1], compress_level=1)
        return person_read(name, paths, self.backend)

    def _films(
        self, scene: Clip, key: str, people: Sequence[Person], rng: np.random.Generator
    ) -> Iterator[Row]:
        """Yield an untouched clip and its copies."""
        frames = np.stack([picture for picture, _ in render(scene)])
        source, analysis = self._film(frames, key, people)
        yield source
        matched = scene_of(analysis, match_tracks(analysis, people))
        subjects = [
            subject for subject in matched.subjects if subject.name in {person.name for person in people}
        ]
        if not subjects:
            return
        material = Material(
            replace(matched, subjects=tuple(subjects)), self.donors(), self.backend.space, None, Looks()
        )
        for copy in range(COPIES):
            made = self._distorted(frames, material, rng)
            if made is not None:
                row, _ = self._film(made.frames, f"{key}-{copy}", people, made)
                yield row | {"source": source["sha256"]}

    def _distorted(self, frames: Frames, material: Material, rng: np.random.Generator) -> Made | None:
        for _ in range(TRIES):
            names = CONTROLS if rng.random() < CONTROL_SHARE else NEGATIVES
            recipe = RECIPES[names[int(rng.integers(len(names)))]]
            severity = int(rng.choice(recipe.severities))
            order = Order(recipe=recipe.name, severity=severity, seed=int(rng.integers(2**31)), tries=2)
            try:
                made = distort(frames, material, order, self.backend)
            except SynthesisError:
                continue
            if made.verdict.passed:
                return made
        return None

    def _film(
        self, frames: Frames, key: str, people: Sequence[Person], made: Made | None = None
    ) -> tuple[Row, Analysis]:
        """Encode and analyse; return what is kept of the clip."""
        path = self.films / f"{key}.mp4"
        write_video(frames, path, fps=FPS)
        analysis = analyse_clip(path, self.backend)
        matching = match_tracks(analysis, people)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        tracks = {track.number: track for track in analysis.tracks}
        rows = []
        for place, person in enumerate(people):
            parts = [tracks[number] for number in matching.tracks_of(place)]
            if parts:
                rows.append(_track_row(sha256, person.name, analysis.backend, parts))
        return {
            "sha256": sha256, "name": path.name, "frames": analysis.frames, "tracks": rows, "source": None,
            "truth": made.truth.as_dict() if made else None,
        }, analysis  # fmt: skip

    def donors(self) -> list[Donor]:
        """Return people who lend their faces, two pictures of each."""
        if not self._donors:
            for seed in range(DONOR_SEED, DONOR_SEED + DONOR_FILMS):
                frames = np.stack(
                    [picture for picture, _ in render(draw_clip(seed, 2, frames=FRAMES, fps=FPS, size=SIZE))]
                )
                path = self.films / f"donors-{seed}.mp4"
                write_video(frames, path, fps=FPS)
                material = Material(scene_of(analyse_clip(path, self.backend)))
                for place, subject in enumerate(material.scene.subjects):
                    self._donors += [
                        replace(donor, name=f"donor {seed} {place}", embedding=subject.embedding)
                        for donor in material.portraits(frames, place, 2)
                    ]
        return self._donors


def _person_row(person: Person, backend: Backend) -> Row:
    shas = [hashlib.sha256(f"{person.name}/{each.name}".encode()).hexdigest() for each in person.references]
    return {
        "person_id": person.name,
        "name": person.name,
        "procedural": True,
        "references": [
            {"sha256": sha, "image": None, "name": each.name, "licence": None}
            for sha, each in zip(shas, person.references, strict=True)
        ],
        "consent": None,
        "faces": [
            {"reference": sha, "backend": backend.key, "embedding": _rounded(each.embedding)}
            for sha, each in zip(shas, person.references, strict=True)
        ],
    }


def _track_row(sha256: str, person: str, backend: str, parts: Sequence[Any]) -> Row:
    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    frames, first = np.unique(joined("frames"), return_index=True)
    samples, sample = np.unique(joined("sample_frames"), return_index=True)
    return {
        "track_id": f"{sha256}-{person}",
        "clip": sha256,
        "person_id": person,
        "backend": backend,
        "corrected": False,
        "coverage": len(frames) / FRAMES,
        "frames": frames.tolist(),
        "boxes": joined("boxes")[first].round(1).tolist(),
        "quality": _rounded(joined("quality")[first]),
        "sample_frames": samples.tolist(),
        "embeddings": [_rounded(row) for row in joined("embeddings")[sample]],
    }


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), 5) for value in values]


# ------------------------------------------------------------ films into a release


def release_write(folder: Path, target: Path, seed: int, judged: int = JUDGED) -> Manifest:
    """Write a release of the films that are there; answers and splits are drawn from the seed.

    `judged`: pairs of a group that annotators judge. Many cost nothing, and say little more of the same people.
    """
    groups = []
    for number, path in enumerate(sorted(folder.glob("group-*.json"))):
        document = json.loads(path.read_text())
        if len(document["clips"]) > 2:
            groups.append(_group(document, number, judged, np.random.default_rng([seed, 2, number])))
    return groups_write(
        target,
        groups,
        splits="50/15/35",
        seed=seed,
        name="cast-films",
        description="Films of the procedural cast, distorted in known ways: drawn people, simulated answers.",
        configuration={"films": len(groups), "seed": seed},
    )


def _group(document: Row, number: int, judged: int, rng: np.random.Generator) -> Group:
    people = document["people"]
    clips = [_told(row, [person["person_id"] for person in people], number) for row in document["clips"]]
    clips = [clip for clip in clips if clip.tracks]  # a film in which nobody was found cannot be compared
    there = {clip.row["sha256"] for clip in clips}
    clips = [clip for clip in clips if clip.row["source_clip"] is None or clip.row["source_clip"] in there]
    told = Told(people, number)
    told.synthetic(clips)
    told.judged(clips, judged, rng)
    return Group(people, clips, told.comparisons, told.judgments)


def _told(row: Row, names: Sequence[str], number: int) -> ToldClip:
    truth = row["truth"] or {}
    harm, onset = np.zeros(len(names)), [-1] * len(names)
    for edit in truth.get("edits", []) if truth.get("kind") == "negative" else []:
        change = np.array(edit["strength"]) * truth["calibration"]["achieved"]
        harm[names.index(edit["person"])] = 0.5 * change.mean() + 0.5 * change.max()
        onset[names.index(edit["person"])] = edit["onset"]
    found = [each for each in onset if each >= 0]
    return ToldClip(
        {
            "sha256": row["sha256"],
            "video": None,
            "original_sha256": row["sha256"],
            "name": row["name"],
            "width": SIZE[0],
            "height": SIZE[1],
            "fps": float(FPS),
            "fps_fraction": str(FPS),
            "frames": row["frames"],
            "origin": "distorted" if truth else "real",
            "subjects": list(names),
            "source_clip": row["source"],
            "recipe": truth.get("recipe"),
            "severity": truth.get("severity"),
            "schedule": truth["schedule"]["kind"] if truth else None,
            "onset_frame": min(found, default=None),
            "truth": json.dumps(truth) if truth else None,
        },
        row["tracks"],
        harm,
        onset,
        truth,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["make", "release"], nargs="?", default="make")
    parser.add_argument("folder", type=Path, nargs="?", help="left out: one group, thrown away")
    parser.add_argument("out", type=Path, nargs="?")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="mobilefacenet")
    parser.add_argument("--groups", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--judged", type=int, default=JUDGED, help="pairs of a group that annotators judge")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.what == "release" and options.out is None:
        parser.error("release needs OUT")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
