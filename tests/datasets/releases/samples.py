"""Small releases to test with: real little videos and pictures, people in known groups."""

import hashlib
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from functools import cache
from typing import Any

import av
import numpy as np
from PIL import Image

from datasets.releases.manifest import ReleaseInfo
from datasets.releases.schema import Row
from datasets.releases.splits import Groups, Splits

FRAMES = 6


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@cache
def video_bytes(number: int) -> bytes:
    """A playable MP4 of six frames of 64x48; the number decides its colour."""
    sink = io.BytesIO()
    with av.open(sink, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(12))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.options = {"preset": "ultrafast"}
        for index in range(FRAMES):
            picture = np.full((48, 64, 3), (17 * number % 256, 40 * index, 90), dtype=np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    # The number goes in as a trailing free box, so that no two clips are the same file.
    return sink.getvalue() + (8 + 8).to_bytes(4) + b"free" + number.to_bytes(8)


@cache
def image_bytes(number: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (20, 24), (number * 31 % 256, 80, number * 7 % 256)).save(sink, "PNG")
    return sink.getvalue()


def person_row(name: str, *, references: int = 2, **changes: Any) -> Row:
    images = [image_bytes(hash_number(f"{name}{index}")) for index in range(references)]
    return {
        "person_id": name,
        "name": name.title(),
        "procedural": False,
        "references": [
            {
                "sha256": sha256(image),
                "image": {"bytes": image, "path": f"{sha256(image)}.png"},
                "name": f"{index}.png",
                "licence": "cc-by-4.0",
            }
            for index, image in enumerate(images)
        ],
        "consent": "for tests",
        "faces": [
            {"reference": sha256(image), "backend": "a detector@1+test@1", "embedding": [1.0, 0.0]}
            for image in images[:1]
        ],
        **changes,
    }


def hash_number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:2])


def clip_row(number: int, subjects: list[str], *, media: bool = True, **changes: Any) -> Row:
    content = video_bytes(number) if media else b""
    digest = sha256(content if media else f"clip {number}".encode())
    row: Row = {
        "sha256": digest,
        "video": {"bytes": content, "path": f"{digest}.mp4"} if media else None,
        "original_sha256": sha256(f"original {number}".encode()),
        "name": f"clip {number}.mov",
        "width": 64,
        "height": 48,
        "fps": 12.0,
        "fps_fraction": "12/1",
        "frames": FRAMES,
        "origin": "generated",
        "generator": "model one" if number % 2 else "model two",
        "generator_version": "1.0",
        "seed": str(number),
        "prompt": "two people talk",
        "subjects": subjects,
        "source_clip": None,
        "recipe": None,
        "severity": None,
        "schedule": None,
        "onset_frame": None,
        "truth": None,
        "licence": "cc-by-4.0",
    }
    return {**row, **changes}


def comparison_row(
    key: str, a: Row, b: Row, people: list[Row], preference: str | None, **changes: Any
) -> Row:
    probabilities = {
        "a": (0.75, 0.25, 0.0),
        "b": (0.0, 0.5, 0.5),
        "tie": (0.25, 0.5, 0.25),
        "both_bad": (0.0, 1.0, 0.0),
        None: (0.5, 0.0, 0.5),
    }[preference]
    sides = {"a": (a, b), "b": (b, a)}.get(preference or "", ({"sha256": None}, {"sha256": None}))
    row: Row = {
        "comparison_id": key,
        "origin": "human",
        "prompt": 'two people talk, "loudly"; over tea\nand cake',
        "people": [
            {
                "person_id": person["person_id"],
                "references": [part["sha256"] for part in person["references"]],
            }
            for person in people
        ],
        "clip_a": a["sha256"],
        "clip_b": b["sha256"],
        "preference": preference,
        "prob_a": probabilities[0],
        "prob_tie": probabilities[1],
        "prob_b": probabilities[2],
        "n_judgments": 1,
        "agreement": 1.0,
        "method": "vote",
        "people_preferences": [
            {
                "person_id": person["person_id"],
                "preference": "same",
                "prob_a": 0.0,
                "prob_same": 1.0,
                "prob_b": 0.0,
                "n_judgments": 1,
            }
            for person in people
        ],
        "marks": [
            {
                "judgment_id": f"{key}-j",
                "person_id": people[0]["person_id"],
                "side": "b",
                "kind": "drift",
                "frame": 3,
            }
        ],
        "tracks_reported": [{"person_id": people[0]["person_id"], "n_open": 1, "n_resolved": 2}],
        "chosen": sides[0]["sha256"],
        "rejected": sides[1]["sha256"],
        "edited_side": None,
        "recipe": None,
        "severity": None,
        "schedule": None,
        "onset_frame": None,
        "reserved_for_test": None,
        "reward_model": "identity-1",
        "reward_a": 0.75,
        "reward_b": -0.5,
        "drawn_at_random": True,
        "licence": "cc-by-4.0",
        "source": None,
    }
    return {**row, **changes}


def judgment_row(comparison: Row, **changes: Any) -> Row:
    people = [person["person_id"] for person in comparison["people"]]
    row: Row = {
        "judgment_id": f"{comparison['comparison_id']}-j",
        "comparison_id": comparison["comparison_id"],
        "annotator": "annotator-1",
        "simulated": comparison["origin"] == "simulated",
        "kind": "answer",
        "repeat": False,
        "counted": True,
        "supersedes": None,
        "left_side": "b",
        "overall": "a_much",
        "people": [{"person_id": person, "verdict": "same", "no_drift": False} for person in people],
        "marks": [{"person_id": people[0], "side": "b", "kind": "drift", "frame": 3}],
        "remark": "",
        "active_ms": 41_000,
        "created_at": datetime(2026, 11, 2, 9, 30, 5, 123456, tzinfo=UTC),
    }
    return {**row, **changes}


def track_row(clip: Row, person: str, **changes: Any) -> Row:
    number = hash_number(clip["sha256"] + person)
    row: Row = {
        "track_id": f"{clip['sha256']}-{person}",
        "clip": clip["sha256"],
        "person_id": person,
        "backend": "a detector@1+an embedder@1",
        "corrected": bool(number % 2),
        "similarity": 0.5,
        "threshold": 0.25,
        "coverage": 0.75,
        "frames": [0, 1, 3],
        "boxes": [[1.5, 2.0, 20.0, 30.5], [2.0, 2.0, 21.0, 30.0], [4.0, 2.0, 23.0, 30.0]],
        "quality": [0.5, 0.75, 1.0],
        "sample_frames": [0, 3],
        "embeddings": [[0.5, -0.5, 0.25], [number % 4 / 4, 0.0, 1.0]],
    }
    return {**row, **changes}


class Sample:
    """A release's rows in memory, and the splits that fit them."""

    def __init__(
        self,
        *,
        people: list[Row],
        clips: list[Row],
        comparisons: list[Row],
        judgments: list[Row],
        tracks: list[Row] | None = None,
        requested: dict[str, int] | None = None,
    ) -> None:
        self.tables = {
            "people": people,
            "clips": clips,
            "comparisons": comparisons,
            "judgments": judgments,
            "tracks": tracks or [],
        }
        self.requested = requested or {"train": 80, "validation": 10, "test": 10}

    @property
    def splits(self) -> Splits:
        groups = Groups()
        for row in self.tables["people"]:
            groups.add_person(row["person_id"])
        for row in self.tables["clips"]:
            groups.add_clip(row["sha256"], subjects=row["subjects"], source=row["source_clip"])
        for row in self.tables["comparisons"]:
            people = [person["person_id"] for person in row["people"]]
            groups.add_comparison(row["clip_a"], row["clip_b"], people=people)
        return groups.assign(self.requested, seed=7)

    def rows(self) -> Iterator[tuple[str, str, Row]]:
        splits = self.splits
        of_comparison = {}
        for row in self.tables["comparisons"]:
            of_comparison[row["comparison_id"]] = splits.of_clip(row["clip_a"])
            yield "comparisons", of_comparison[row["comparison_id"]], row
        for row in self.tables["judgments"]:
            yield "judgments", of_comparison[row["comparison_id"]], row
        for row in self.tables["clips"]:
            yield "clips", splits.of_clip(row["sha256"]), row
        for row in self.tables["people"]:
            yield "people", splits.of_person(row["person_id"]), row
        for row in self.tables["tracks"]:
            yield "tracks", splits.of_clip(row["clip"]), row


def make_sample(groups: int = 10, *, media: bool = True) -> Sample:
    """Groups of two people with two clips and one comparison each; every kind of preference and origin occurs."""
    people: list[Row] = []
    clips: list[Row] = []
    comparisons: list[Row] = []
    for number in range(groups):
        pair = [person_row(f"person-{number}-{index}", procedural=number == 3) for index in range(2)]
        names = [person["person_id"] for person in pair]
        a, b = (clip_row(2 * number + side, names, media=media) for side in range(2))
        people += pair
        clips += [a, b]
        preference = ("a", "b", "tie", "both_bad", None)[number % 5]
        comparisons.append(comparison_row(f"c{number}", a, b, pair, preference))
    judgments = [judgment_row(row) for row in comparisons]
    comparisons += _unjudged(people, clips)
    simulated = comparison_row(
        "simulated",
        clips[0],
        clips[1],
        people[:2],
        "a",
        origin="simulated",
        marks=[],
        people_preferences=[],
    )
    comparisons.append(simulated)
    judgments.append(judgment_row(simulated, marks=[], annotator="simulated-1"))
    tracks = [track_row(clip, person) for clip in clips for person in clip["subjects"]]
    return Sample(people=people, clips=clips, comparisons=comparisons, judgments=judgments, tracks=tracks)


def _unjudged(people: list[Row], clips: list[Row]) -> list[Row]:
    """A published and a synthetic comparison; the latter brings a distorted copy into `clips`."""
    nothing: Row = {
        "n_judgments": 0,
        "agreement": None,
        "method": None,
        "marks": [],
        "tracks_reported": [],
        "people_preferences": [],
        "reward_model": None,
        "reward_a": None,
        "reward_b": None,
        "drawn_at_random": None,
    }
    source = clips[2]
    recipe = {"recipe": "drift", "severity": 3, "schedule": "linear", "onset_frame": 2}
    distorted = clip_row(
        1000,
        source["subjects"],
        media=source["video"] is not None,
        origin="distorted",
        source_clip=source["sha256"],
        truth='{"strength": [0, 1]}',
        **recipe,
    )
    clips.append(distorted)
    return [
        comparison_row(
            "published", clips[0], clips[1], people[:2], "b", origin="published", source="a paper", **nothing
        ),
        comparison_row(
            "synthetic",
            source,
            distorted,
            people[2:4],
            "a",
            origin="synthetic",
            edited_side="b",
            reserved_for_test=False,
            **recipe,
            **nothing,
        ),
    ]


def make_info(**changes: Any) -> ReleaseInfo:
    values: dict[str, Any] = {
        "name": "tea-party",
        "version": 1,
        "created": "2026-11-02T10:00:00+00:00",
        "seed": 7,
        "licence": "cc-by-4.0",
        "configuration": {"study": "tea"},
        "tools": {"likeness": "0.1.0"},
        "description": "Which clip keeps both faces?",
    }
    return ReleaseInfo(**{**values, **changes})
