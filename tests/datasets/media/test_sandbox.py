"""The child process in which clips are decoded: what it makes, and that each of its limits really ends it."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datasets.media.errors import MediaError
from datasets.media.limits import MIB, Limits
from datasets.media.probe import probe
from datasets.media.sandbox import SandboxError, prepare_clip, run_limited
from datasets.media.write import write_video

LIMITS = Limits(wall_seconds=300.0)
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    frames = np.random.default_rng(0).integers(0, 255, (12, 64, 96, 3), dtype=np.uint8)
    write_video(frames, tmp_path / "clip.mp4", fps=12)
    return tmp_path / "clip.mp4"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def misbehave(how: str, work: Path, limits: Limits = LIMITS, **arguments: Any) -> dict[str, Any]:
    return run_limited(
        f"tests.datasets.media.misbehaving:{how}", arguments, name="clip.mp4", work=work, limits=limits
    )


def test_a_clip_becomes_three_files_and_two_sets_of_facts(clip: Path, tmp_path: Path) -> None:
    prepared = prepare_clip(clip, tmp_path / "out", limits=LIMITS)
    assert prepared.probe == probe(clip)
    assert prepared.playback == probe(prepared.files.playback)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["clip.mp4", "filmstrip.jpg", "poster.jpg"]
    with Image.open(prepared.files.poster) as poster:
        assert poster.size == (96, 64)


def test_progress_rises_to_one(clip: Path, tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    prepare_clip(clip, tmp_path / "out", limits=LIMITS, on_progress=lambda *step: seen.append(step))
    shares = [share for share, _ in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_refused_file_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("not a video at all\n" * 50)
    with pytest.raises(MediaError, match=r"^notes\.mp4 is not a video: it holds text\.$"):
        prepare_clip(tmp_path / "notes.mp4", tmp_path / "out", limits=LIMITS)
    assert list((tmp_path / "out").iterdir()) == []


def test_cancelling_kills_the_child_and_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(share: float, step: str) -> None:
        raise CancelledError

    with pytest.raises(CancelledError):
        prepare_clip(clip, tmp_path / "out", limits=LIMITS, on_progress=cancel)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("how", "limits", "sentence"),
    [
        ("spin", {"cpu_seconds": 1}, "took more processor time than a clip may take"),
        ("spin", {"wall_seconds": 1.0}, "took longer to decode than a clip may take"),
        ("allocate", {"memory_bytes": 1024 * MIB}, "needs more than 1.1 GB of memory to decode"),
        ("write", {"output_bytes": MIB}, "would become larger than 1 MB as a playback copy"),
        ("crash", {}, "made the decoder crash"),
    ],
)
def test_a_file_that_drives_the_decoder_over_a_limit_is_refused(
    work: Path, how: str, limits: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(MediaError, match=f"^clip.mp4 {sentence}.$"):
        misbehave(how, work, replace(LIMITS, **limits))
    assert not (work / "clip.mp4").exists() or (work / "clip.mp4").stat().st_size <= MIB


def test_children_of_the_child_are_killed_too(work: Path) -> None:
    class CancelledError(Exception):
        pass

    def cancel(share: float, grandchild: str) -> None:
        raise CancelledError(grandchild)

    with pytest.raises(CancelledError) as cancelled:
        run_limited(
            "tests.datasets.media.misbehaving:sleep_with_a_child",
            {},
            name="clip.mp4",
            work=work,
            limits=LIMITS,
            on_progress=cancel,
        )
    assert _ends_soon(int(str(cancelled.value)))


PARENT = """
import sys
from pathlib import Path
from datasets.media.sandbox import run_limited
work, pid_file = sys.argv[1:]
run_limited("tests.datasets.media.misbehaving:sleep", {"pid_file": pid_file}, name="clip.mp4", work=Path(work))
"""


def test_the_child_of_a_killed_parent_ends(work: Path) -> None:
    pid_file = work / "pid"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(work), str(pid_file)], cwd=REPOSITORY)
    try:
        while not (pid_file.exists() and pid_file.read_text()):
            assert parent.poll() is None
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
    assert _ends_soon(int(pid_file.read_text()))


def _ends_soon(pid: int) -> bool:
    for _ in range(1200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("how", ["be_killed", "raise_error", "babble", "no_such_function"])
def test_what_does_not_lie_in_the_file_is_not_blamed_on_it(work: Path, how: str) -> None:
    with pytest.raises(SandboxError):
        misbehave(how, work)


def test_the_child_sees_neither_our_environment_nor_our_files(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://secret")
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        seen = misbehave("look_around", work)
    assert "DATABASE_URL" not in seen["environment"]
    assert not [name for name in seen["open_files"] if "secret" in name]
    assert Path(seen["folder"]) == work
