"""Frames as arrays."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from datasets.media.errors import MediaError
from datasets.media.probe import probe
from datasets.media.read import iter_frames, read_frames
from datasets.media.write import write_video
from tests.datasets.media.clips import cut, encode, grey_levels, moving_square


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    write_video(grey_levels(10), tmp_path / "levels.mp4", fps=10)
    return tmp_path / "levels.mp4"


def numbers(frames: np.ndarray) -> list[int]:
    return [round(float(frame.mean()) / 16) for frame in frames]


def test_all_frames_come_in_order(levels: Path) -> None:
    frames = read_frames(levels)
    assert frames.shape == (10, 64, 96, 3)
    assert frames.dtype == np.uint8
    assert numbers(frames) == list(range(10))


def test_indices_keep_their_order_and_repeats(levels: Path) -> None:
    assert numbers(read_frames(levels, [7, 2, 2, 9])) == [7, 2, 2, 9]


def test_no_indices_give_no_frames(levels: Path) -> None:
    assert read_frames(levels, []).shape == (0, 64, 96, 3)


def test_an_index_beyond_the_end_is_an_error(levels: Path) -> None:
    with pytest.raises(IndexError, match="has no frame 10: it has 10"):
        read_frames(levels, [3, 10])
    with pytest.raises(IndexError, match="has no frame -1"):
        read_frames(levels, [-1])


def test_frames_are_scaled_to_fit(levels: Path) -> None:
    assert read_frames(levels, [0], max_size=48).shape == (1, 32, 48, 3)
    assert read_frames(levels, [0], max_size=4000).shape == (1, 64, 96, 3)


def test_frames_with_reordering_come_in_display_order(tmp_path: Path) -> None:
    clip = encode(tmp_path / "b-frames.mkv", grey_levels(15), container="matroska")
    assert numbers(read_frames(clip)) == list(range(15))


def test_an_array_beyond_the_bound_is_refused_and_iterating_is_not(levels: Path) -> None:
    with pytest.raises(MediaError, match="as one array of 10 frames of 96×64"):
        read_frames(levels, max_bytes=64 * 96 * 3 * 9)
    assert [index for index, _ in iter_frames(levels)] == list(range(10))


def test_what_is_readable_of_a_damaged_clip_is_read(tmp_path: Path) -> None:
    clip = cut(encode(tmp_path / "cut.mkv", grey_levels(15), container="matroska"), 0.8)
    found = [index for index, _ in iter_frames(clip)]
    assert 0 < len(found) < 15


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_frames_are_upright(tmp_path: Path, rotation: int) -> None:
    upright = moving_square(2, 64, 48)
    upright[:, :20, :20] = 250
    turns = rotation // 90
    # A player turns the stored picture counter-clockwise; what is stored is turned the other way.
    stored = np.ascontiguousarray(np.rot90(upright, -turns, axes=(1, 2)))
    clip = encode(tmp_path / "turned.mp4", stored, rotation=rotation)
    shown = read_frames(clip)
    assert shown.shape == upright.shape
    assert np.abs(shown.astype(int) - upright).mean() < 6


def test_a_written_frame_comes_back_nearly_as_it_was(tmp_path: Path) -> None:
    frames = moving_square(12)
    facts = write_video(iter(frames), tmp_path / "clip.mp4", fps=Fraction(24000, 1001))
    assert facts == probe(tmp_path / "clip.mp4")
    assert facts.fps == Fraction(24000, 1001)
    assert np.abs(read_frames(tmp_path / "clip.mp4").astype(int) - frames).mean() < 3


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "at least one frame"),
        ([np.zeros((64, 64, 3), np.float32)], "uint8"),
        ([np.zeros((64, 64), np.uint8)], "uint8"),
        ([np.zeros((8, 64, 3), np.uint8)], "at least 16"),
        ([np.zeros((64, 64, 3), np.uint8), np.zeros((32, 64, 3), np.uint8)], "one size"),
    ],
)
def test_wrong_frames_are_refused_and_leave_no_file(
    tmp_path: Path, frames: list[np.ndarray], message: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ValueError, match=message):
        write_video(frames, folder / "clip.mp4", fps=25)
    assert list(folder.iterdir()) == []
