import json
import os
import resource
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasets.releases.errors import ReleaseError
from datasets.releases.reader import Release
from datasets.releases.schema import COMPARISONS, MARK_KINDS, PREFERENCES, TABLES
from datasets.releases.splits import Groups
from datasets.releases.verify import verify_release
from datasets.releases.writer import write_release

from .samples import clip_row, comparison_row, make_info, make_sample, person_row

REPOSITORY = Path(__file__).resolve().parents[3]


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("table", TABLES)
def test_every_row_comes_back_as_it_was(written, sample, table):
    key = TABLES[table].key

    read = {row[key]: row for row in Release.open(written).rows(table, media=True)}

    assert read == {row[key]: row for row in sample.tables[table]}


def test_rows_lie_in_the_split_of_their_people(written, sample):
    release = Release.open(written)

    for split in release.splits:
        for row in release.rows("clips", split):
            assert sample.splits.of_clip(row["sha256"]) == split


def test_rows_without_media_are_read_without_the_bytes(written):
    release = Release.open(written)

    assert "video" not in next(release.rows("clips"))
    assert set(next(release.rows("people"))["references"][0]) == {"sha256", "name", "licence"}


def test_files_are_found_by_their_checksum(written, sample):
    release = Release.open(written)

    for row in sample.tables["clips"][::5]:
        assert release.clip_bytes(row["sha256"]) == row["video"]["bytes"]
    for reference in sample.tables["people"][-1]["references"]:
        assert release.reference_bytes(reference["sha256"]) == reference["image"]["bytes"]
    with pytest.raises(ReleaseError, match="has nothing with the sha256"):
        release.clip_bytes("0" * 64)


def test_the_same_rows_give_the_same_bytes(written, sample, empty):
    write_release(empty / "again", sample.rows(), info=make_info(), splits=sample.splits)

    assert tree(empty / "again") == tree(written)


def test_another_date_changes_the_card_and_manifest_alone(written, sample, empty):
    info = make_info(created="2026-12-24T18:00:00+00:00")
    write_release(empty / "later", sample.rows(), info=info, splits=sample.splits)

    later, before = tree(empty / "later"), tree(written)
    assert {name for name in before if later[name] != before[name]} == {"README.md", "release.json"}


def test_the_manifest_counts_and_lists_everything(written, sample):
    document = json.loads((written / "release.json").read_text())

    assert {table: sum(splits.values()) for table, splits in document["counts"].items()} == {
        table: len(rows) for table, rows in sample.tables.items()
    }
    assert {entry["path"] for entry in document["files"]} == tree(written).keys() - {"release.json"}
    assert document["summary"]["comparisons_by_origin"] == {
        "human": 10,
        "published": 1,
        "simulated": 1,
        "synthetic": 1,
    }
    assert document["summary"]["judgments"] == {"human": 10, "simulated": 1}
    assert document["info"]["tools"].keys() == {"likeness", "pyarrow"}
    assert list(document)[-1] == "checksum"


def test_large_tables_become_several_shards(sample, empty):
    manifest = write_release(
        empty / "small-shards",
        make_sample(40).rows(),
        info=make_info(),
        splits=make_sample(40).splits,
        shard_bytes=1,
    )

    shards = manifest.shards("clips", "train")
    assert [entry.path for entry in shards] == [
        f"data/clips/train-{number:05d}-of-{len(shards):05d}.parquet" for number in range(len(shards))
    ]
    assert verify_release(empty / "small-shards") == []


def test_a_shard_ends_near_its_size(empty):
    clips = [clip_row(number, []) for number in range(30)]
    big = [{**row, "video": {"bytes": os.urandom(2**20), "path": "x.mp4"}} for row in clips]
    groups = Groups()
    for row in big:
        groups.add_clip(row["sha256"], subjects=())
    splits = groups.assign({"train": 100}, seed=0)

    manifest = write_release(
        empty / "r",
        (("clips", "train", row) for row in big),
        info=make_info(),
        splits=splits,
        shard_bytes=2**23,
    )

    sizes = [entry.bytes / 2**20 for entry in manifest.shards("clips")]
    assert len(sizes) == 4
    assert all(size < 17 for size in sizes)
    # One or two clips lie in a row group, so that a reader who wants one reads little more.
    first = pq.ParquetFile(empty / "r" / manifest.shards("clips")[0].path)
    assert first.metadata.row_group(0).total_byte_size < 2**24


def test_clips_are_embedded_in_comparisons_on_request(sample, empty):
    videos = {row["sha256"]: row["video"] for row in sample.tables["clips"]}

    def rows():
        for table, split, row in sample.rows():
            if table == "comparisons":
                row = {**row, "video_a": videos[row["clip_a"]], "video_b": videos[row["clip_b"]]}
            yield table, split, row

    write_release(empty / "r", rows(), info=make_info(), splits=sample.splits, embed=True)

    row = next(Release.open(empty / "r").rows("comparisons", media=True))
    assert row["video_a"] == videos[row["clip_a"]]
    assert verify_release(empty / "r") == []


def test_an_existing_folder_is_never_touched(sample, empty):
    target = empty / "taken"
    target.mkdir()

    with pytest.raises(ReleaseError, match="exists already"):
        write_release(target, sample.rows(), info=make_info(), splits=sample.splits)

    assert list(empty.iterdir()) == [target]
    assert not list(target.iterdir())


def test_an_error_half_way_leaves_nothing(sample, empty):
    def rows():
        yield from islice(sample.rows(), 12)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_release(empty / "r", rows(), info=make_info(), splits=sample.splits)

    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"prompt": None}, "The row 'c0' of comparisons lacks its prompt."),
        ({"preference": "left"}, "wrong preference: 'left' is none of a, b, tie, both_bad"),
        ({"colour": 1}, "has an unknown column 'colour'"),
        ({"marks": [{"persona": "x"}]}, "unknown field 'persona'"),
        ({"marks": [{"kind": "wobble"}]}, "wrong marks: 'wobble' is none of drift, swap"),
        ({"n_judgments": "three"}, "The row 'c0' of comparisons has a wrong n_judgments: Could not convert"),
    ],
)
def test_a_row_that_does_not_fit_is_named(sample, empty, change, sentence):
    row = {**sample.tables["comparisons"][0], **change}

    with pytest.raises(ReleaseError, match=sentence):
        write_release(empty / "r", [("comparisons", "train", row)], info=make_info(), splits=sample.splits)

    assert list(empty.iterdir()) == []


def test_an_unknown_table_or_split_is_refused(sample, empty):
    with pytest.raises(ReleaseError, match="no table 'faces'"):
        write_release(empty / "r", [("faces", "train", {})], info=make_info(), splits=sample.splits)


WRITE = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {repository!r})
    from datasets.releases.errors import ReleaseError
    from datasets.releases.writer import write_release
    from tests.datasets.releases.samples import make_info, make_sample
    sample = make_sample()
    def rows():
        {before}
        for row in sample.rows():
            yield row
        {after}
    try:
        write_release(Path({target!r}), rows(), info=make_info(), splits=sample.splits)
    except ReleaseError as error:
        print(error)
"""


def run_writer(
    target: Path, *, before: str = "pass", after: str = "pass", **options
) -> subprocess.CompletedProcess:
    code = textwrap.dedent(WRITE).format(
        repository=str(REPOSITORY), target=str(target), before=before, after=after
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, **options
    )


def test_a_full_disk_leaves_nothing_and_is_said_in_a_sentence(empty):
    # The limit on the size of a file stands in for the disk: the write fails in the same place, half-way in a file.
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    result = run_writer(empty / "r", preexec_fn=limit)

    assert result.stdout.strip() == f"The disk of {empty} is full; nothing was written.", result.stderr
    assert list(empty.iterdir()) == []


def test_a_killed_writer_leaves_no_release_and_the_next_one_clears_up(sample, empty):
    killed = run_writer(empty / "r", after="import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    assert killed.returncode == -9
    assert not (empty / "r").exists()
    assert len(list(empty.glob(".r.partial-*"))) == 1

    write_release(empty / "r", sample.rows(), info=make_info(), splits=sample.splits)

    assert [path.name for path in empty.iterdir()] == ["r"]


def test_a_writer_at_work_is_not_cleared_away_by_another(sample, empty):
    def rows():
        # Another process writes the same release meanwhile, and is through first.
        assert run_writer(empty / "r").returncode == 0
        yield from sample.rows()

    with pytest.raises(ReleaseError, match="made by somebody else meanwhile"):
        write_release(empty / "r", rows(), info=make_info(), splits=sample.splits)

    assert [path.name for path in empty.iterdir()] == ["r"]
    assert verify_release(empty / "r") == []


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
marks = st.fixed_dictionaries(
    {
        "judgment_id": texts,
        "person_id": st.none() | texts,
        "side": st.sampled_from("ab"),
        "kind": st.sampled_from(MARK_KINDS),
        "frame": st.integers(0, 2**31 - 1),
    }
)
shares = st.floats(0, 1)
comparison_changes = st.fixed_dictionaries(
    {
        "prompt": texts,
        "preference": st.none() | st.sampled_from(PREFERENCES),
        "prob_a": st.none() | shares,
        "agreement": st.none() | shares,
        "marks": st.lists(marks, max_size=3),
        "onset_frame": st.none() | st.integers(-(2**31), 2**31 - 1),
        "edited_side": st.none() | st.sampled_from("ab"),
        "source": st.none() | texts,
    }
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=30,
    deadline=None,
)
@given(changes=st.lists(comparison_changes, max_size=5))
def test_any_row_survives_the_round_trip(tmp_path_factory, changes):
    people = [person_row("one", references=1)]
    a, b = clip_row(0, ["one"], media=False), clip_row(1, ["one"], media=False)
    rows = [comparison_row(f"c{number}", a, b, people, "a") | change for number, change in enumerate(changes)]
    groups = Groups()
    groups.add_comparison(a["sha256"], b["sha256"], people=["one"])
    folder = tmp_path_factory.mktemp("any") / "r"

    write_release(
        folder,
        (("comparisons", "train", row) for row in rows),
        info=make_info(),
        splits=groups.assign({"train": 100}, seed=0),
    )

    assert list(Release.open(folder).rows("comparisons")) == rows


def test_times_keep_their_microseconds(written):
    row = next(Release.open(written).rows("judgments"))

    assert row["created_at"] == datetime(2026, 11, 2, 9, 30, 5, 123456, tzinfo=UTC)


def test_rows_may_leave_out_what_is_not_required(sample, empty):
    row = {column.name: None for column in COMPARISONS.columns} | {
        "comparison_id": "bare",
        "origin": "human",
        "prompt": "",
        "people": [],
        "clip_a": "a",
        "clip_b": "b",
        "n_judgments": 0,
        "people_preferences": [],
        "marks": [],
    }
    bare = {name: value for name, value in row.items() if value is not None}

    write_release(empty / "r", [("comparisons", "train", bare)], info=make_info(), splits=sample.splits)

    assert list(Release.open(empty / "r").rows("comparisons")) == [row]
