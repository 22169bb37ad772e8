"""A release of toy clips: people who do not exist, faults that were put in, answers of **simulated** annotators.

    python -m training.generators.toy.release TOY OUT [--people 120] [--seed 0]

`manage.py train_reward OUT` learns from it, `manage.py train_policy OUT --reward …` takes its prompts from it. TOY is
the folder of `python -m training.generators.toy`; people that it lacks are drawn. They come after everybody that the
toy's encoders and base have seen. Everything is marked: people are procedural, judgments simulated.

A group has four people; each two of them meet in a clean clip, which gets copies with a fault:

- drift: on the way through the clip one person becomes somebody else; stranger: is somebody else throughout;
  swap: the two change places on the way. Faces are mixed as pictures, by 40 to 100 % (severities 1 to 5);
- light: brighter or darker, a control that changes nobody.

Clips go through the generator's latent space, so that what is learnt is not its blur. Harm of a person is half the
mean and half the greatest share of somebody else over the clip; of a clip 0.7 of the worst person's and 0.3 of the
mean. Three simulated annotators answer by Bradley-Terry with ties on 8 times the difference, theta 2, and at random
in 5 % of their answers. The numbers are our own choice.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from datasets.releases.errors import ReleaseError
from datasets.releases.manifest import Manifest, ReleaseInfo
from datasets.releases.schema import Row
from datasets.releases.splits import Groups, Splits, parse_splits
from datasets.releases.writer import write_release
from training.generators.protocol import GeneratorError
from training.generators.toy.faces import BOXES, ToyFaces
from training.generators.toy.generator import load_generator
from training.generators.toy.pool import FRAMES, HEIGHT, WIDTH, Pool, draw_pool, load_pool
from training.generators.toy.train import SPLITS
from training.generators.toy.world import draw_scenes_of

FIRST = max(numbers.stop for numbers in SPLITS.values())
"""The first person whom neither encoders nor base have seen."""
GROUP, COPIES, JUDGED = 4, 3, 8
AMOUNTS = (0.4, 0.55, 0.7, 0.85, 1.0)
ANNOTATORS, SHARPNESS, THETA, LAPSE = 3, 8.0, 2.0, 0.05
PROMPT = "Two people look into the camera, one on the left and one on the right."
_ENDS = ("a", "tie", "b")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How large a release is made: people, in groups of four; seed; splits as a release names them."""

    people: int = 120
    seed: int = 0
    splits: str = "70/15/15"


@dataclass(frozen=True, eq=False)
class _Fault:
    """One clip's people, and how much of somebody else is in them.

    Attributes:
        asked: places in the pool, left and right. instead: whose face comes in, for each.
        strength: (2, FRAMES) from 0 to 1.
        source: place of the clean clip among the group's clips; a clean clip has no recipe.
    """

    asked: tuple[int, int]
    instead: tuple[int, int]
    strength: NDArray[np.float64]
    recipe: str = ""
    severity: int = 0
    source: int = -1

    @property
    def harm(self) -> NDArray[np.float64]:
        held: NDArray[np.float64] = 0.5 * self.strength.mean(1) + 0.5 * self.strength.max(1)
        return held

    @property
    def onsets(self) -> list[int]:
        return [int(np.argmax(row > 0.1)) if (row > 0.1).any() else -1 for row in self.strength]


def write_toy_release(toy: Path, target: Path, setting: Setting) -> Manifest:
    """Write a release to a folder that does not exist yet.

    GeneratorError: the toy lacks its encoder or its base. ReleaseError: the folder exists, or splits mean nothing.
    """
    faces, codec = ToyFaces.load(toy / "reward.pt"), load_generator(toy / "base.pt").codec
    splits_asked = parse_splits(setting.splits)
    if setting.people < GROUP * len(splits_asked):
        raise GeneratorError(f"{setting.people} people are too few: {GROUP} for each of the splits, at least")
    people = range(FIRST, FIRST + setting.people - setting.people % GROUP)
    draw_pool(toy / "pool", people)
    pool = load_pool(toy / "pool", people)
    known = faces.pictures(torch.from_numpy(pool.references.reshape(-1, HEIGHT, WIDTH, 3)))
    known = known.reshape(len(pool), -1, known.shape[1])
    people_rows = [_person(pool, place, known[place], faces.backend) for place in range(len(pool))]
    rows: list[tuple[str, Row]] = [("people", row) for row in people_rows]
    groups = Groups()
    for number in range(len(pool) // GROUP):
        rng = np.random.default_rng([setting.seed, number])
        faults = _faults(number, rng)
        with torch.no_grad():
            frames = codec.decode(codec.encode(torch.from_numpy(_filmed(pool, faults, rng))))
        told = _Told(people_rows, number, faults, frames.numpy(), rng)
        rows += [("clips", row) for row in told.clips]
        rows += [("tracks", row) for row in _tracks(told, faces, frames)]
        rows += [("comparisons", row) for row in told.comparisons]
        rows += [("judgments", row) for row in told.judgments]
        for clip in told.clips:
            groups.add_clip(clip["sha256"], subjects=clip["subjects"], source=clip["source_clip"])
        for row in told.comparisons:
            groups.add_comparison(
                row["clip_a"], row["clip_b"], people=[person["person_id"] for person in row["people"]]
            )
    splits = groups.assign(splits_asked, seed=setting.seed)
    info = ReleaseInfo(
        name="toy-faces",
        version=1,
        created="2026-11-22T00:00:00+00:00",
        seed=setting.seed,
        licence="apache-2.0",
        configuration={"toy": vars(setting)},
        description="Clips of the toy's small world: procedural people, faults put in, **simulated** annotators. "
        "Nobody and nothing real is in it.",
    )
    return write_release(target, _with_splits(rows, splits), info=info, splits=splits)


def _faults(group: int, rng: np.random.Generator) -> list[_Fault]:
    """Plan a group's clips: each two people in a clean one, each with copies."""
    members = list(range(group * GROUP, (group + 1) * GROUP))
    faults: list[_Fault] = []
    for pair in combinations(members, 2):
        asked = pair if rng.random() < 0.5 else pair[::-1]
        source = len(faults)
        faults.append(_Fault(asked, asked, np.zeros((2, FRAMES))))
        strangers = [each for each in members if each not in pair]
        faults += [_fault(asked, strangers, source, rng) for _ in range(COPIES)]
    return faults


def _fault(asked: tuple[int, int], strangers: Sequence[int], source: int, rng: np.random.Generator) -> _Fault:
    recipe = str(rng.choice(["drift", "drift", "stranger", "swap", "light"]))
    severity = int(rng.integers(1, len(AMOUNTS) + 1))
    amount, start = AMOUNTS[severity - 1], rng.uniform(-0.5, 0.5)
    course = np.clip(np.linspace(0, 1, FRAMES) / 0.5 - start, 0, 1) * amount
    if recipe == "stranger":
        course = np.full(FRAMES, amount)
    strength = np.zeros((2, FRAMES))
    if recipe == "light":
        return _Fault(asked, asked, strength, recipe, severity, source)
    if recipe == "swap":
        return _Fault(asked, asked[::-1], np.stack([course, course]), recipe, severity, source)
    side = int(rng.integers(2))
    strength[side] = course
    instead = list(asked)
    instead[side] = int(rng.choice([*strangers, asked[1 - side]]))
    return _Fault(asked, (instead[0], instead[1]), strength, recipe, severity, source)


def _filmed(pool: Pool, faults: Sequence[_Fault], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the clips (N, FRAMES, 32, 48, 3): sprites mixed frame by frame, then put together as all clips are."""
    own = pool.courses[[place for fault in faults for place in fault.asked]].astype(np.float32)
    other = pool.courses[[place for fault in faults for place in fault.instead]]
    share = np.concatenate([fault.strength for fault in faults]).astype(np.float32)
    mixed = own + share[:, None, :, None, None, None] * (other - own)
    people = np.arange(2 * len(faults))
    cast = Pool(people, mixed.astype(np.uint8), pool.references[:1].repeat(len(people), 0))
    frames = draw_scenes_of(cast, people.reshape(-1, 2), rng).frames.astype(np.float32)
    for place, fault in enumerate(faults):
        if fault.recipe == "light":
            frames[place] *= 1 + (-1) ** int(rng.integers(2)) * 0.06 * fault.severity
    return np.clip(frames, 0, 255).astype(np.uint8)


def _person(pool: Pool, place: int, known: NDArray, backend: str) -> Row:
    name = f"toy-{pool.people[place]}"
    references, faces = [], []
    for number, picture in enumerate(pool.references[place]):
        sink = io.BytesIO()
        Image.fromarray(picture).save(sink, "PNG")
        sha256 = hashlib.sha256(sink.getvalue()).hexdigest()
        image = {"bytes": sink.getvalue(), "path": f"{sha256}.png"}
        references.append({"sha256": sha256, "image": image, "name": f"{number}.png", "licence": None})
        faces.append({"reference": sha256, "backend": backend, "embedding": known[number].tolist()})
    return {
        "person_id": name,
        "name": name,
        "procedural": True,
        "references": references,
        "consent": None,
        "faces": faces,
    }


class _Told:
    """A group's clips as rows, and what is said of them: known answers, and those of simulated annotators."""

    def __init__(
        self,
        people: Sequence[Row],
        number: int,
        faults: Sequence[_Fault],
        frames: NDArray,
        rng: np.random.Generator,
    ) -> None:
        self.people, self.number, self.faults, self.rng = people, number, faults, rng
        self.names = [tuple(people[place]["person_id"] for place in fault.asked) for fault in faults]
        self.keys = [
            hashlib.sha256(f"{number}-{place}".encode() + held.tobytes()).hexdigest()
            for place, held in enumerate(frames)
        ]
        self.clips = [self._clip(place) for place in range(len(faults))]
        self.comparisons: list[Row] = []
        self.judgments: list[Row] = []
        for place, fault in enumerate(faults):
            if fault.recipe:
                self._synthetic(place, fault)
        judged = [(a, b) for a, b in combinations(range(len(faults)), 2) if self.names[a] == self.names[b]]
        for which in rng.choice(len(judged), min(JUDGED, len(judged)), replace=False):
            a, b = judged[int(which)]
            self._judged(*((a, b) if rng.random() < 0.5 else (b, a)))

    def _clip(self, place: int) -> Row:
        fault, key = self.faults[place], self.keys[place]
        onsets = [onset for onset in fault.onsets if onset >= 0]
        truth = {
            "recipe": fault.recipe,
            "kind": "control" if fault.recipe == "light" else "negative",
            "severity": fault.severity,
            "edits": [
                {"person": name, "strength": [round(float(s), 3) for s in row], "onset": onset}
                for name, row, onset in zip(self.names[place], fault.strength, fault.onsets, strict=True)
                if row.any()
            ],
        }
        return {
            "sha256": key,
            "video": None,
            "name": f"{self.number}-{place}.mp4",
            "width": 2 * WIDTH,
            "height": HEIGHT,
            "fps": 6.0,
            "fps_fraction": "6/1",
            "frames": FRAMES,
            "origin": "distorted" if fault.recipe else "generated",
            "generator": "toy world, clean",
            "prompt": PROMPT,
            "subjects": list(self.names[place]),
            "source_clip": self.keys[fault.source] if fault.recipe else None,
            "recipe": fault.recipe or None,
            "severity": fault.severity or None,
            "onset_frame": min(onsets, default=None),
            "truth": json.dumps(truth) if fault.recipe else None,
        }

    def _row(self, origin: str, a: int, b: int) -> Row:
        people = [self.people[place] for place in self.faults[a].asked]
        return {
            "comparison_id": f"{origin}-{self.number:04d}-{len(self.comparisons):03d}",
            "origin": origin,
            "prompt": PROMPT,
            "people": [
                {
                    "person_id": person["person_id"],
                    "references": [each["sha256"] for each in person["references"]],
                }
                for person in people
            ],
            "clip_a": self.keys[a],
            "clip_b": self.keys[b],
            "n_judgments": 0,
            "people_preferences": [],
            "marks": [],
        }

    def _synthetic(self, place: int, fault: _Fault) -> None:
        """The copy against what it was made from, with the answer that its recipe gives."""
        flip = len(self.comparisons) % 2 == 1
        row = self._row("synthetic", *((fault.source, place) if flip else (place, fault.source)))
        is_worse = fault.recipe != "light"
        row |= {
            "preference": ("a" if flip else "b") if is_worse else "tie",
            "edited_side": "b" if flip else "a",
            "recipe": fault.recipe,
            "severity": fault.severity,
            "onset_frame": self.clips[place]["onset_frame"],
            "chosen": self.keys[fault.source] if is_worse else None,
            "rejected": self.keys[place] if is_worse else None,
        }
        self.comparisons.append(row)

    def _judged(self, a: int, b: int) -> None:
        row, harm = self._row("simulated", a, b), (self.faults[a].harm, self.faults[b].harm)
        answers = [self._answer(_utility(harm[0]) - _utility(harm[1])) for _ in range(ANNOTATORS)]
        verdicts = [[self._answer(harm[1][p] - harm[0][p]) for p in range(2)] for _ in range(ANNOTATORS)]
        shares = np.bincount(answers, minlength=3) / ANNOTATORS
        best = _ENDS[int(shares.argmax())] if shares.max() > 0.5 else None
        agree = sum(one == two for one, two in combinations(answers, 2))
        sides = (row["clip_a"], row["clip_b"])
        row |= {
            "preference": best,
            "prob_a": shares[0], "prob_tie": shares[1], "prob_b": shares[2],
            "n_judgments": ANNOTATORS,
            "agreement": agree / (ANNOTATORS * (ANNOTATORS - 1) / 2),
            "method": "vote",
            "people_preferences": [
                _of_person(name, [verdict[p] for verdict in verdicts]) for p, name in enumerate(self.names[a])
            ],
            "chosen": {"a": sides[0], "b": sides[1]}.get(best or ""),
            "rejected": {"a": sides[1], "b": sides[0]}.get(best or ""),
        }  # fmt: skip
        self.comparisons.append(row)
        for annotator, answer in enumerate(answers):
            self.judgments.append(
                {
                    "judgment_id": f"{row['comparison_id']}-{annotator}",
                    "comparison_id": row["comparison_id"],
                    "annotator": f"simulated-{annotator}",
                    "simulated": True,
                    "kind": "answer",
                    "repeat": False,
                    "counted": True,
                    "left_side": "a",
                    "overall": _ENDS[answer],
                    "people": [
                        {"person_id": name, "verdict": ("a", "same", "b")[verdict], "no_drift": False}
                        for name, verdict in zip(self.names[a], verdicts[annotator], strict=True)
                    ],
                    "marks": [],
                    "created_at": datetime(2026, 11, 22, tzinfo=UTC),
                }
            )

    def _answer(self, difference: float) -> int:
        """Return 0 for a, 1 for a tie, 2 for b: Bradley-Terry with ties (Rao and Kupper 1967)."""
        if self.rng.random() < LAPSE:
            return int(self.rng.integers(3))
        d, k = SHARPNESS * difference, np.log(THETA)
        a, b = 1 / (1 + np.exp(k - d)), 1 / (1 + np.exp(k + d))
        return int(self.rng.choice(3, p=np.array([a, 1 - a - b, b])))


def _utility(harm: NDArray[np.float64]) -> float:
    return -float(0.7 * harm.max() + 0.3 * harm.mean())


def _of_person(name: str, answers: Sequence[int]) -> Row:
    shares = np.bincount(answers, minlength=3) / len(answers)
    return {
        "person_id": name,
        "preference": ("a", "same", "b")[int(shares.argmax())] if shares.max() > 0.5 else None,
        "prob_a": shares[0],
        "prob_same": shares[1],
        "prob_b": shares[2],
        "n_judgments": len(answers),
    }


def _tracks(told: _Told, faces: ToyFaces, frames: torch.Tensor) -> Iterator[Row]:
    for place, halves in enumerate(faces.halves(frames)):
        for name, box, vectors in zip(told.names[place], BOXES, halves, strict=True):
            yield {
                "track_id": f"{told.keys[place]}-{name}",
                "clip": told.keys[place],
                "person_id": name,
                "backend": faces.backend,
                "corrected": False,
                "coverage": 1.0,
                "frames": list(range(FRAMES)),
                "boxes": [list(box)] * FRAMES,
                "quality": [1.0] * FRAMES,
                "sample_frames": list(range(FRAMES)),
                "embeddings": vectors.tolist(),
            }


def _with_splits(rows: Sequence[tuple[str, Row]], splits: Splits) -> Iterator[tuple[str, str, Row]]:
    of_comparison: dict[str, str] = {}
    for table, row in rows:
        if table == "people":
            split = splits.of_person(row["person_id"])
        elif table == "judgments":
            split = of_comparison[row["comparison_id"]]
        else:
            split = splits.of_clip(row["sha256"] if table == "clips" else row.get("clip") or row["clip_a"])
        if table == "comparisons":
            of_comparison[row["comparison_id"]] = split
        yield table, split, row


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.generators.toy.release", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("toy", type=Path, help="folder made by python -m training.generators.toy")
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=Setting.people)
    parser.add_argument("--seed", type=int, default=Setting.seed)
    given = parser.parse_args(arguments)
    try:
        made = write_toy_release(given.toy, given.out, Setting(people=given.people, seed=given.seed))
    except (GeneratorError, ReleaseError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{made.total('comparisons')} comparisons of {made.total('clips')} clips in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
