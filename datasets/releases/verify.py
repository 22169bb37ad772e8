"""Checks a release against itself: every byte, count, column, reference between tables, and the split rule.

Findings are sentences; none means that the release is whole. Files that a Git or Hub checkout adds beside a release
(`.git`, `.gitattributes`, `.cache`) are not part of it and are passed over.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from .checksums import CHECKSUMS_NAME, check_checksums
from .errors import ReleaseError
from .manifest import CARD_NAME, MANIFEST_NAME, FileEntry, Manifest, file_sha256, read_manifest
from .reader import Release
from .schema import Row, Table
from .splits import TEST

MAX_FINDINGS = 200
_NOT_OURS = frozenset({".git", ".gitattributes", ".cache"})

# Probabilities are written as float64 and add up to 1 but for rounding.
_TOLERANCE = 1e-6


def verify_release(folder: Path) -> list[str]:
    """Check a release; of a folder in another format, that its files are those that were written.

    Returns:
        One sentence for each thing that is wrong, at most MAX_FINDINGS and then how many more there are.
    """
    findings: list[str] = []
    more = 0
    try:
        for finding in _findings(folder):
            if len(findings) < MAX_FINDINGS:
                findings.append(finding)
            else:
                more += 1
    except ReleaseError as error:
        findings.append(str(error))
    return [*findings, f"And {more:,} more findings."] if more else findings


def _findings(folder: Path) -> Iterator[str]:
    if (folder / CHECKSUMS_NAME).is_file() and not (folder / MANIFEST_NAME).is_file():
        yield from check_checksums(folder)
        return
    manifest = read_manifest(folder)
    damaged = False
    for finding in _check_files(folder, manifest):
        damaged = True
        yield finding
    yield from _check_counts(manifest)
    if damaged:
        yield "Rows were not checked, as files are damaged, missing or foreign."
        return
    release = Release(folder, manifest)
    wrong_schema = False
    for entry in manifest.files:
        if entry.table is not None:
            for finding in _check_schema(folder, entry, release.tables):
                wrong_schema = True
                yield finding
    if not wrong_schema:
        yield from _RowChecks(release).findings()


def _check_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    listed = {entry.path for entry in manifest.files}
    for entry in manifest.files:
        path = folder / entry.path
        if path.is_symlink() or not path.is_file():
            yield f"{entry.path} is missing."
        elif path.stat().st_size != entry.bytes:
            yield f"{entry.path} has {path.stat().st_size:,} bytes instead of {entry.bytes:,}."
        elif file_sha256(path) != entry.sha256:
            yield f"{entry.path} was changed: its sha256 is not the one in {MANIFEST_NAME}."
    if CARD_NAME not in listed:
        yield f"{MANIFEST_NAME} does not list {CARD_NAME}."
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if (
            name.parts[0] not in _NOT_OURS
            and not path.is_dir()
            and name.as_posix() not in listed | {MANIFEST_NAME}
        ):
            yield f"{name} is not part of the release: {MANIFEST_NAME} does not list it."


def _check_counts(manifest: Manifest) -> Iterator[str]:
    listed: Counter[tuple[str, str]] = Counter()
    for entry in manifest.files:
        if entry.table is not None and entry.split is not None:
            listed[entry.table, entry.split] += entry.rows or 0
    counted = {
        (table, split): rows for table, splits in manifest.counts.items() for split, rows in splits.items()
    }
    for table, split in sorted(listed.keys() | counted.keys()):
        if listed[table, split] != counted.get((table, split), 0):
            yield (
                f"{MANIFEST_NAME} counts {counted.get((table, split), 0):,} rows of {table} in {split}, "
                f"while its files add up to {listed[table, split]:,}."
            )


def _check_schema(folder: Path, entry: FileEntry, known: dict[str, Table]) -> Iterator[str]:
    assert entry.table is not None
    table = known.get(entry.table)
    if table is None:
        yield f"{entry.path} belongs to {entry.table!r}, which is no table of a release."
        return
    try:
        with pq.ParquetFile(folder / entry.path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        yield f"{entry.path} cannot be read as Parquet: {error}."
        return
    # Parquet renames the items of lists, so that metadata are compared at the top level only.
    expected = table.arrow_schema()
    if not schema.equals(expected) or schema.metadata != expected.metadata:
        yield f"{entry.path} has not the schema of {entry.table}."
    if rows != entry.rows:
        yield f"{entry.path} has {rows:,} rows instead of {entry.rows or 0:,}."


class _RowChecks:
    """What must hold within and between rows. Remembers keys and the split of each person and clip."""

    def __init__(self, release: Release) -> None:
        self.release = release
        self.person_split: dict[str, str] = {}
        self.references: dict[str, set[str]] = {}
        self.clip_split: dict[str, str] = {}
        self.clip_frames: dict[str, int] = {}
        # What the table says was done to a clip: recipe, severity.
        self.clip_recipe: dict[str, tuple[str, int]] = {}
        # comparison: (split, simulated, claimed number of judgments, people, frames of a and of b)
        self.comparisons: dict[str, tuple[str, bool, int, frozenset[str], tuple[int, int]]] = {}
        self.judgments: dict[str, str | None] = {}
        self.counted: Counter[str] = Counter()

    def findings(self) -> Iterator[str]:
        checks = {
            "people": self._person,
            "clips": self._clip,
            "comparisons": self._comparison,
            "judgments": self._judgment,
            "tracks": self._track,
        }
        for name, check in checks.items():
            table = self.release.tables[name]
            seen: set[str] = set()
            for entry in self.release.manifest.shards(name):
                for row in self.release.shard_rows(entry):
                    key = row[table.key]
                    what = f"{_NOUN[name]} {_short(key)}"
                    missing = [
                        column.name
                        for column in table.columns
                        if column.required and row[column.name] is None
                    ]
                    if missing:
                        yield f"The {what} lacks its {', '.join(missing)}."
                        continue
                    if key in seen:
                        yield f"The {what} is there twice."
                    seen.add(key)
                    for finding in check(entry.split or "", row):
                        yield f"The {what} {finding}."
        yield from self._judgment_counts()
        yield from self._sources()

    def _person(self, split: str, row: Row) -> Iterator[str]:
        self.person_split[row["person_id"]] = split
        self.references[row["person_id"]] = {reference["sha256"] for reference in row["references"]}
        for reference in row["references"]:
            yield from _check_media(reference["image"], reference["sha256"], "reference")

    def _clip(self, split: str, row: Row) -> Iterator[str]:
        self.clip_split[row["sha256"]] = split
        self.clip_frames[row["sha256"]] = row["frames"]
        yield from _check_media(row["video"], row["sha256"], "file")
        if min(row["width"], row["height"], row["frames"]) < 1 or row["fps"] <= 0:
            yield "has a size, rate or length that no video has"
        if row["recipe"] is not None:
            self.clip_recipe[row["sha256"]] = (row["recipe"], row["severity"])
            if row["origin"] != "distorted":
                yield f"has the recipe {row['recipe']} and the origin {row['origin']}"
            yield from _check_recipe(row, row["frames"])
        yield from self._same_split(split, row["subjects"])

    def _comparison(self, split: str, row: Row) -> Iterator[str]:
        people = frozenset(person["person_id"] for person in row["people"])
        frames = (self.clip_frames.get(row["clip_a"], 0), self.clip_frames.get(row["clip_b"], 0))
        simulated = row["origin"] == "simulated"
        self.comparisons[row["comparison_id"]] = (split, simulated, row["n_judgments"], people, frames)
        for side in ("clip_a", "clip_b"):
            yield from self._known_clip(split, row[side])
        if row["clip_a"] == row["clip_b"]:
            yield "compares a clip with itself"
        yield from self._same_split(split, people)
        for person in row["people"]:
            if foreign := set(person["references"]) - self.references.get(person["person_id"], set()):
                yield f"names a reference of {person['person_id']} that is not in people: {_short(min(foreign))}"
        yield from _check_preference(row)
        yield from _check_marks(row["marks"], people, frames)
        for entry in row["people_preferences"]:
            if entry["person_id"] not in people:
                yield f"has a preference for {entry['person_id']}, who is not one of its people"
            yield from _check_probabilities(entry, "same")
        yield from self._known_answer(split, row, frames)
        for report in row["tracks_reported"] or ():
            if report["person_id"] is not None and report["person_id"] not in people:
                yield f"has the tracks of {report['person_id']} reported, who is not one of its people"
            if min(report["n_open"], report["n_resolved"]) < 0 or not report["n_open"] + report["n_resolved"]:
                yield "has tracks reported by nobody"
        if self.release.manifest.embed:
            yield from _check_media(row["video_a"], row["clip_a"], "video_a")
            yield from _check_media(row["video_b"], row["clip_b"], "video_b")

    def _known_answer(self, split: str, row: Row, frames: tuple[int, int]) -> Iterator[str]:
        """What was made with a known answer says how, and agrees with its clips; what is for tests is there."""
        side, recipe = row["edited_side"], row["recipe"]
        if row.get("reserved_for_test") and split != TEST:
            yield f"is reserved for tests and in {split}"
        if side is None or recipe is None:
            if row["origin"] == "synthetic" or side is not None or recipe is not None:
                yield "is synthetic without its recipe and edited side"
            return
        yield from _check_recipe(row, frames[side == "b"])
        if row["origin"] == "synthetic" and row["preference"] not in ("a" if side == "b" else "b", "tie"):
            yield f"is synthetic and prefers {row['preference'] or 'nothing'} with {side} as the edited side"
        done = self.clip_recipe.get(row[f"clip_{side}"])
        if done is not None and done != (recipe, row["severity"]):
            yield f"has {recipe} {row['severity']} on side {side}, whose clip has {done[0]} {done[1]}"

    def _judgment(self, split: str, row: Row) -> Iterator[str]:
        self.judgments[row["judgment_id"]] = row["supersedes"]
        comparison = self.comparisons.get(row["comparison_id"])
        if comparison is None:
            yield f"judges {row['comparison_id']}, which is not in comparisons"
            return
        home, simulated, _claimed, people, frames = comparison
        self.counted[row["comparison_id"]] += row["counted"]
        if home != split:
            yield f"is in {split}, its comparison in {home}"
        if row["counted"] and row["simulated"] != simulated:
            yield "is counted in a comparison of another origin: simulated and human judgments never mix"
        if strangers := {part["person_id"] for part in row["people"]} - people:
            yield f"judges {min(strangers)}, who is not one of its comparison's people"
        yield from _check_marks(row["marks"], people, frames)

    def _track(self, split: str, row: Row) -> Iterator[str]:
        yield from self._known_clip(split, row["clip"])
        yield from self._same_split(split, [row["person_id"]])
        frames, samples = row["frames"], row["sample_frames"]
        if not len(frames) == len(row["boxes"]) == len(row["quality"]):
            yield "has not a box and a quality for each frame"
        if len(samples) != len(row["embeddings"]):
            yield "has not an embedding for each sample"
        for numbers in (frames, samples):
            if numbers != sorted(set(numbers)):
                yield "has frames that do not rise"
            elif numbers and not 0 <= numbers[0] <= numbers[-1] < self.clip_frames.get(row["clip"], math.inf):
                yield "has frames that its clip does not have"
        if {len(box) for box in row["boxes"]} - {4}:
            yield "has a box without four numbers"
        if len({len(embedding) for embedding in row["embeddings"]}) > 1:
            yield "has embeddings of different lengths"

    def _judgment_counts(self) -> Iterator[str]:
        for key, (_split, _simulated, claimed, _people, _frames) in self.comparisons.items():
            if claimed != self.counted[key]:
                yield f"The comparison {_short(key)} claims {claimed} judgments; {self.counted[key]} are there."
        for key, supersedes in self.judgments.items():
            if supersedes is not None and supersedes not in self.judgments:
                yield f"The judgment {_short(key)} takes back {_short(supersedes)}, which is not there."

    def _sources(self) -> Iterator[str]:
        for row in self.release.rows("clips", columns=["sha256", "source_clip"]):
            home = self.clip_split[row["sha256"]]
            if self.clip_split.get(row["source_clip"], home) != home:
                yield f"The clip {_short(row['sha256'])} was made from one that is in another split."

    def _known_clip(self, split: str, sha256: str) -> Iterator[str]:
        home = self.clip_split.get(sha256)
        if home is None:
            yield f"names a clip that is not in clips: {_short(sha256)}"
        elif home != split:
            yield f"is in {split}, its clip {_short(sha256)} in {home}"

    def _same_split(self, split: str, people: Any) -> Iterator[str]:
        for person in sorted(people):
            home = self.person_split.get(person)
            if home is None:
                yield f"names {person}, who is not in people"
            elif home != split:
                yield f"is in {split} and shows {person}, who is in {home}"


_NOUN = {
    "people": "person",
    "clips": "clip",
    "comparisons": "comparison",
    "judgments": "judgment",
    "tracks": "track",
}


def _check_media(content: Any, sha256: str, what: str) -> Iterator[str]:
    if content is not None and hashlib.sha256(content["bytes"] or b"").hexdigest() != sha256:
        yield f"has a {what} whose sha256 is not {_short(sha256)}"


def _check_preference(row: Row) -> Iterator[str]:
    yield from _check_probabilities(row, "tie")
    expected = {
        "a": (row["clip_a"], row["clip_b"]),
        "b": (row["clip_b"], row["clip_a"]),
    }.get(row["preference"], (None, None))
    if (row["chosen"], row["rejected"]) != expected:
        yield f"prefers {row['preference'] or 'nothing'}, which its chosen and rejected clips do not say"


def _check_probabilities(row: Row, middle: str) -> Iterator[str]:
    values = [row["prob_a"], row[f"prob_{middle}"], row["prob_b"]]
    if all(value is None for value in values):
        return
    if any(value is None or not 0 <= value <= 1 for value in values) or not math.isclose(
        sum(values), 1, abs_tol=_TOLERANCE
    ):
        yield f"has probabilities that do not add up to 1: {values}"


def _check_recipe(row: Row, frames: int) -> Iterator[str]:
    if row["severity"] is None or not 1 <= row["severity"] <= 5:
        yield f"has the severity {row['severity']}, which is none of 1 to 5"
    onset = row["onset_frame"]
    if onset is not None and not 0 <= onset < frames:
        yield f"can be seen to change from frame {onset} on, which its clip does not have"


def _check_marks(marks: list[Any], people: frozenset[str], frames: tuple[int, int]) -> Iterator[str]:
    for mark in marks:
        if mark["person_id"] is not None and mark["person_id"] not in people:
            yield f"has a mark on {mark['person_id']}, who is not one of its people"
        if not 0 <= mark["frame"] < frames[mark["side"] == "b"]:
            yield f"has a mark at frame {mark['frame']}, which side {mark['side']} does not have"


def _short(key: str) -> str:
    return key if len(key) <= 24 else f"{key[:12]}…"
