"""A release of **simulated tracks**: no film, no face, no human being, but embeddings drawn from a stated model.

    python -m benchmarks.simulated_release OUT --groups 120 --seed 0

For tests and ablations, never as evidence of how faces are judged. Everything in it is marked: people are procedural,
the backend is `simulated@1+simulated@1`, judgments are simulated.

The model, in a space of D numbers (unit vectors):

- a person is u = unit(m + g): m is the mean face of all, so that strangers have a cosine of about 0.3;
- a moment is e = unit(u_t + K_t + c + n): u_t is the person, or where a distortion is at work the way from them to
  somebody else; K_t is pose, eight directions shared by everybody with coefficients that wander over time; c is the
  clip's light and camera, the same in all its copies; n is noise. Faces of one person have cosines of about 0.8. A
  copy is found and coded anew, which moves every face by a cosine of about 0.99;
- quality falls with the size of the pose, which is how a judge may tell a turned head from a lost one;
- negatives change u_t so that its cosine falls as `distortions.synthesis` calibrates it: 0.92, 0.84, 0.74, 0.64 and
  0.54 at severities 1 to 5, times the schedule; a swap goes to the other person of the clip, a drop loses the face;
- controls (light, blur, expression, crops) move e along pose and light by as much as the real recipes were measured
  to (docs/experiments/distortions.md), and change nothing of u_t;
- harm of a person is half the mean and half the greatest change of u_t over the clip, in thresholds, 1.2 where the face
  is missing; harm of a clip is 0.7 of the worst person's and 0.3 of the mean. Three simulated annotators answer by
  Bradley-Terry with ties on 14 times the difference, theta 2.5, and at random in 5 % of their answers; each also says
  it for each person, and marks the onset where harm is large, two frames off on average.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine
from datasets.releases.manifest import Manifest, ReleaseInfo
from datasets.releases.schema import Row
from datasets.releases.splits import Groups, Splits, parse_splits
from datasets.releases.writer import write_release
from distortions.synthesis.calibrate import TARGET_COSINES
from distortions.synthesis.schedule import Kind, draw_schedule
from distortions.synthesis.truth import VISIBLE

Floats = NDArray[np.float64]

BACKEND = "simulated@1+simulated@1"
FRAMES, FPS, EVERY = 48, 24, 3
THRESHOLD = 0.71  # 1 - cosine up to which two faces are one person's, MobileFaceNet's
MISSING_HARM = 1.2
RETEST = 0.14
ANNOTATORS, SHARPNESS, THETA, LAPSE = 3, 14.0, 2.5, 0.05
NEGATIVES: Mapping[str, tuple[tuple[int, ...], tuple[Kind, ...]]] = {
    "geometry_drift": ((1, 2, 3), ("constant", "linear", "late", "logistic")),
    "morph_drift": ((1, 2, 3, 4, 5), ("constant", "linear", "step", "relapse")),
    "feature_bleed": ((2, 3, 4), ("constant", "linear", "step")),
    "swap": ((3, 4, 5), ("step", "late", "flicker")),
    "drop": ((2, 3, 4), ("step", "late")),
}
# Cosine to the untouched frame, as measured of the real recipes.
CONTROLS: Mapping[str, float] = {
    "photometric": 0.99, "texture_loss": 0.97, "expression": 0.96, "crop_scale": 0.94, "reenact": 0.84,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How large a release is made.

    Attributes:
        groups: Of people who are compared with one another, and with nobody else.
        sources: Untouched clips of a group.
        copies: Distorted clips of each.
        judged: Pairs of a group that simulated annotators judge.
        dimension: Of embeddings.
        seed: Of everything.
        splits: As a release names them.
    """

    groups: int = 120
    sources: int = 2
    copies: int = 4
    judged: int = 10
    dimension: int = 128
    seed: int = 0
    splits: str = "70/15/15"


@dataclass(eq=False)
class ToldClip:
    """One clip with what is true of it.

    Attributes:
        row: Of the table clips.
        tracks: Rows of the table tracks.
        harm: (P,) what happened to each person, in thresholds for one person.
        onset: For each person the first frame in which it can be seen, or -1.
        truth: What was done; empty for an untouched clip.
    """

    row: Row
    tracks: list[Row]
    harm: Floats  # (P,)
    onset: list[int]
    truth: dict[str, Any] = field(default_factory=dict)


def simulate(target: Path, setting: Setting) -> Manifest:
    """Write a release of simulated tracks to a folder that does not exist yet."""
    world = _World(setting)
    groups = [world.group(number) for number in range(setting.groups)]
    return groups_write(
        target,
        groups,
        splits=setting.splits,
        seed=setting.seed,
        name="simulated-tracks",
        description="Simulated tracks: embeddings drawn from a statistical model. Nobody and nothing real is in it.",
        configuration={"simulated": vars(setting)},
    )


def groups_write(
    target: Path, groups: Sequence[Group], *, splits: str, seed: int, name: str, description: str,
    configuration: dict[str, Any],
) -> Manifest:  # fmt: skip
    """Write groups of people, their clips and what is said of them, as a release in which no split shares anybody."""
    graph = Groups()
    for group in groups:
        for clip in group.clips:
            graph.add_clip(clip.row["sha256"], subjects=clip.row["subjects"], source=clip.row["source_clip"])
        for row in group.comparisons:
            graph.add_comparison(
                row["clip_a"], row["clip_b"], people=[person["person_id"] for person in row["people"]]
            )
    assigned = graph.assign(parse_splits(splits), seed=seed)
    info = ReleaseInfo(
        name=name,
        version=1,
        created="2026-11-22T00:00:00+00:00",
        seed=seed,
        licence="apache-2.0",
        configuration=configuration,
        description=description,
    )
    return write_release(target, _rows(groups, assigned), info=info, splits=assigned)


def _rows(groups: Sequence[Group], splits: Splits) -> Iterator[tuple[str, str, Row]]:
    for group in groups:
        split = splits.of_person(group.people[0]["person_id"])
        for table, rows in (
            ("comparisons", group.comparisons),
            ("judgments", group.judgments),
            ("clips", [clip.row for clip in group.clips]),
            ("people", group.people),
            ("tracks", [row for clip in group.clips for row in clip.tracks]),
        ):
            for row in rows:
                yield table, split, row


@dataclass(eq=False)
class Group:
    """People who are compared with one another, their clips and what is said of them."""

    people: list[Row]
    clips: list[ToldClip]
    comparisons: list[Row]
    judgments: list[Row]


class _World:
    """What all people share: the mean face and the directions of pose."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        rng = np.random.default_rng([setting.seed, 0])
        d = setting.dimension
        self.mean = 0.65 * _unit(rng.standard_normal(d))
        self.pose = np.linalg.qr(rng.standard_normal((d, 8)))[0].T  # (8, D)

    def person(self, rng: np.random.Generator) -> Floats:
        return _unit(self.mean + _unit(rng.standard_normal(self.setting.dimension)))

    def group(self, number: int) -> Group:
        rng = np.random.default_rng([self.setting.seed, 1, number])
        count = int(rng.choice([1, 2, 2, 3]))
        identities = [self.person(rng) for _ in range(count)]
        names = [f"simulated-{number:04d}-{place}" for place in range(count)]
        people = [self._person_row(name, u, rng) for name, u in zip(names, identities, strict=True)]
        clips: list[ToldClip] = []
        for source in range(self.setting.sources):
            untouched = _Scene(self, names, identities, f"{number}-{source}", rng)
            clips.append(untouched.clip(rng))
            clips += [self._copy(untouched, clips[-1], rng) for _ in range(self.setting.copies)]
        told = Told(people, number)
        told.synthetic(clips)
        told.judged(clips, self.setting.judged, rng)
        return Group(people, clips, told.comparisons, told.judgments)

    def _copy(self, scene: _Scene, source: ToldClip, rng: np.random.Generator) -> ToldClip:
        if rng.random() < 0.3:
            name = str(rng.choice(list(CONTROLS)))
            return scene.clip(rng, recipe=name, severity=int(rng.integers(1, 4)), source=source)
        name = str(rng.choice([each for each in NEGATIVES if each != "swap" or len(scene.names) > 1]))
        severity = int(rng.choice(NEGATIVES[name][0]))
        return scene.clip(rng, recipe=name, severity=severity, source=source)

    def _person_row(self, name: str, u: Floats, rng: np.random.Generator) -> Row:
        d = self.setting.dimension
        faces = []
        references = []
        for place in range(int(rng.integers(1, 6))):
            vector = _unit(
                u + rng.standard_normal(8) * 0.16 @ self.pose + 0.25 * _unit(rng.standard_normal(d))
            )
            sha256 = _sha(f"{name}/{place}")
            references.append({"sha256": sha256, "image": None, "name": f"{place}.png", "licence": None})
            faces.append({"reference": sha256, "backend": BACKEND, "embedding": vector.tolist()})
        return {
            "person_id": name,
            "name": name,
            "procedural": True,
            "references": references,
            "consent": None,
            "faces": faces,
        }


class _Scene:
    """An untouched clip's people, poses and light, from which its copies are drawn too."""

    def __init__(
        self, world: _World, names: list[str], identities: list[Floats], key: str, rng: np.random.Generator
    ) -> None:
        self.world, self.names, self.identities, self.key = world, names, identities, key
        self.copies = 0
        people, d = len(names), world.setting.dimension
        self.pose = np.stack([_wander(rng, 8) for _ in range(people)]) * rng.uniform(
            0.1, 0.24, (people, 1, 1)
        )
        self.light = 0.25 * np.stack([_unit(rng.standard_normal(d)) for _ in range(people)])
        self.noise = rng.standard_normal((people, FRAMES, d)) * 0.25 / np.sqrt(d)
        self.hidden = [self._hidden(rng) for _ in range(people)]

    def _hidden(self, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Return frames (T,) in which a face is not seen for no fault of anybody's."""
        hidden = np.zeros(FRAMES, bool)
        if rng.random() < 0.25:
            first = int(rng.integers(0, FRAMES - 12))
            hidden[first : first + int(rng.integers(4, 12))] = True
        return hidden

    def clip(
        self, rng: np.random.Generator, *, recipe: str = "", severity: int = 0, source: ToldClip | None = None
    ) -> ToldClip:
        people = len(self.names)
        strength = np.zeros((people, FRAMES))
        moved = (
            self._negative(rng, recipe, severity, strength) if recipe in NEGATIVES else self.identities_held()
        )
        seen = ~np.stack(self.hidden)
        change = (1 - np.einsum("ptd,pd->pt", moved, np.stack(self.identities))) / THRESHOLD
        if recipe == "drop":
            gone = strength > 0.5
            seen &= ~gone
            change = np.where(gone, MISSING_HARM, change * 0)
        faces = (
            moved + np.einsum("ptk,kd->ptd", self.pose, self.world.pose) + self.light[:, None] + self.noise
        )
        if recipe in CONTROLS:
            faces = self._control(rng, faces, CONTROLS[recipe])
        quality = np.clip(
            1 - 1.1 * np.linalg.norm(self.pose, axis=2) + rng.normal(0, 0.04, seen.shape), 0.05, 1
        )
        sha256 = _sha(f"clip {self.world.setting.seed} {self.key} {self.copies}")
        self.copies += 1
        harm = 0.5 * change.mean(axis=1) + 0.5 * change.max(axis=1)
        onsets = [int(np.argmax(row >= VISIBLE)) if (row >= VISIBLE).any() else -1 for row in strength]
        truth = self._truth(recipe, severity, strength, onsets) if recipe else {}
        return ToldClip(
            self._row(sha256, recipe, severity, truth, source),
            [row for place in range(people) if (row := self._track(sha256, place, faces, seen, quality))],
            harm,
            onsets,
            truth,
        )

    def identities_held(self) -> Floats:
        return np.repeat(np.stack(self.identities)[:, None], FRAMES, axis=1)

    def _negative(self, rng: np.random.Generator, recipe: str, severity: int, strength: Floats) -> Floats:
        """Return who people are at each frame (P, T, D), and fill in the strengths (P, T)."""
        moved = self.identities_held()
        self.schedule = draw_schedule(NEGATIVES[recipe][1][int(rng.integers(len(NEGATIVES[recipe][1])))], rng)
        course = self.schedule.strengths(FRAMES).astype(float)
        subject = int(rng.integers(len(self.names)))
        if recipe == "drop":
            strength[subject] = course * (course > 0.5)
            return moved
        if recipe == "swap":
            other = (subject + 1) % len(self.names)
            for mine, theirs in ((subject, other), (other, subject)):
                strength[mine] = course
                moved[mine] = _between(self.identities[mine], self.identities[theirs], severity, course)
            return moved
        aim = self.world.person(rng)
        strength[subject] = course
        moved[subject] = _between(self.identities[subject], aim, severity, course)
        return moved

    def _control(self, rng: np.random.Generator, faces: Floats, cosine: float) -> Floats:
        """Move faces along pose and light, all through the clip, until their cosine with the untouched is as given."""
        way = (
            rng.standard_normal((len(faces), 8)) @ self.world.pose
            + 0.6 * rng.standard_normal(faces.shape[2]) / 8
        )
        units = _unit(faces)
        ways = way[:, None] - np.einsum("ptd,pd->pt", units, way)[..., None] * units
        return cosine * units + np.sqrt(1 - cosine**2) * _unit(ways)

    def _truth(self, recipe: str, severity: int, strength: Floats, onsets: list[int]) -> dict[str, Any]:
        return {
            "recipe": recipe,
            "kind": "negative" if recipe in NEGATIVES else "control",
            "severity": severity,
            "schedule": self.schedule.as_dict() if recipe in NEGATIVES else {},
            "edits": [
                {"person": name, "strength": [round(float(s), 3) for s in row], "onset": onset}
                for name, row, onset in zip(self.names, strength, onsets, strict=True)
                if row.any()
            ],
        }

    def _row(
        self, sha256: str, recipe: str, severity: int, truth: dict[str, Any], source: ToldClip | None
    ) -> Row:
        onsets = [edit["onset"] for edit in truth.get("edits", []) if edit["onset"] >= 0]
        return {
            "sha256": sha256,
            "video": None,
            "original_sha256": sha256,
            "name": f"{self.key}.mp4",
            "width": 640,
            "height": 360,
            "fps": float(FPS),
            "fps_fraction": f"{FPS}/1",
            "frames": FRAMES,
            "origin": "distorted" if recipe else "real",
            "subjects": self.names,
            "source_clip": source.row["sha256"] if source else None,
            "recipe": recipe or None,
            "severity": severity or None,
            "schedule": truth.get("schedule", {}).get("kind"),
            "onset_frame": min(onsets, default=None),
            "truth": json.dumps(truth) if truth else None,
        }

    def _track(
        self, sha256: str, place: int, faces: Floats, seen: NDArray[np.bool_], quality: Floats
    ) -> Row | None:
        frames = np.flatnonzero(seen[place])
        if not len(frames):
            return None
        samples = frames[frames % EVERY == 0]
        return {
            "track_id": f"{sha256}-{self.names[place]}",
            "clip": sha256,
            "person_id": self.names[place],
            "backend": BACKEND,
            "corrected": False,
            "coverage": len(frames) / FRAMES,
            "frames": frames.tolist(),
            "boxes": [[100.0 * place, 50.0, 100.0 * place + 60, 120.0]] * len(frames),
            "quality": quality[place][frames].tolist(),
            "sample_frames": samples.tolist(),
            "embeddings": _unit(faces[place][samples]).tolist(),
        }


class Told:
    """What is said of a group's clips: known answers, and those of simulated annotators."""

    def __init__(self, people: list[Row], number: int) -> None:
        self.people, self.number = people, number
        self.comparisons: list[Row] = []
        self.judgments: list[Row] = []

    def _row(self, origin: str, a: ToldClip, b: ToldClip) -> Row:
        return {
            "comparison_id": f"{origin}-{self.number:04d}-{len(self.comparisons):03d}",
            "origin": origin,
            "prompt": "",
            "people": [
                {
                    "person_id": person["person_id"],
                    "references": [reference["sha256"] for reference in person["references"]],
                }
                for person in self.people
            ],
            "clip_a": a.row["sha256"],
            "clip_b": b.row["sha256"],
            "n_judgments": 0,
            "people_preferences": [],
            "marks": [],
        }

    def synthetic(self, clips: Sequence[ToldClip]) -> None:
        """Every copy against what it was made from, with the answer that its recipe gives."""
        by_sha = {clip.row["sha256"]: clip for clip in clips}
        for clip in clips:
            if not clip.truth:
                continue
            source = by_sha[clip.row["source_clip"]]
            flip = len(self.comparisons) % 2 == 1
            row = self._row("synthetic", *((source, clip) if flip else (clip, source)))
            negative = clip.truth["kind"] == "negative"
            row |= {
                "preference": ("a" if flip else "b") if negative else "tie",
                "edited_side": "b" if flip else "a",
                "recipe": clip.row["recipe"],
                "severity": clip.row["severity"],
                "schedule": clip.row["schedule"],
                "onset_frame": clip.row["onset_frame"],
            }
            row["chosen"], row["rejected"] = (
                (source.row["sha256"], clip.row["sha256"]) if negative else (None, None)
            )
            self.comparisons.append(row)

    def judged(self, clips: Sequence[ToldClip], count: int, rng: np.random.Generator) -> None:
        """Pairs at random, judged by simulated annotators."""
        places = [(i, j) for i in range(len(clips)) for j in range(i)]
        for which in rng.choice(len(places), min(count, len(places)), replace=False):
            i, j = places[int(which)]
            a, b = (clips[i], clips[j]) if rng.random() < 0.5 else (clips[j], clips[i])
            self._judge(a, b, rng)

    def _judge(self, a: ToldClip, b: ToldClip, rng: np.random.Generator) -> None:
        row = self._row("simulated", a, b)
        answers = [int(_answer(rng, _utility(a.harm) - _utility(b.harm))) for _ in range(ANNOTATORS)]
        verdicts = [
            [int(_answer(rng, b.harm[p] - a.harm[p])) for p in range(len(self.people))]
            for _ in range(ANNOTATORS)
        ]
        names = ("a", "tie", "b")
        shares = np.bincount(answers, minlength=3) / ANNOTATORS
        best = int(shares.argmax())
        agree = sum(answers[i] == answers[j] for i in range(ANNOTATORS) for j in range(i))
        row |= {
            "preference": names[best] if shares[best] > 0.5 else None,
            "prob_a": shares[0], "prob_tie": shares[1], "prob_b": shares[2],
            "n_judgments": ANNOTATORS,
            "agreement": agree / (ANNOTATORS * (ANNOTATORS - 1) / 2),
            "method": "vote",
            "people_preferences": [
                self._person_preference(p, [verdict[p] for verdict in verdicts]) for p in range(len(self.people))
            ],
        }  # fmt: skip
        if row["preference"] in ("a", "b"):
            sides = (row["clip_a"], row["clip_b"])
            row["chosen"], row["rejected"] = sides if row["preference"] == "a" else sides[::-1]
        for annotator, answer in enumerate(answers):
            judgment = self._judgment(row, annotator, names[answer], verdicts[annotator], (a, b), rng)
            self.judgments.append(judgment)
            row["marks"] += [{"judgment_id": judgment["judgment_id"], **mark} for mark in judgment["marks"]]
        self.comparisons.append(row)

    def _person_preference(self, place: int, answers: Sequence[int]) -> Row:
        shares = np.bincount(answers, minlength=3) / len(answers)
        best = int(shares.argmax())
        return {
            "person_id": self.people[place]["person_id"],
            "preference": ("a", "same", "b")[best] if shares[best] > 0.5 else None,
            "prob_a": shares[0],
            "prob_same": shares[1],
            "prob_b": shares[2],
            "n_judgments": len(answers),
        }

    def _judgment(
        self, row: Row, annotator: int, overall: str, verdicts: Sequence[int], pair: tuple[ToldClip, ToldClip],
        rng: np.random.Generator,
    ) -> Row:  # fmt: skip
        marks = []
        for side, clip in zip(("a", "b"), pair, strict=True):
            for place, onset in enumerate(clip.onset):
                if onset >= 0 and clip.harm[place] > 0.3:
                    frame = int(np.clip(round(onset + rng.normal(1, 2)), 0, clip.row["frames"] - 1))
                    person = self.people[place]["person_id"]
                    marks.append({"person_id": person, "side": side, "kind": "drift", "frame": frame})
        return {
            "judgment_id": f"{row['comparison_id']}-{annotator}",
            "comparison_id": row["comparison_id"],
            "annotator": f"simulated-{annotator}",
            "simulated": True,
            "kind": "answer",
            "repeat": False,
            "counted": True,
            "left_side": "a",
            "overall": overall,
            "people": [
                {"person_id": person["person_id"], "verdict": ("a", "same", "b")[verdict], "no_drift": False}
                for person, verdict in zip(self.people, verdicts, strict=True)
            ],
            "marks": marks,
            "created_at": datetime(2026, 11, 22, tzinfo=UTC),
        }


def _utility(harm: Floats) -> float:
    return -float(0.7 * harm.max() + 0.3 * harm.mean())


def _answer(rng: np.random.Generator, difference: float) -> int:
    """Return 0 for a, 1 for a tie, 2 for b."""
    if rng.random() < LAPSE:
        return int(rng.integers(3))
    d, k = SHARPNESS * difference, np.log(THETA)
    a, b = 1 / (1 + np.exp(k - d)), 1 / (1 + np.exp(k + d))
    return int(rng.choice(3, p=np.array([a, 1 - a - b, b])))


def _between(own: Floats, aim: Floats, severity: int, course: Floats) -> Floats:
    """Return unit vectors (T, D) on the way from one to the other, at full course as far as the severity asks."""
    way = _unit(aim - (aim @ own) * own)
    # A swap or blend cannot go further than the aim itself.
    angles = course * min(np.arccos(TARGET_COSINES[severity]), np.arccos(np.clip(own @ aim, -1, 1)))
    moved: Floats = np.cos(angles)[:, None] * own + np.sin(angles)[:, None] * way
    return moved


def _wander(rng: np.random.Generator, count: int) -> Floats:
    """Return coefficients (T, count) of unit spread that wander over time."""
    values = np.empty((FRAMES, count))
    values[0] = rng.standard_normal(count)
    for t in range(1, FRAMES):
        values[t] = 0.95 * values[t - 1] + np.sqrt(1 - 0.95**2) * rng.standard_normal(count)
    return values


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, nargs="?", help="thrown away when left out")
    for name in ("groups", "sources", "copies", "judged", "dimension", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Setting, name))
    options = parser.parse_args()
    values = vars(options)
    out = values.pop("out")
    print(machine())
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        manifest = simulate(out or Path(scratch) / "release", Setting(**values))
        seconds = time.perf_counter() - started
    counts = f"{manifest.total('comparisons'):,} comparisons of {manifest.total('clips'):,} simulated clips"
    print(f"{counts} in {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
