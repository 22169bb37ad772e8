"""What the names in a folder without a manifest say."""

from pathlib import Path

import pytest

from datasets.importing.folder import find_manifest, read_folder
from datasets.importing.pairing import plan_pairs


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def pairs(folder: Path) -> set[frozenset[str]]:
    planned, problems = plan_pairs(read_folder(folder).rows)
    assert not problems
    return {frozenset((pair.a.name, pair.b.name)) for pair in planned}


def test_scene_and_generator_in_the_name(tmp_path: Path) -> None:
    fill(
        tmp_path, "two_friends__vace.mp4", "two_friends__phantom.webm", "a_dance__vace.mp4", "0001__vace.mp4"
    )
    rows = {row.name: row for row in read_folder(tmp_path).rows}
    assert rows["two_friends__vace.mp4"].prompt == "two friends"
    assert rows["two_friends__vace.mp4"].generator == "vace"
    assert rows["0001__vace.mp4"].prompt == "", "a number describes nothing"
    assert pairs(tmp_path) == {frozenset(("two_friends__vace.mp4", "two_friends__phantom.webm"))}


def test_a_folder_for_each_generator(tmp_path: Path) -> None:
    fill(tmp_path, "vace/0001.mp4", "phantom/0001.mp4", "vace/0002.mp4", "phantom/0002.mp4", "vace/0003.mp4")
    rows = {row.name: row for row in read_folder(tmp_path).rows}
    assert rows["vace/0001.mp4"].generator == "vace"
    assert rows["vace/0003.mp4"].generator == "", "no other folder has that scene"
    assert pairs(tmp_path) == {
        frozenset(("vace/0001.mp4", "phantom/0001.mp4")),
        frozenset(("vace/0002.mp4", "phantom/0002.mp4")),
    }


def test_a_folder_for_each_pair(tmp_path: Path) -> None:
    fill(tmp_path, "first/a.mp4", "first/b.mp4", "second/a.mp4", "second/b.mp4")
    assert pairs(tmp_path) == {
        frozenset(("first/a.mp4", "first/b.mp4")),
        frozenset(("second/a.mp4", "second/b.mp4")),
    }


def test_other_clips_are_taken_and_in_no_pair(tmp_path: Path) -> None:
    fill(tmp_path, "one.mp4", "two.MOV", "notes.txt", ".hidden.mp4", ".cache/x.mp4")
    assert [row.name for row in read_folder(tmp_path).rows] == ["one.mp4", "two.MOV"]
    assert pairs(tmp_path) == set()


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, "outside.mp4", "clips/one.mp4")
    (tmp_path / "clips" / "link.mp4").symlink_to(tmp_path / "outside.mp4")
    parsed = read_folder(tmp_path / "clips")
    assert [row.name for row in parsed.rows] == ["one.mp4"]
    assert [str(problem) for problem in parsed.problems] == ["link.mp4: leaves the folder of the manifest"]


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    [problem] = read_folder(tmp_path).problems
    assert problem.reason == "holds neither a manifest nor a video"


@pytest.mark.parametrize("name", ["import.csv", "import.jsonl", "manifest.csv", "manifest.jsonl"])
def test_a_manifest_in_the_folder_is_found(tmp_path: Path, name: str) -> None:
    assert find_manifest(tmp_path) is None
    (tmp_path / name).write_text("clip\n")
    assert find_manifest(tmp_path) == tmp_path / name
