"""What a release says, ready to learn from: clips on a grid, comparisons with soft labels, and what is known of faults.

Reads with `datasets.releases` alone. What cannot be used is refused by `checks`, or left out and counted.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets.releases.errors import ReleaseError
from datasets.releases.reader import Release
from datasets.releases.verify import verify_release
from training.reward.clips import Clip, Track, Vectors, clip_of
from training.reward.config import Data
from training.reward.errors import BadCorpus

Row = dict[str, Any]
Label = tuple[float, float, float]
"""Probabilities that a is better, that neither is, that b is."""

FULL_CHANGE = 0.51
"""Change of a face (distortions' scale: 1 is the threshold for one person) that counts as lost in full: severity 4."""
_CHANGES = {1: 0.11, 2: 0.23, 3: 0.37, 4: 0.51, 5: 0.65}  # by severity, docs/experiments/distortions.md
_OF_PREFERENCE = {"a": (1.0, 0.0, 0.0), "b": (0.0, 0.0, 1.0)}
_TIE: Label = (0.0, 1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of one clip besides its comparisons.

    Attributes:
        origin: real, generated or distorted.
        recipe, severity, schedule: Of a distorted one.
        control: Whether its recipe keeps identities.
        source: The clip it was made from.
        onset: By person, the first frame in which a fault can be seen.
        kept: (P, T) float32, 1 where the face is kept, 0 where it is lost, NaN where nobody knows.
    """

    origin: str
    recipe: str = ""
    severity: int = 0
    schedule: str = ""
    control: bool = False
    source: str = ""
    onset: Mapping[str, int] = field(default_factory=dict)
    kept: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two clips, and what is said of them.

    Attributes:
        key: Unique in the release.
        origin: human, synthetic, published or simulated.
        a, b: Places in `Corpus.clips`.
        label: Overall.
        people: (P, 3) float32, the same for each person in the order of clip a; NaN where nothing is said.
        weight: How much the row counts, by its annotators' reliability, 0 to 1.
        judgments: How many stand behind it.
    """

    key: str
    origin: str
    a: int
    b: int
    label: Label
    people: NDArray[np.float32]
    weight: float = 1.0
    judgments: int = 0

    @property
    def choice(self) -> int:
        """0 for a, 1 for a tie, 2 for b: the likeliest; a tie where none is likelier than all others."""
        return choice_of(self.label)


def choice_of(label: Label) -> int:
    """Return 0 for a, 1 for a tie, 2 for b: the likeliest, the same from both sides."""
    a, tie, b = label
    return 0 if a > max(tie, b) else 2 if b > max(tie, a) else 1


@dataclass(frozen=True, eq=False)
class Corpus:
    """A release, read.

    Attributes:
        name: Of the release, with its version.
        checksum: Of its manifest.
        licence: Of the release.
        backend: Detector and embedder of every track in it.
        dimension: Numbers in an embedding.
        clips, known: Every clip that is compared, and what is known of it, by place.
        comparisons: By split.
        agreement: By comparison, share of pairs of its judgments that agree.
        left_out: Sentences on what was passed over.
    """

    name: str
    checksum: str
    licence: str
    backend: str
    dimension: int
    clips: tuple[Clip, ...]
    known: tuple[Known, ...]
    comparisons: Mapping[str, tuple[Comparison, ...]]
    agreement: Mapping[str, float]
    left_out: tuple[str, ...] = ()

    @property
    def space(self) -> str:
        return embedder_of(self.backend)

    def held_out(self, comparison: Comparison, recipes: Iterable[str]) -> bool:
        """Whether one of its clips was made by one of these recipes."""
        chosen = set(recipes)
        return bool({self.known[comparison.a].recipe, self.known[comparison.b].recipe} & chosen)


def embedder_of(backend: str) -> str:
    """Return the part of a backend's key that decides whether embeddings can be compared."""
    return backend.rpartition("+")[2]


def corpus_read(folder: Path, data: Data, *, verify: bool = True) -> Corpus:
    """Read a release.

    Args:
        folder: The release.
        data: Steps of the grid, and how many references a person has at the most.
        verify: Check every byte of it first.

    Raises:
        BadCorpus: It is damaged, has no comparisons, no tracks, or tracks of several embedders.
    """
    try:
        if verify and (findings := verify_release(folder)):
            raise BadCorpus(
                f"{folder} does not pass verification: {findings[0]} Fetch or export the release again; "
                f"`manage.py verify_release` lists all {len(findings)} findings."
            )
        release = Release.open(folder)
        return _Reading(release, data).corpus()
    except ReleaseError as error:
        raise BadCorpus(str(error)) from error


class _Reading:
    """Gathers tables into a corpus."""

    def __init__(self, release: Release, data: Data) -> None:
        self.release = release
        self.data = data
        self.left_out: Counter[str] = Counter()

    def corpus(self) -> Corpus:
        rows = {split: list(self.release.rows("comparisons", split)) for split in self.release.splits}
        if not any(rows.values()):
            raise BadCorpus(
                f"{self.release.folder} has no comparisons: release a study that was judged, or distorted clips "
                "with known answers."
            )
        backend, tracks = self._tracks()
        references = self._references(backend)
        facts = {row["sha256"]: row for row in self.release.rows("clips")}
        places: dict[str, int] = {}
        clips: list[Clip] = []
        for row in (row for each in rows.values() for row in each):
            for side in ("clip_a", "clip_b"):
                sha256 = row[side]
                if sha256 in places or not self._usable(sha256, row, facts, tracks, references):
                    continue
                people = sorted(person["person_id"] for person in row["people"])
                places[sha256] = len(clips)
                clips.append(
                    clip_of(
                        sha256,
                        facts[sha256]["frames"],
                        people,
                        [references[person][: self.data.references] for person in people],
                        [tracks[sha256].get(person) for person in people],
                        steps=self.data.steps,
                    )
                )
        marks = _marks(row for each in rows.values() for row in each)
        known = tuple(_known(clip, facts[clip.key], marks.get(clip.key, {})) for clip in clips)
        comparisons = {split: tuple(self._comparisons(each, places, clips)) for split, each in rows.items()}
        manifest = self.release.manifest
        return Corpus(
            name=f"{manifest.info.name} version {manifest.info.version}",
            checksum=_checksum(manifest.render()),
            licence=manifest.info.licence,
            backend=backend,
            dimension=clips[0].embeddings.shape[2] if clips else 0,
            clips=tuple(clips),
            known=known,
            comparisons=comparisons,
            agreement={
                row["comparison_id"]: row["agreement"]
                for each in rows.values()
                for row in each
                if row["agreement"] is not None and row["n_judgments"] > 1
            },
            left_out=tuple(f"{count:,} {what}." for what, count in sorted(self.left_out.items())),
        )

    def _tracks(self) -> tuple[str, dict[str, dict[str, Track]]]:
        tracks: dict[str, dict[str, Track]] = defaultdict(dict)
        backends: Counter[str] = Counter()
        columns = ["clip", "person_id", "backend", "frames", "quality", "sample_frames", "embeddings"]
        for row in self.release.rows("tracks", columns=columns):
            backends[row["backend"]] += 1
            if row["embeddings"]:
                tracks[row["clip"]][row["person_id"]] = Track(
                    np.array(row["frames"], np.int32),
                    np.array(row["quality"], np.float32),
                    np.array(row["sample_frames"], np.int32),
                    np.array(row["embeddings"], np.float32),
                )
        if not backends:
            raise BadCorpus(
                f"{self.release.folder} has no tracks: let a worker find the faces of its clips "
                "(`manage.py analyse_clips`), then release it with tracks."
            )
        if len({embedder_of(backend) for backend in backends}) > 1:
            names = ", ".join(sorted(backends))
            raise BadCorpus(
                f"{self.release.folder} has tracks of several face models ({names}), whose embeddings cannot be "
                "compared: analyse all its clips with one backend and release it again."
            )
        return backends.most_common(1)[0][0], dict(tracks)

    def _references(self, backend: str) -> dict[str, Vectors]:
        """By person their references' embeddings in the tracks' space."""
        references: dict[str, Vectors] = {}
        for row in self.release.rows("people", columns=["person_id", "faces"]):
            own = [
                face["embedding"]
                for face in row.get("faces") or []  # Releases of version 1 have none.
                if embedder_of(face["backend"]) == embedder_of(backend)
            ]
            if own:
                references[row["person_id"]] = np.array(own, np.float32)
        if not references:
            raise BadCorpus(
                f"{self.release.folder} has no embeddings of references by {embedder_of(backend)}: analyse its clips "
                "again, so that references are looked at by the same face model, and release it again."
            )
        return references

    def _usable(
        self,
        sha256: str,
        row: Row,
        facts: Mapping[str, Row],
        tracks: Mapping[str, Any],
        references: Mapping[str, Any],
    ) -> bool:
        return (
            bool(row["people"])
            and sha256 in facts
            and sha256 in tracks
            and all(person["person_id"] in references for person in row["people"])
        )

    def _comparisons(
        self, rows: Iterable[Row], places: Mapping[str, int], clips: list[Clip]
    ) -> Iterable[Comparison]:
        for row in rows:
            if row["clip_a"] not in places or row["clip_b"] not in places:
                self.left_out["comparisons were left out: a clip has no track, or somebody no reference"] += 1
                continue
            a, b = places[row["clip_a"]], places[row["clip_b"]]
            label = label_of(row)
            if label is None:
                self.left_out["comparisons were left out: their judgments settle nothing"] += 1
            elif set(clips[a].people) != set(clips[b].people):
                self.left_out["comparisons were left out: their clips show different people"] += 1
            else:
                yield Comparison(
                    key=row["comparison_id"],
                    origin=row["origin"],
                    a=a,
                    b=b,
                    label=label,
                    people=people_labels(row, clips[a].people),
                    weight=_weight(row),
                    judgments=row["n_judgments"],
                )


def label_of(row: Row) -> Label | None:
    """Return what a comparison says, as probabilities; nothing where it says nothing."""
    if row["prob_a"] is not None:
        return (row["prob_a"], row["prob_tie"], row["prob_b"])
    if row["preference"] is None:
        return None
    return _OF_PREFERENCE.get(row["preference"], _TIE)


def people_labels(row: Row, people: tuple[str, ...]) -> NDArray[np.float32]:
    """Return what a comparison says of each of these people, (P, 3) probabilities of a, same, b; NaN for nothing."""
    labels = np.full((len(people), 3), np.nan, np.float32)
    for each in row["people_preferences"]:
        if each["person_id"] not in people:
            continue
        place = people.index(each["person_id"])
        if each["prob_a"] is not None:
            labels[place] = (each["prob_a"], each["prob_same"], each["prob_b"])
        elif each["preference"] is not None:
            labels[place] = _OF_PREFERENCE.get(each["preference"], _TIE)
    return labels


def _weight(row: Row) -> float:
    """Return how much a row counts: judgments that contradict one another say less."""
    return 1.0 if row["agreement"] is None else 0.5 + 0.5 * float(row["agreement"])


def _marks(rows: Iterable[Row]) -> dict[str, dict[str, list[int]]]:
    """Return by clip and person the frames at which somebody saw a face go wrong."""
    marks: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        for mark in row["marks"]:
            if mark["person_id"] is not None and mark["frame"] is not None:
                marks[row[f"clip_{mark['side']}"]][mark["person_id"]].append(mark["frame"])
    return marks


def _known(clip: Clip, row: Row, marks: Mapping[str, list[int]]) -> Known:
    truth = json.loads(row["truth"]) if row["truth"] else {}
    kept = np.full(clip.present.shape, np.nan, np.float32)
    onset: dict[str, int] = {}
    if row["origin"] == "real" and not row["recipe"]:
        kept[:] = 1
    elif truth:
        kept[:] = 1
        for edit in truth.get("edits", []) if truth.get("kind") == "negative" else []:
            for place, person in enumerate(clip.people):
                if edit["person"] == person:
                    kept[place] = _kept(clip, truth, edit)
                    if edit["onset"] >= 0:
                        onset[person] = edit["onset"]
    else:
        for place, person in enumerate(clip.people):
            if marks.get(person):
                first = int(np.median(marks[person]))
                moment = clip.moment_of(first)
                kept[place, :moment], kept[place, moment:] = 1, 0
                onset[person] = first
    return Known(
        origin=row["origin"],
        recipe=row["recipe"] or "",
        severity=row["severity"] or 0,
        schedule=row["schedule"] or "",
        control=truth.get("kind") == "control",
        source=row["source_clip"] or "",
        onset=onset,
        kept=kept,
    )


def _kept(clip: Clip, truth: Row, edit: Row) -> Vectors:
    """Return how far a face is kept at each moment (T,), 1 in full, from the strength that was drawn."""
    change = (truth.get("calibration") or {}).get("achieved") or _CHANGES.get(truth.get("severity", 0), 0.51)
    strength = np.asarray(edit["strength"], np.float32)
    where = np.minimum(
        (np.arange(len(strength)) * clip.steps / max(len(strength), 1)).astype(int), clip.steps - 1
    )
    count = np.maximum(np.bincount(where, minlength=clip.steps), 1)
    mean = np.bincount(where, weights=strength, minlength=clip.steps) / count
    return np.clip(1 - mean * min(change / FULL_CHANGE, 1.0), 0, 1).astype(np.float32)


def _checksum(text: str) -> str:
    document = json.loads(text)
    return str(document["checksum"])
