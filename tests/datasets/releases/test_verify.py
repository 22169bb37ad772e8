import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.releases.manifest import FileEntry, Manifest, file_sha256, read_manifest
from datasets.releases.reader import Release
from datasets.releases.schema import added_after, tables
from datasets.releases.verify import verify_release
from datasets.releases.writer import write_release

from .samples import Sample, clip_row, make_info, make_sample


@pytest.fixture
def release(written: Path, tmp_path: Path) -> Path:
    """A copy of the release that a test may damage."""
    return Path(shutil.copytree(written, tmp_path / "release"))


def write(sample: Sample, target: Path, rows=None) -> list[str]:
    write_release(target, rows or sample.rows(), info=make_info(), splits=sample.splits)
    return verify_release(target)


def test_a_whole_release_has_no_findings(written):
    assert verify_release(written) == []


def test_so_has_one_without_media(tmp_path):
    assert write(make_sample(media=False), tmp_path / "r") == []


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
    deadline=None,
)
@given(data=st.data())
def test_any_edited_byte_is_found(written, tmp_path_factory, data):
    folder = Path(shutil.copytree(written, tmp_path_factory.mktemp("edited") / "r"))
    path = data.draw(st.sampled_from(sorted(path for path in folder.rglob("*") if path.is_file())))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    assert verify_release(folder)


def test_an_edited_file_is_named(release):
    path = release / "data/clips/train-00000-of-00001.parquet"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)

    assert verify_release(release)[0] == (
        "data/clips/train-00000-of-00001.parquet was changed: its sha256 is not the one in release.json."
    )


def test_a_missing_file_is_found(release):
    (release / "README.md").unlink()

    assert "README.md is missing." in verify_release(release)


def test_a_foreign_file_is_found(release):
    (release / "data" / "notes.txt").write_text("x")

    assert (
        verify_release(release)[0]
        == "data/notes.txt is not part of the release: release.json does not list it."
    )


def test_what_a_checkout_adds_is_passed_over(release):
    (release / ".gitattributes").write_text("x")
    (release / ".cache" / "huggingface").mkdir(parents=True)
    (release / ".cache" / "huggingface" / "x").write_text("x")

    assert verify_release(release) == []


def test_a_file_behind_a_link_does_not_count(release, tmp_path):
    path = release / "README.md"
    path.rename(tmp_path / "elsewhere.md")
    path.symlink_to(tmp_path / "elsewhere.md")

    assert "README.md is missing." in verify_release(release)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "is not a release: it has no release.json"),
        ("{", "cannot be read"),
        ("[]", "is not the manifest of a release"),
        ('{"schema_version": 99}', "has schema version 99; this program reads version 3"),
        ('{"schema_version": 1, "checksum": "x"}', "was changed after it was written"),
    ],
)
def test_a_damaged_manifest_is_one_sentence(release, text, sentence):
    path = release / "release.json"
    path.unlink()
    if text is not None:
        path.write_text(text)

    (finding,) = verify_release(release)
    assert sentence in finding


def rewrite_manifest(folder: Path, **changes) -> None:
    manifest = read_manifest(folder)
    (folder / "release.json").write_text(Manifest(**{**vars(manifest), **changes}).render())


def test_a_wrong_count_is_found_even_with_a_fitting_checksum(release):
    counts = json.loads(json.dumps(read_manifest(release).counts))
    counts["judgments"]["train"] += 1
    rewrite_manifest(release, counts=counts)

    assert verify_release(release) == [
        "release.json counts 10 rows of judgments in train, while its files add up to 9."
    ]


def test_a_wrong_schema_is_found_even_with_fitting_checksums(release):
    path = release / "data/people/test-00000-of-00001.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("extra", pa.array([1] * len(table))), path)
    entries = [
        FileEntry(**{**vars(entry), "bytes": path.stat().st_size, "sha256": file_sha256(path)})
        if entry.path == str(path.relative_to(release))
        else entry
        for entry in read_manifest(release).files
    ]
    rewrite_manifest(release, files=tuple(entries))

    assert verify_release(release) == [
        "data/people/test-00000-of-00001.parquet has not the schema of people."
    ]


def test_a_release_of_the_first_version_is_read_without_what_came_later(release, sample):
    entries = []
    for entry in read_manifest(release).files:
        if entry.table is not None:
            path = release / entry.path
            first = tables(version=1)[entry.table]
            table = pq.read_table(path).select([column.name for column in first.columns])
            pq.write_table(table.replace_schema_metadata(first.arrow_schema().metadata), path)
            facts = {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
            entry = FileEntry(**{**vars(entry), **facts})
        entries.append(entry)
    rewrite_manifest(release, files=tuple(entries), schema_version=1)

    assert verify_release(release) == []
    opened = Release.open(release)
    rows = {row["comparison_id"]: row for row in opened.rows("comparisons")}
    for written in sample.tables["comparisons"]:
        assert rows[written["comparison_id"]] == {**written, **added_after(1)["comparisons"]}
    (some, *_) = opened.rows("comparisons", columns=["comparison_id", "tracks_reported"])
    assert some.keys() == {"comparison_id", "tracks_reported"}


@pytest.mark.parametrize(
    ("table", "change", "sentence"),
    [
        ("comparisons", {"clip_a": "f" * 64}, "names a clip that is not in clips: ffffffffffff…"),
        (
            "comparisons",
            {"chosen": None, "rejected": None},
            "prefers a, which its chosen and rejected clips do not",
        ),
        ("comparisons", {"prob_a": 0.9}, "has probabilities that do not add up to 1"),
        ("comparisons", {"n_judgments": 2}, "The comparison c0 claims 2 judgments; 1 are there."),
        (
            "comparisons",
            {"people_preferences": [{"person_id": "nobody"}]},
            "a preference for nobody, who is not",
        ),
        (
            "comparisons",
            {"marks": [{"side": "b", "kind": "swap", "frame": 6}]},
            "has a mark at frame 6, which side b does not have",
        ),
        (
            "comparisons",
            {"tracks_reported": [{"person_id": "nobody", "n_open": 1, "n_resolved": 0}]},
            "has the tracks of nobody reported, who is not one of its people",
        ),
        (
            "comparisons",
            {"tracks_reported": [{"person_id": None, "n_open": 0, "n_resolved": 0}]},
            "has tracks reported by nobody",
        ),
        ("comparisons", {"origin": "simulated"}, "simulated and human judgments never mix"),
        ("comparisons", {"origin": "synthetic"}, "is synthetic without its recipe and edited side"),
        ("judgments", {"comparison_id": "c99"}, "The judgment c0-j judges c99, which is not in comparisons."),
        ("judgments", {"supersedes": "x"}, "The judgment c0-j takes back x, which is not there."),
        ("judgments", {"people": [{"person_id": "nobody"}]}, "judges nobody, who is not one of"),
        (
            "clips",
            {"sha256": "e" * 64},
            "The clip eeeeeeeeeeee… has a file whose sha256 is not eeeeeeeeeeee…",
        ),
        ("clips", {"subjects": ["nobody"]}, "names nobody, who is not in people"),
        ("clips", {"frames": 0}, "has a size, rate or length that no video has"),
        ("people", {"person_id": "person-1-0"}, "The person person-1-0 is there twice."),
        ("people", {"references": []}, "names a reference of person-0-0 that is not in people"),
    ],
)
def test_each_broken_rule_is_a_sentence(sample, tmp_path, table, change, sentence):
    first = sample.tables[table][0]

    def rows():
        for name, split, row in sample.rows():
            yield name, split, {**row, **change} if row is first else row

    findings = write(sample, tmp_path / "r", rows())

    assert any(sentence in finding for finding in findings), findings


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"recipe": None}, "is synthetic without its recipe and edited side."),
        ({"severity": 6}, "has the severity 6, which is none of 1 to 5."),
        ({"severity": 2}, "has drift 2 on side b, whose clip has drift 3."),
        ({"onset_frame": 6}, "can be seen to change from frame 6 on, which its clip does not have."),
        ({"edited_side": "a"}, "is synthetic and prefers a with a as the edited side."),
        (
            {"preference": None, "chosen": None, "rejected": None},
            "prefers nothing with b as the edited side.",
        ),
    ],
)
def test_a_synthetic_comparison_that_contradicts_itself_is_found(sample, tmp_path, change, finding):
    def rows():
        for table, split, row in sample.rows():
            yield table, split, {**row, **change} if row.get("origin") == "synthetic" else row

    findings = write(sample, tmp_path / "r", rows())

    assert any(finding in each for each in findings), findings


def test_what_is_reserved_for_tests_and_elsewhere_is_found(sample, tmp_path):
    def rows():
        for table, split, row in sample.rows():
            yield table, split, {**row, "reserved_for_test": True} if table == "comparisons" else row

    findings = write(sample, tmp_path / "r", rows())

    where = {split for table, split, _ in sample.rows() if table == "comparisons"} - {"test"}
    assert where
    assert all(any(f"is reserved for tests and in {split}." in each for each in findings) for split in where)
    assert not any("reserved for tests and in test" in each for each in findings)


def test_a_person_in_two_splits_is_found(sample, tmp_path):
    def rows():
        for table, split, row in sample.rows():
            home = "test" if row.get("comparison_id") == "c0" and table == "comparisons" else split
            yield table, home, row

    findings = write(sample, tmp_path / "r", rows())

    assert "The comparison c0 is in test and shows person-0-0, who is in train." in findings
    assert "The judgment c0-j is in train, its comparison in test." in findings


def test_a_distorted_copy_apart_from_its_source_is_found(tmp_path):
    source = clip_row(0, [])
    copy = clip_row(1, [], origin="distorted", source_clip=source["sha256"])
    sample = Sample(people=[], clips=[source, copy], comparisons=[], judgments=[])

    findings = write(sample, tmp_path / "r", [("clips", "train", source), ("clips", "test", copy)])

    assert findings == [f"The clip {copy['sha256'][:12]}… was made from one that is in another split."]


def test_very_many_findings_end_in_a_count(tmp_path):
    clips = [clip_row(number, ["nobody"], media=False) for number in range(250)]
    sample = Sample(people=[], clips=clips, comparisons=[], judgments=[])

    findings = write(sample, tmp_path / "r", [("clips", "train", row) for row in clips])

    assert len(findings) == 201
    assert findings[-1] == "And 50 more findings."


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"clip": "f" * 64}, "names a clip that is not in clips: ffffffffffff…."),
        ({"person_id": "nobody"}, "names nobody, who is not in people."),
        ({"quality": [0.5]}, "has not a box and a quality for each frame."),
        ({"sample_frames": [0]}, "has not an embedding for each sample."),
        ({"frames": [1, 0, 3]}, "has frames that do not rise."),
        ({"frames": [0, 1, 6]}, "has frames that its clip does not have."),
        ({"boxes": [[1.0, 2.0, 3.0]] * 3}, "has a box without four numbers."),
        ({"embeddings": [[1.0], [1.0, 0.0]]}, "has embeddings of different lengths."),
    ],
)
def test_a_track_that_does_not_fit_its_clip_is_found(tmp_path, change, finding):
    sample = make_sample()
    splits = sample.splits
    rows = list(sample.rows())
    place = next(number for number, (table, _, _) in enumerate(rows) if table == "tracks")
    _, split, row = rows[place]
    rows[place] = ("tracks", split, {**row, **change})

    write_release(tmp_path / "r", iter(rows), info=make_info(), splits=splits)

    assert verify_release(tmp_path / "r") == [f"The track {row['track_id'][:12]}… {finding}"]
