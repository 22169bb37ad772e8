"""VideoAlign's pairs: a CSV per split beside a folder of videos.

    train.csv  validation.csv  test.csv  videos/<sha256>.mp4  refs/<person>/01.jpg

Checked against KwaiVGI/VideoAlign at 219ab9db (datasets/train/README.md, data.py, train_reward.py): the trainer reads
`--meta_data` and `--meta_data_test` as CSV, opens `<data_dir>/<path_A>` and `<data_dir>/<path_B>`, and takes one label
a dimension, `A`, `B` or `same`; other columns are dropped, so ours may stand beside them. `num_frames_*` bounds how
many frames are sampled. Identity-GRPO's reward model (alibaba/identity-grpo at 337ccb47, vace_reward/data.py and
outputs/identity_reward/model_config.json) is such a model with the one dimension `SA`, here the label for identity:
train with `--eval_dim SA --data_dir <this folder> --meta_data <this folder>/train.csv`.

`ref_paths` names one reference for each person, joined by semicolons, as one picture stands for one person there; all
the others lie beside it in the person's folder. `both_bad` is `same` in SA and itself in `preference`. `origin` says
of each row where its label comes from (simulated and synthetic rows are marked as such); rows of pairs that were made
with a known answer say which side was distorted, by what recipe, and whether they are reserved for tests.

Left out: comparisons without a settled preference. Lost: single judgments, marks, preferences for each person, exact
frame rates, and provenance other than the generators.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from datasets.releases.checksums import write_checksums
from datasets.releases.errors import ReleaseError
from datasets.releases.schema import COMPARISON_ORIGINS, PREFERENCES, Row
from datasets.releases.source import Source
from datasets.releases.splits import SPLIT_NAMES
from datasets.releases.staging import staged_folder

from .folder import (
    SEPARATOR,
    FolderSource,
    MediaFiles,
    PeopleByFolder,
    Written,
    file_name,
    key_of,
    read_csv,
    split_paths,
    write_clips,
    write_csv,
    write_references,
)

# What the trainers read, in the order of VideoAlign's example, then what only we read.
REQUIRED = ("path_A", "path_B", "prompt", "SA", "fps_A", "num_frames_A", "fps_B", "num_frames_B")
KNOWN = ("edited_side", "recipe", "severity", "schedule", "onset_frame", "reserved_for_test")
COLUMNS = (
    *REQUIRED,
    *("ref_paths", "comparison_id", "origin", "preference", "prob_A", "prob_same", "prob_B"),
    *("generator_A", "generator_B", "subjects", "procedural", "source"),
    *KNOWN,
)
LABELS = {"a": "A", "b": "B", "tie": "same", "both_bad": "same"}
VIDEOS, REFERENCES = "videos", "refs"
_YES_NO: dict[bool | None, str] = {True: "yes", False: "no"}


def recognise(folder: Path) -> bool:
    return (folder / "train.csv").is_file() and (folder / VIDEOS).is_dir()


def write(source: Source, target: Path) -> Written:
    """Write the comparisons of a release in VideoAlign's layout.

    Raises:
        ReleaseError: The target exists, the disk is full, or the release has no media.
    """
    rows: dict[str, int] = {}
    with staged_folder(target) as folder:
        videos = write_clips(source, folder, VIDEOS)
        references = write_references(source, folder, REFERENCES)
        (folder / VIDEOS).mkdir(exist_ok=True)
        clips = {row["sha256"]: row for row in source.rows("clips")}
        procedural = {row["person_id"] for row in source.rows("people") if row["procedural"]}
        unsettled = 0
        for split in source.splits:
            lines = [
                _line(row, clips, videos, references, procedural)
                for row in source.rows("comparisons", split)
                if row["preference"] is not None
            ]
            unsettled += sum(1 for row in source.rows("comparisons", split) if row["preference"] is None)
            rows[split] = write_csv(folder / f"{split}.csv", COLUMNS, lines)
        write_checksums(folder)
    left_out = [f"{unsettled:,} comparisons without a settled preference were left out."] if unsettled else []
    return Written(rows, left_out)


def _line(
    row: Row,
    clips: dict[str, Row],
    videos: dict[str, str],
    references: dict[str, list[str]],
    procedural: set[str],
) -> dict[str, Any]:
    people = [person["person_id"] for person in row["people"]]
    line = {
        "prompt": row["prompt"],
        "SA": LABELS[row["preference"]],
        "ref_paths": SEPARATOR.join(references[person][0] for person in people if references[person]),
        "comparison_id": row["comparison_id"],
        "origin": row["origin"],
        "preference": row["preference"],
        "prob_A": row["prob_a"],
        "prob_same": row["prob_tie"],
        "prob_B": row["prob_b"],
        "subjects": SEPARATOR.join(map(file_name, people)),
        "procedural": SEPARATOR.join(file_name(person) for person in people if person in procedural),
        "source": row["source"],
        "edited_side": {"a": "A", "b": "B"}.get(row["edited_side"] or ""),
        "recipe": row["recipe"],
        "severity": row["severity"],
        "schedule": row["schedule"],
        "onset_frame": row["onset_frame"],
        "reserved_for_test": _YES_NO.get(row.get("reserved_for_test")),
    }
    for side, sha256 in (("A", row["clip_a"]), ("B", row["clip_b"])):
        clip = clips[sha256]
        line[f"path_{side}"] = videos[sha256]
        line[f"fps_{side}"] = clip["fps"]
        line[f"num_frames_{side}"] = clip["frames"]
        line[f"generator_{side}"] = clip["generator"]
    return line


def read(folder: Path) -> FolderSource:
    """Read a folder in VideoAlign's layout, ours or anybody's: columns beyond the required ones may be missing.

    Without `origin` a label is somebody's published claim.

    Raises:
        ReleaseError: With file and line: a column, file or label is missing or wrong, or a path leaves the folder.
    """
    names = [name for name in SPLIT_NAMES[3] if (folder / f"{name}.csv").is_file()]
    source = FolderSource(tuple(names))
    media = MediaFiles(folder, source.files)
    people = PeopleByFolder(folder, media, REFERENCES)
    seen: set[str] = set()
    for split in names:
        for place, line in read_csv(folder / f"{split}.csv", REQUIRED):
            subjects = _subjects(line, people, place)
            sides = [media.find(line[f"path_{side}"], place) for side in "AB"]
            for side, sha256 in zip("AB", sides, strict=True):
                if sha256 not in seen:
                    seen.add(sha256)
                    source.add("clips", split, _clip(line, side, sha256, subjects, place))
            for person in subjects:
                if person not in seen:
                    seen.add(person)
                    source.add("people", split, people.row(person))
            source.add("comparisons", split, _comparison(line, sides, subjects, people, place))
    return source


def _subjects(line: dict[str, str], people: PeopleByFolder, place: str) -> list[str]:
    named = people.of_paths(split_paths(line.get("ref_paths", "")), place)
    listed = [key_of(name) for name in split_paths(line.get("subjects", ""))]
    procedural = {key_of(name) for name in split_paths(line.get("procedural", ""))}
    for person in listed or named:
        people.add(person, procedural=person in procedural)
    return listed or named


def _clip(line: dict[str, str], side: str, sha256: str, subjects: list[str], place: str) -> Row:
    fps = _number(line[f"fps_{side}"], place)
    return {
        "sha256": sha256,
        "name": line[f"path_{side}"].rsplit("/", 1)[-1],
        "fps": fps,
        # Decimals back to the ratio that they stand for: 23.976… is 24000/1001.
        "fps_fraction": "{0.numerator}/{0.denominator}".format(Fraction(fps).limit_denominator(1001)),
        "frames": int(_number(line[f"num_frames_{side}"], place)),
        "prompt": line["prompt"],
        "generator": line.get(f"generator_{side}") or None,
        "subjects": subjects,
    }


def _comparison(
    line: dict[str, str], sides: list[str], subjects: list[str], people: PeopleByFolder, place: str
) -> Row:
    preference = _preference(line, place)
    origin = line.get("origin") or "published"
    if origin not in COMPARISON_ORIGINS:
        raise ReleaseError(f"{place}: the origin {origin!r} is none of {', '.join(COMPARISON_ORIGINS)}.")
    chosen = {"a": sides, "b": sides[::-1]}.get(preference or "", [None, None])
    return {
        "comparison_id": line.get("comparison_id") or None,
        "origin": origin,
        "prompt": line["prompt"],
        "people": [
            {"person_id": person, "references": [part["sha256"] for part in people.row(person)["references"]]}
            for person in subjects
        ],
        "clip_a": sides[0],
        "clip_b": sides[1],
        "preference": preference,
        **dict(_probabilities(line, place)),
        "chosen": chosen[0],
        "rejected": chosen[1],
        "source": line.get("source") or None,
        **_recipe(line, place),
    }


def _recipe(line: dict[str, str], place: str) -> Row:
    """What was done to the edited side of a pair that was made with a known answer; nothing of any other."""
    side = line.get("edited_side", "").lower()
    if side not in ("", "a", "b"):
        raise ReleaseError(f"{place}: the edited side is {line['edited_side']!r}, which is neither A nor B.")
    if not side or not line.get("recipe"):
        return dict.fromkeys(KNOWN)
    numbers = {
        name: _number(line[name], place) if line.get(name) else None for name in ("severity", "onset_frame")
    }
    return {
        "edited_side": side,
        "recipe": line["recipe"],
        "schedule": line.get("schedule") or None,
        "reserved_for_test": line.get("reserved_for_test") == "yes",
        **{name: None if value is None else int(value) for name, value in numbers.items()},
    }


def _preference(line: dict[str, str], place: str) -> str | None:
    """The preference of a line; `invalid` is VideoAlign's own word for a label that is not to be used."""
    label = line["SA"]
    if label == "invalid":
        return None
    if label not in LABELS.values():
        raise ReleaseError(f"{place}: SA is {label!r}, which is none of A, B, same.")
    finer = line.get("preference") or {"A": "a", "B": "b", "same": "tie"}[label]
    if finer not in PREFERENCES or LABELS[finer] != label:
        raise ReleaseError(f"{place}: the preference {finer!r} does not go with SA {label!r}.")
    return finer


def _probabilities(line: dict[str, str], place: str) -> Iterator[tuple[str, float | None]]:
    for name, column in (("prob_a", "prob_A"), ("prob_tie", "prob_same"), ("prob_b", "prob_B")):
        yield name, _number(line[column], place) if line.get(column) else None


def _number(text: str, place: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ReleaseError(f"{place}: {text!r} is not a number.") from None
