"""The tables of a release, column by column.

A row is a plain dict with one entry for each column; missing values are None. Labels are written by name ("tie") and
stored by number, with their names in the schema metadata that Hugging Face `datasets` reads. `sha256` always names
the bytes that are embedded in this release, in lower-case hexadecimal. Sides are `a` and `b`, the storage order of a
pair; what was left or right on an annotator's screen is in `judgments.left_side`. Frames count from 0.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from .features import Feature, Label, ListOf, Media, Struct, Value
from .manifest import SCHEMA_VERSION

# Every row, in memory, of every table.
Row = dict[str, Any]

PREFERENCES = ("a", "b", "tie", "both_bad")
PERSON_PREFERENCES = ("a", "same", "b")
VERDICTS = ("a_much", "a", "tie", "b", "b_much", "both_bad", "cannot_judge")
MARK_KINDS = ("drift", "swap", "blend", "missing")
COMPARISON_ORIGINS = ("human", "synthetic", "published", "simulated")
CLIP_ORIGINS = ("real", "generated", "distorted")
JUDGMENT_KINDS = ("answer", "review")

TEXT = Value("string")
FLAG = Value("bool")
COUNT = Value("int32")
SHARE = Value("float64")
SIDE = Label("a", "b")


@dataclass(frozen=True)
class Column:
    """One column; `about` is the sentence about it in the dataset card, `since` the first version that has it."""

    name: str
    feature: Feature
    about: str
    required: bool = False
    since: int = 1


@dataclass(frozen=True)
class Table:
    """One table; `key` is the column whose value no two of its rows share, in whichever split."""

    name: str
    key: str
    columns: tuple[Column, ...]
    version: int = SCHEMA_VERSION

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def arrow_schema(self) -> pa.Schema:
        """The schema of the table's Parquet files, with the metadata that makes `load_dataset` yield typed columns."""
        features = {column.name: column.feature.hub for column in self.columns}
        metadata = {
            "huggingface": json.dumps({"info": {"features": features}}),
            "likeness": json.dumps({"table": self.name, "schema_version": self.version}),
        }
        return pa.schema([(column.name, column.feature.arrow) for column in self.columns], metadata=metadata)

    def media_columns(self) -> list[str]:
        """Columns that hold embedded files, be it deep inside."""
        return [column.name for column in self.columns if _holds_media(column.feature)]


def _holds_media(feature: Feature) -> bool:
    if isinstance(feature, ListOf):
        return _holds_media(feature.item)
    if isinstance(feature, Struct):
        return any(_holds_media(part) for part in feature.fields.values())
    return isinstance(feature, Media)


_RECIPE_COLUMNS = (
    Column("recipe", TEXT, "The distortion: of a comparison that on its edited side."),
    Column("severity", COUNT, "How strong the distortion is, 1 to 5."),
    Column("schedule", TEXT, "How its strength goes over time."),
    Column("onset_frame", COUNT, "The first frame in which it can be seen."),
)

COMPARISONS = Table(
    "comparisons",
    "comparison_id",
    (
        Column("comparison_id", TEXT, "Unique in the release.", required=True),
        Column("origin", Label(*COMPARISON_ORIGINS), "Where the preference comes from.", required=True),
        Column("prompt", TEXT, "What both clips were asked to show.", required=True),
        Column(
            "people",
            ListOf(Struct({"person_id": TEXT, "references": ListOf(TEXT)})),
            "Who should be seen: the person and the sha256 of each reference (table people).",
            required=True,
        ),
        Column("clip_a", TEXT, "sha256 of one clip (table clips).", required=True),
        Column("clip_b", TEXT, "sha256 of the other.", required=True),
        Column(
            "preference",
            Label(*PREFERENCES),
            "Which side keeps the people better; missing where the judgments settle nothing.",
        ),
        Column("prob_a", SHARE, "Probability that a is better, with the next two adding up to 1."),
        Column("prob_tie", SHARE, "Probability that neither is better."),
        Column("prob_b", SHARE, "Probability that b is better."),
        Column("n_judgments", COUNT, "How many judgments were counted.", required=True),
        Column("agreement", SHARE, "Share of pairs of these judgments that agree, 0 to 1."),
        Column("method", TEXT, "How the probabilities were made from the judgments."),
        Column(
            "people_preferences",
            ListOf(
                Struct(
                    {
                        "person_id": TEXT,
                        "preference": Label(*PERSON_PREFERENCES),
                        "prob_a": SHARE,
                        "prob_same": SHARE,
                        "prob_b": SHARE,
                        "n_judgments": COUNT,
                    }
                )
            ),
            "The same for each person by themselves.",
            required=True,
        ),
        Column(
            "marks",
            ListOf(
                Struct(
                    {
                        "judgment_id": TEXT,
                        "person_id": TEXT,
                        "side": SIDE,
                        "kind": Label(*MARK_KINDS),
                        "frame": COUNT,
                    }
                )
            ),
            "Frames at which somebody saw a face go wrong.",
            required=True,
        ),
        Column(
            "tracks_reported",
            ListOf(Struct({"person_id": TEXT, "n_open": COUNT, "n_resolved": COUNT})),
            "Faces that annotators called wrong in what a face model found: whose (missing: everybody's), how many "
            "reports wait for a lead, and how many a lead is done with.",
            since=2,
        ),
        Column("chosen", TEXT, "sha256 of the better clip; missing for ties and unsettled comparisons."),
        Column("rejected", TEXT, "sha256 of the worse clip."),
        Column(
            "edited_side",
            SIDE,
            "The worse side of a pair that was made with a known answer, whoever judged it; of a tie the side that "
            "carries a change.",
        ),
        *_RECIPE_COLUMNS,
        Column(
            "reserved_for_test", FLAG, "True where a synthetic comparison is for test splits alone.", since=2
        ),
        Column(
            "reward_model", TEXT, "The reward model whose scores follow. No part of the preference.", since=3
        ),
        Column("reward_a", SHARE, "Its reward for a; defined up to a shift, so compare.", since=3),
        Column("reward_b", SHARE, "Its reward for b.", since=3),
        Column(
            "drawn_at_random",
            FLAG,
            "False where a reward model's doubt put the pair before others: rates are estimated from the others alone. "
            "Missing where no model had a part in the order.",
            since=3,
        ),
        Column("licence", TEXT, "On what terms the preference itself may be used."),
        Column("source", TEXT, "Who claims it, for a published preference."),
    ),
)

# What `embed` adds to the comparisons: both clips once more, so that each row stands by itself.
EMBEDDED_CLIPS = (
    Column("video_a", Media("Video"), "The file of clip_a."),
    Column("video_b", Media("Video"), "The file of clip_b."),
)

JUDGMENTS = Table(
    "judgments",
    "judgment_id",
    (
        Column("judgment_id", TEXT, "Unique in the release.", required=True),
        Column("comparison_id", TEXT, "What was judged (table comparisons).", required=True),
        Column(
            "annotator", TEXT, "A pseudonym; the same in every release of one installation.", required=True
        ),
        Column("simulated", FLAG, "True if a program answered and not a human being.", required=True),
        Column("kind", Label(*JUDGMENT_KINDS), "A first answer, or a reviewer's.", required=True),
        Column("repeat", FLAG, "The annotator had judged this pair before, sides swapped.", required=True),
        Column(
            "counted", FLAG, "Part of the consensus; false when late, taken back or a repeat.", required=True
        ),
        Column("supersedes", TEXT, "The judgment that this one takes back."),
        Column("left_side", SIDE, "Which side was on the left of the screen.", required=True),
        Column("overall", Label(*VERDICTS), "The answer; missing where a study does not ask."),
        Column(
            "people",
            ListOf(Struct({"person_id": TEXT, "verdict": Label(*PERSON_PREFERENCES), "no_drift": FLAG})),
            "The answer for each person; no_drift: looked, and found none on either side.",
            required=True,
        ),
        Column(
            "marks",
            ListOf(Struct({"person_id": TEXT, "side": SIDE, "kind": Label(*MARK_KINDS), "frame": COUNT})),
            "Frames at which a face goes wrong.",
            required=True,
        ),
        Column("remark", TEXT, "Free text."),
        Column("active_ms", COUNT, "Time with the page in view, in milliseconds."),
        Column("created_at", Value("timestamp[us, tz=UTC]"), "When the answer was given.", required=True),
    ),
)

CLIPS = Table(
    "clips",
    "sha256",
    (
        Column("sha256", TEXT, "Of the playback copy: what annotators saw and `video` holds.", required=True),
        Column("video", Media("Video"), "The playback copy; missing in a release without media."),
        Column("original_sha256", TEXT, "Of the file that the copy was made from."),
        Column("name", TEXT, "The name that this file came with."),
        Column("width", COUNT, "Pixels.", required=True),
        Column("height", COUNT, "Pixels.", required=True),
        Column("fps", SHARE, "Frames per second.", required=True),
        Column("fps_fraction", TEXT, "The same, exactly: 24000/1001.", required=True),
        Column("frames", COUNT, "Number of frames.", required=True),
        Column("origin", Label(*CLIP_ORIGINS), "Filmed, generated, or a distorted copy.", required=True),
        Column("generator", TEXT, "The model that made it."),
        Column("generator_version", TEXT, "Its version."),
        Column("seed", TEXT, "The seed that it was made with."),
        Column("prompt", TEXT, "What the generator was asked for."),
        Column("subjects", ListOf(TEXT), "Who should be in it (table people).", required=True),
        Column("source_clip", TEXT, "sha256 of the clip that a distorted copy was made from."),
        *_RECIPE_COLUMNS,
        Column("truth", TEXT, "All that is known of a distortion, as JSON."),
        Column("licence", TEXT, "On what terms the clip may be used."),
    ),
)

_NUMBERS = ListOf(Value("float32"))

PEOPLE = Table(
    "people",
    "person_id",
    (
        Column("person_id", TEXT, "Unique in the release.", required=True),
        Column("name", TEXT, "What the person is called."),
        Column("procedural", FLAG, "True if computed: not a human being.", required=True),
        Column(
            "references",
            ListOf(Struct({"sha256": TEXT, "image": Media("Image"), "name": TEXT, "licence": TEXT})),
            "Pictures of the face that must be kept.",
            required=True,
        ),
        Column("consent", TEXT, "On what ground this face may be used, and for what."),
        Column(
            "faces",
            ListOf(Struct({"reference": TEXT, "backend": TEXT, "embedding": _NUMBERS})),
            "What face models make of the references: the picture's sha256, detector and embedder, the vector.",
            since=2,
        ),
    ),
)

TRACKS = Table(
    "tracks",
    "track_id",
    (
        Column("track_id", TEXT, "Unique in the release: the clip and the person.", required=True),
        Column("clip", TEXT, "sha256 of the clip (table clips).", required=True),
        Column("person_id", TEXT, "Whose face it is (table people).", required=True),
        Column(
            "backend",
            TEXT,
            "Detector and embedder, with versions. Embeddings of different embedders cannot be compared.",
            required=True,
        ),
        Column(
            "corrected", FLAG, "True where somebody, and not the face model, said whose it is.", required=True
        ),
        Column("similarity", SHARE, "With the person's references, a robust mean on the backend's scale."),
        Column("threshold", SHARE, "Similarity above which the backend takes two faces for one person's."),
        Column("coverage", SHARE, "Share of the clip's frames in which the face is seen, 0 to 1."),
        Column("frames", ListOf(COUNT), "Frames in which the face is seen, rising.", required=True),
        Column(
            "boxes", ListOf(_NUMBERS), "For each of them x0, y0, x1, y1 in pixels of the clip.", required=True
        ),
        Column(
            "quality", _NUMBERS, "For each of them how well the face can be judged, 0 to 1.", required=True
        ),
        Column("sample_frames", ListOf(COUNT), "Frames that have an embedding, rising.", required=True),
        Column("embeddings", ListOf(_NUMBERS), "For each of those the face as a vector.", required=True),
    ),
)

# In the order in which they are written and shown. Comparisons are the config that `load_dataset` takes by default.
TABLES: dict[str, Table] = {table.name: table for table in (COMPARISONS, JUDGMENTS, CLIPS, PEOPLE, TRACKS)}


def tables(*, embed: bool = False, version: int = SCHEMA_VERSION) -> dict[str, Table]:
    """The tables of a release, by name; `embed` puts both clips into each comparison.

    `version`: the columns that a release of this schema version has.
    """
    known = dict(TABLES)
    if embed:
        known[COMPARISONS.name] = replace(COMPARISONS, columns=COMPARISONS.columns + EMBEDDED_CLIPS)
    if version == SCHEMA_VERSION:
        return known
    return {name: _as_of(table, version) for name, table in known.items()}


def _as_of(table: Table, version: int) -> Table:
    columns = tuple(column for column in table.columns if column.since <= version)
    return replace(table, columns=columns, version=version)


def added_after(version: int) -> dict[str, dict[str, None]]:
    """What a row of each table lacks in a release of this schema version: the columns that came later, as missing."""
    return {
        table.name: {column.name: None for column in table.columns if column.since > version}
        for table in TABLES.values()
    }
