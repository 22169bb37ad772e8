"""Tracks, matches and metrics against the truth of the procedural cast: `python -m benchmarks.identity_cast`.

Draws clips of two to four people who cross, leave, come back and turn away, and clips of the same two people with a
change of identity of known size (kept in `--folder`, if one is given). Prints, for each backend that is here, whose
the visible faces were taken for, and what the metrics make of each change.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from datasets.cast import Truth, load_truth
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend, backend_load
from datasets.identity.errors import IdentityError
from datasets.identity.faces import box_overlaps
from datasets.identity.matching import Matching, match_tracks
from datasets.identity.metrics.measure import measure
from datasets.identity.references import people_read
from datasets.identity.tracks import Analysis

MOVING: dict[str, list[str]] = {
    "two cross": ["--people", "2", "--seed", "21", "--events", "cross"],
    "two, one leaves and comes back": ["--people", "2", "--seed", "22", "--events", "leave"],
    "two, one turns away, things pass": ["--people", "2", "--seed", "23", "--events", "turn_away", "pass"],
    "three cross, one leaves": ["--people", "3", "--seed", "24", "--events", "cross", "leave"],
    "four cross": ["--people", "4", "--seed", "25", "--events", "cross", "--size", "832x480"],
}
PAIR = ["--people", "2", "--seed", "31"]
CHANGES: dict[str, list[str]] = {
    "none": [],
    "drift by 0.3": ["--change", "drift:0:0:95:0.3"],
    "drift by 0.6": ["--change", "drift:0:0:95:0.6"],
    "drift by 1.0": ["--change", "drift:0:0:95:1.0"],
    "blend of a half": ["--change", "blend:0:1:0:0.5"],
    "swap half way": ["--change", "swap:0:1:48"],
}
SECONDS = "4"
VISIBLE, LARGE, FRONTAL = 0.5, 40, np.radians(60)
EVERY = 4


@dataclass
class Count:
    """Visible faces by what was made of them."""

    right: int = 0
    wrong: int = 0
    nobody: int = 0
    unseen: int = 0

    @property
    def total(self) -> int:
        return self.right + self.wrong + self.nobody + self.unseen


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backends", nargs="+", default=["opencv", "mobilefacenet", "dlib"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        print(machine(), flush=True)
        for name, arguments in (*MOVING.items(), *((n, [*PAIR, *a]) for n, a in CHANGES.items())):
            _draw(folder, name, arguments)
        for name in options.backends:
            try:
                backend = backend_load(name, options.models)
            except IdentityError as error:
                print(f"\n{name}: left out: {error}")
                continue
            _matches(folder, name, backend)
            _metrics(folder, name, backend)
    return 0


def _clip(folder: Path, name: str) -> Path:
    return folder / f"{name.replace(' ', '_').replace(',', '')}.mp4"


def _draw(folder: Path, name: str, arguments: list[str]) -> None:
    clip = _clip(folder, name)
    if clip.is_file():
        return
    command = [sys.executable, "-m", "datasets.cast", *arguments, "--seconds", SECONDS, "--workers", "2"]
    subprocess.run([*command, "--out", str(clip)], check=True)


def _judge(clip: Path, backend: Backend) -> tuple[Analysis, Matching, Truth]:
    people = people_read(clip.with_suffix(".references"), backend)
    analysis = analyse_clip(clip, backend)
    return analysis, match_tracks(analysis, people), load_truth(clip.with_suffix(".truth.npz"))


def _matches(folder: Path, name: str, backend: Backend) -> None:
    print(
        f"\n{name}: visible faces of {LARGE} pixels and up, turned by less than 60 degrees, every {EVERY} frames"
    )
    print(f"{'':36}{'faces':>7}{'right':>8}{'wrong':>7}{'nobody':>8}{'unseen':>8}{'tracks':>8}")
    whole = Count()
    for scene in MOVING:
        analysis, matching, truth = _judge(_clip(folder, scene), backend)
        count = _count(analysis, matching, truth)
        print(f"{scene:36}{_row(count)}{len(analysis.people):8}")
        for field in ("right", "wrong", "nobody", "unseen"):
            setattr(whole, field, getattr(whole, field) + getattr(count, field))
    print(f"{'all':36}{_row(whole)}", flush=True)


def _row(count: Count) -> str:
    share = count.right / max(count.total, 1)
    return f"{count.total:7}{share:8.1%}{count.wrong:7}{count.nobody:8}{count.unseen:8}"


def _count(analysis: Analysis, matching: Matching, truth: Truth) -> Count:
    count = Count()
    for frame in range(0, analysis.frames, EVERY):
        boxes = [(track.number, track.box_at(frame)) for track in analysis.people]
        seen = [(number, box) for number, box in boxes if box is not None]
        for person in range(truth.boxes.shape[1]):
            box = truth.boxes[frame, person]
            if not np.isfinite(box).all() or truth.visible[frame, person] < VISIBLE:
                continue
            if box[3] - box[1] < LARGE or abs(truth.pose[frame, person, 0]) > FRONTAL:
                continue
            number = _nearest(box, seen)
            if number is None:
                count.unseen += 1
            elif matching.person_of(number) is None:
                count.nobody += 1
            elif matching.person_of(number) == person:
                count.right += 1
            else:
                count.wrong += 1
    return count


def _nearest(box: np.ndarray, seen: list[tuple[int, np.ndarray]]) -> int | None:
    if not seen:
        return None
    overlaps = box_overlaps(box[None].astype(np.float32), np.array([b for _, b in seen], np.float32))[0]
    best = int(overlaps.argmax())
    return seen[best][0] if overlaps[best] > 0.25 else None


def _metrics(folder: Path, name: str, backend: Backend) -> None:
    print(f"\n{name}: the first of two people, by the change that is made to their identity")
    print(f"{'':18}{'similarity':>11}{'margin':>8}{'drift/s':>9}{'interval':>18}{'blend':>7}{'swap':>7}{'flicker':>9}"
          f"{'FCB pairs':>11}{'score':>7}{'Face Sim':>10}")  # fmt: skip
    for change in CHANGES:
        clip = _clip(folder, change)
        people = people_read(clip.with_suffix(".references"), backend)
        analysis = analyse_clip(clip, backend)
        metrics = measure(analysis, match_tracks(analysis, people), people)
        person = metrics.people[0]
        interval = f"{person.drift.low:+.3f} {person.drift.high:+.3f}"
        print(
            f"{change:18}{person.similarity:11.3f}{person.margin:8.3f}{person.drift.per_second:9.3f}{interval:>18}"
            f"{person.blend_rate:7.0%}{person.swap_rate:7.0%}{person.flicker:9.3f}{person.fcb_random_pairs:11.3f}"
            f"{metrics.score:7.3f}{metrics.face_sim:10.3f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
