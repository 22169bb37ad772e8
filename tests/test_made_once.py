"""What tests share is made once, and never half."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.made_once import made_once


def count_me(folder: Path) -> None:
    with (folder.parent / "calls").open("a") as calls:
        calls.write("made\n")
    (folder / "film").write_text("whole")


def test_whoever_asks_meanwhile_waits_for_it(tmp_path: Path) -> None:
    """Threads stand for processes: the lock belongs to the opened file, and each opens it anew."""
    with ThreadPoolExecutor(4) as askers:
        asked = [askers.submit(made_once, tmp_path, "films", count_me) for _ in range(8)]
        assert [(place.result() / "film").read_text() for place in asked] == ["whole"] * 8
    assert (tmp_path / "calls").read_text() == "made\n"


def test_what_failed_half_way_is_made_anew(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "scrap").write_text("half")
        raise OSError

    with pytest.raises(OSError):
        made_once(tmp_path, "films", fail)
    assert not (tmp_path / "films").exists()
    place = made_once(tmp_path, "films", count_me)
    assert [path.name for path in place.iterdir()] == ["film"]
