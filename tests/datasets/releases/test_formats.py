"""Each format written from a release and read back: nothing is lost that the format can hold."""

import csv
import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.releases.errors import ReleaseError
from datasets.releases.formats import FORMATS, open_folder
from datasets.releases.formats.folder import file_name, key_of
from datasets.releases.names import FORMAT_NAMES, LIKENESS
from datasets.releases.reader import Release
from datasets.releases.schema import TABLES
from datasets.releases.splits import Groups
from datasets.releases.verify import verify_release
from datasets.releases.writer import write_release

from .samples import (
    Sample,
    clip_row,
    comparison_row,
    image_bytes,
    make_info,
    make_sample,
    person_row,
    video_bytes,
)


def lines_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folders(written, tmp_path_factory) -> dict[str, Path]:
    """The sample release in each format."""
    home = tmp_path_factory.mktemp("formats")
    for name, form in FORMATS.items():
        form.write(Release.open(written), home / name)
    return {name: home / name for name in FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_recognised(folders, name):
    assert open_folder(folders[name])[0] == name


def test_a_release_is_recognised(written):
    assert open_folder(written)[0] == "likeness"


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(ReleaseError, match="is neither a release nor a folder in the formats videoalign"):
        open_folder(tmp_path)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_release_gives_the_same_files(written, folders, empty, name):
    FORMATS[name].write(Release.open(written), empty / "again")

    def tree(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    assert tree(empty / "again") == tree(folders[name])


@pytest.mark.parametrize("name", FORMATS)
def test_an_existing_folder_is_refused(written, empty, name):
    with pytest.raises(ReleaseError, match="exists already"):
        FORMATS[name].write(Release.open(written), empty)


@pytest.mark.parametrize("name", ["videoalign", "identity-grpo"])
def test_a_release_without_media_is_refused_whole(empty, name):
    sample = make_sample(media=False)
    for row in sample.tables["people"]:
        row["references"] = [{**part, "image": None} for part in row["references"]]
    write_release(empty / "bare", sample.rows(), info=make_info(), splits=sample.splits)

    with pytest.raises(ReleaseError, match="has no media"):
        FORMATS[name].write(Release.open(empty / "bare"), empty / "out")

    assert [path.name for path in empty.iterdir()] == ["bare"]


# ---------------------------------------------------------------- JSONL


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("media", [True, False])
def test_jsonl_holds_every_row(folders, written, table, media):
    _, source = open_folder(folders["jsonl"])
    release = Release.open(written)

    for split in release.splits:
        assert list(source.rows(table, split, media=media)) == list(release.rows(table, split, media=media))


def test_jsonl_describes_itself(folders):
    description = json.loads((folders["jsonl"] / "schema.json").read_text())

    for table, columns in description["tables"].items():
        line = json.loads((folders["jsonl"] / table / "train.jsonl").read_text().splitlines()[0])
        assert line.keys() == columns.keys()
    assert description["tables"]["comparisons"]["preference"] == {
        "about": "Which side keeps the people better; missing where the judgments settle nothing.",
        "type": {"names": ["a", "b", "tie", "both_bad"], "_type": "ClassLabel"},
    }


def test_jsonl_holds_releases_without_media(empty):
    sample = make_sample(media=False)
    write_release(empty / "bare", sample.rows(), info=make_info(), splits=sample.splits)
    FORMATS["jsonl"].write(Release.open(empty / "bare"), empty / "out")

    clips = list(open_folder(empty / "out")[1].rows("clips", media=True))
    assert {row["video"] for row in clips} == {None}


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda line: line.replace('"video": "media', '"video": "../media'), "leaves the folder"),
        (lambda line: line.replace('.mp4"', '.avi"'), "there is no file"),
        (lambda line: "{" + line, "train.jsonl, line 1: not a row of clips"),
    ],
)
def test_damaged_jsonl_is_named(written, empty, damage, sentence):
    FORMATS["jsonl"].write(Release.open(written), empty / "out")
    path = empty / "out" / "clips" / "train.jsonl"
    path.write_text(damage(path.read_text()))

    with pytest.raises(ReleaseError, match=sentence):
        list(open_folder(empty / "out")[1].rows("clips", media=True))


def test_changed_media_of_jsonl_are_found(written, empty):
    FORMATS["jsonl"].write(Release.open(written), empty / "out")
    path = next((empty / "out" / "media" / "clips").iterdir())
    path.write_bytes(b"other")

    with pytest.raises(ReleaseError, match="was changed"):
        list(open_folder(empty / "out")[1].rows("clips", media=True))


# ---------------------------------------------------------------- VideoAlign


def test_videoalign_has_what_the_trainer_reads(folders, written):
    """The columns of VideoAlign's README, paths below the data folder, labels A, B and same."""
    release = Release.open(written)
    clips = {row["sha256"]: row for row in release.rows("clips")}
    wanted = {row["comparison_id"]: row for row in release.rows("comparisons") if row["preference"]}

    for split in release.splits:
        for line in lines_of(folders["videoalign"] / f"{split}.csv"):
            row = wanted.pop(line["comparison_id"])
            assert line["prompt"] == row["prompt"]
            assert line["SA"] == {"a": "A", "b": "B", "tie": "same", "both_bad": "same"}[row["preference"]]
            assert line["origin"] == row["origin"]
            for side, key in (("A", "clip_a"), ("B", "clip_b")):
                content = (folders["videoalign"] / line[f"path_{side}"]).read_bytes()
                assert content == release.clip_bytes(row[key])
                assert float(line[f"fps_{side}"]) == clips[row[key]]["fps"]
                assert float(line[f"num_frames_{side}"]) == clips[row[key]]["frames"]
            # One picture for each person, as the trainers count people by pictures.
            pictures = line["ref_paths"].split(";")
            assert len(pictures) == len(row["people"])
            for picture, person in zip(pictures, row["people"], strict=True):
                content = (folders["videoalign"] / picture).read_bytes()
                assert content == release.reference_bytes(person["references"][0])
    assert not wanted


def test_videoalign_says_what_it_leaves_out(written, empty):
    result = FORMATS["videoalign"].write(Release.open(written), empty / "out")

    assert sum(result.rows.values()) == 11
    assert result.left_out == ["2 comparisons without a settled preference were left out."]


def test_videoalign_comes_back(folders, written):
    release = Release.open(written)
    _, source = open_folder(folders["videoalign"])

    held = (
        "comparison_id",
        "origin",
        "prompt",
        "people",
        "clip_a",
        "clip_b",
        "preference",
        "chosen",
        "rejected",
        "prob_a",
        "prob_tie",
        "prob_b",
        "source",
        *("edited_side", "recipe", "severity", "schedule", "onset_frame", "reserved_for_test"),
    )
    settled = {row["comparison_id"]: row for row in release.rows("comparisons") if row["preference"]}
    for split in release.splits:
        read = list(source.rows("comparisons", split))
        assert read == [
            {name: row[name] for name in held}
            for row in release.rows("comparisons", split)
            if row["preference"]
        ]
    of_pairs = {row[side] for row in settled.values() for side in ("clip_a", "clip_b")}
    clips = {row["sha256"]: row for row in release.rows("clips", media=True) if row["sha256"] in of_pairs}
    read_clips = {row["sha256"]: row for row in source.rows("clips", media=True)}
    assert read_clips.keys() == clips.keys()
    for sha256, row in read_clips.items():
        facts = ("video", "fps", "fps_fraction", "frames", "generator", "subjects")
        assert {name: row[name] for name in facts} == {name: clips[sha256][name] for name in facts}
    people = {row["person_id"]: row for row in release.rows("people", media=True)}
    for row in source.rows("people", media=True):
        wanted = people[row["person_id"]]
        assert row["procedural"] == wanted["procedural"]
        assert [part["image"]["bytes"] for part in row["references"]] == [
            part["image"]["bytes"] for part in wanted["references"]
        ]


@pytest.fixture
def foreign(empty: Path) -> Path:
    """A folder as VideoAlign's own example has it: no columns of ours, one file of references for everybody."""
    (empty / "videos").mkdir()
    for name, number in (("one_A", 0), ("one_B", 1)):
        (empty / "videos" / f"{name}.mp4").write_bytes(video_bytes(number))
    for name, number in (("ann", 0), ("bob", 1)):
        (empty / f"{name}.jpg").write_bytes(image_bytes(number))
    (empty / "train.csv").write_text(
        "path_A,path_B,prompt,VQ,SA,fps_A,num_frames_A,fps_B,num_frames_B,ref_paths\n"
        "videos/one_A.mp4,./videos/one_B.mp4,they talk,B,A,24.0,126.0,23.976023976,152.0,ann.jpg;bob.jpg\n"
    )
    return empty


def test_somebody_elses_videoalign_folder_is_read(foreign):
    _, source = open_folder(foreign)

    (row,) = source.rows("comparisons")
    assert (row["origin"], row["preference"]) == ("published", "a")
    assert [person["person_id"] for person in row["people"]] == ["ann", "bob"]
    a, b = source.rows("clips", media=True)
    assert (a["frames"], a["fps_fraction"], b["fps_fraction"]) == (126, "24/1", "24000/1001")
    assert b["video"]["bytes"] == video_bytes(1)
    assert [row["references"][0]["image"]["bytes"] for row in source.rows("people", media=True)] == [
        image_bytes(0),
        image_bytes(1),
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (",SA,", ",TA,", "has no column SA"),
        (",B,A,24", ",B,left,24", "line 2: SA is 'left', which is none of A, B, same"),
        ("videos/one_A.mp4", "../../etc/passwd", "line 2: '../../etc/passwd' leaves the folder"),
        ("videos/one_A.mp4", "videos/none.mp4", "line 2: there is no file 'videos/none.mp4'"),
        ("ann.jpg", "cid.jpg", "there is no file 'cid.jpg'"),
        (",24.0,", ",fast,", "'fast' is not a number"),
        ("bob.jpg\n", "bob.jpg,more,cells\n", "line 2: more cells than the header"),
    ],
)
def test_a_wrong_line_is_named(foreign, old, new, sentence):
    path = foreign / "train.csv"
    path.write_text(path.read_text().replace(old, new))

    with pytest.raises(ReleaseError, match=sentence):
        open_folder(foreign)


def test_other_encodings_are_refused(foreign):
    path = foreign / "train.csv"
    path.write_bytes(path.read_text().replace("they talk", "sie plaudern schön").encode("latin-1"))

    with pytest.raises(ReleaseError, match="cannot be read as CSV in UTF-8"):
        open_folder(foreign)


# ---------------------------------------------------------------- Identity-GRPO


def test_identity_grpo_has_what_the_trainer_reads(folders, written):
    """`prompt` and `ref_paths` by name; the pictures open from within the folder."""
    release = Release.open(written)

    for split in release.splits:
        lines = lines_of(folders["identity-grpo"] / f"{split}.csv")
        wanted = {
            (row["prompt"], tuple(person["references"][0] for person in row["people"]))
            for row in release.rows("comparisons", split)
        }
        assert len(lines) == len(wanted)
        origins = {origin for line in lines for origin in line["origins"].split(";")}
        assert origins <= {"human", "published", "simulated", "synthetic"}
        for line in lines:
            pictures = [
                (folders["identity-grpo"] / path).read_bytes() for path in line["ref_paths"].split(";")
            ]
            (references,) = [
                refs for prompt, refs in wanted if pictures == [*map(release.reference_bytes, refs)]
            ]
            assert (line["prompt"], references) in wanted


def test_identity_grpo_comes_back(folders, written):
    release = Release.open(written)
    _, source = open_folder(folders["identity-grpo"])

    for split in release.splits:
        assert [(row["prompt"], row["people"]) for row in source.rows("comparisons", split)] == list(
            {
                json.dumps(row["people"]): (row["prompt"], row["people"])
                for row in release.rows("comparisons", split)
            }.values()
        )
    people = {row["person_id"]: row for row in release.rows("people", media=True)}
    for row in source.rows("people", media=True):
        wanted = people[row["person_id"]]
        assert row["procedural"] == wanted["procedural"]
        assert [part["image"]["bytes"] for part in row["references"]] == [
            part["image"]["bytes"] for part in wanted["references"]
        ]


def test_identity_grpo_always_has_the_two_files_that_the_trainer_opens(empty):
    sample = make_sample(2)
    sample.requested = {"train": 100}
    write_release(empty / "r", sample.rows(), info=make_info(), splits=sample.splits)

    FORMATS["identity-grpo"].write(Release.open(empty / "r"), empty / "out")

    assert (empty / "out" / "test.csv").read_text() == "ref_paths,prompt,subjects,procedural,origins\n"


# ---------------------------------------------------------------- names of people

keys = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(key=keys)
def test_any_key_is_a_safe_name_and_comes_back(key):
    name = file_name(key)

    assert key_of(name) == key
    assert name == name.strip()
    assert ";" not in name
    assert "/" not in name
    assert not name.startswith(".")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=10,
    deadline=None,
)
@given(names=st.lists(keys, min_size=1, max_size=3, unique=True), references=st.integers(0, 2), prompt=keys)
def test_people_of_any_name_survive_each_format(tmp_path_factory, names, references, prompt):
    people = [person_row(name, references=references) for name in names]
    a, b = clip_row(0, names), clip_row(1, names)
    comparison = comparison_row("c", a, b, people, "b", prompt=prompt, n_judgments=0, marks=[])
    sample = Sample(people=people, clips=[a, b], comparisons=[comparison], judgments=[])
    sample.requested = {"train": 100}
    home = tmp_path_factory.mktemp("names")
    groups = Groups()
    groups.add_comparison(a["sha256"], b["sha256"], people=names)
    write_release(home / "r", sample.rows(), info=make_info(), splits=sample.splits)

    for name, form in FORMATS.items():
        form.write(Release.open(home / "r"), home / name)
        (row,) = open_folder(home / name)[1].rows("comparisons")
        assert (row["prompt"], row["people"]) == (prompt, comparison["people"]), name


# ---------------------------------------------------------------- checksums


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_carries_checksums_that_sha256sum_reads(folders, name):
    result = subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folders[name], check=False
    )

    assert result.returncode == 0
    assert verify_release(folders[name]) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_changed_foreign_or_missing_file_of_each_format_is_found(written, empty, name):
    FORMATS[name].write(Release.open(written), empty / "out")
    changed, missing, *_ = sorted(path for path in (empty / "out").rglob("*.*") if path.is_file())
    changed.write_bytes(changed.read_bytes() + b"x")
    missing.unlink()
    (empty / "out" / "extra").touch()

    assert sorted(verify_release(empty / "out")) == sorted(
        [
            f"{changed.relative_to(empty / 'out')} was changed: its sha256 is not the one in SHA256SUMS.",
            f"{missing.relative_to(empty / 'out')} is missing.",
            "extra is not part of the release: SHA256SUMS does not list it.",
        ]
    )


def test_every_format_that_is_offered_has_its_writer() -> None:
    assert (LIKENESS, *FORMATS) == FORMAT_NAMES
