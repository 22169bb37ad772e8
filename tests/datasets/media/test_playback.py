"""The playback copy: one structure for every clip, the right pictures, and the same bytes each time."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datasets.media.encode import PLAYBACK
from datasets.media.frame_code import read_frame_code, stamp_frame_code
from datasets.media.pictures import make_filmstrip, make_poster
from datasets.media.playback import make_playback
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.write import write_video
from tests.datasets.media.clips import encode, grey_levels, moving_square


def keyframes(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        assert [packet.pts for packet in packets] == [packet.dts for packet in packets], "there are B-frames"
        return [index for index, packet in enumerate(packets) if packet.is_keyframe]


def test_a_copy_is_h264_without_sound_and_with_its_index_in_front(tmp_path: Path) -> None:
    write_video(moving_square(), tmp_path / "source.mp4", fps=25)
    copy = make_playback(tmp_path / "source.mp4", tmp_path / "copy.mp4")
    assert (copy.container, copy.codec, copy.pix_fmt, copy.has_audio) == ("mp4", "h264", "yuv420p", False)
    assert (copy.width, copy.height, copy.frames) == (96, 64, 30)
    assert copy.fps == 25
    data = (tmp_path / "copy.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@settings(max_examples=15, deadline=None)
@given(
    frames=st.integers(1, 60),
    width=st.integers(16, 120),
    height=st.integers(16, 120),
    fps=st.sampled_from(
        [Fraction(8), Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60)]
    ),
)
def test_any_length_size_and_rate_survives_the_copy(
    tmp_path_factory: pytest.TempPathFactory, frames: int, width: int, height: int, fps: Fraction
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    write_video(moving_square(frames, width, height), folder / "source.mp4", fps=fps)
    copy = make_playback(folder / "source.mp4", folder / "copy.mp4")
    assert (copy.frames, copy.width, copy.height) == (frames, width // 2 * 2, height // 2 * 2)
    assert copy.fps == fps or frames == 1
    assert not copy.variable_rate
    assert keyframes(folder / "copy.mp4") == list(range(0, frames, PLAYBACK.keyframe_every))


def test_the_same_clip_gives_the_same_bytes(tmp_path: Path) -> None:
    write_video(moving_square(), tmp_path / "source.mp4", fps=25)
    for name in ("one.mp4", "two.mp4"):
        make_playback(tmp_path / "source.mp4", tmp_path / name)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_no_trace_of_program_or_source_is_left(tmp_path: Path) -> None:
    write_video(moving_square(), tmp_path / "model-a.mp4", fps=25)
    make_playback(tmp_path / "model-a.mp4", tmp_path / "copy.mp4")
    data = (tmp_path / "copy.mp4").read_bytes()
    assert not [trace for trace in (b"x264", b"Lav", b"model-a", b"crf=") if trace in data]


def test_colours_survive(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (200, 120, 60)]
    frames = np.stack([np.full((64, 64, 3), colour, np.uint8) for colour in colours])
    write_video(frames, tmp_path / "source.mp4", fps=5)
    make_playback(tmp_path / "source.mp4", tmp_path / "copy.mp4")
    shown = read_frames(tmp_path / "copy.mp4")[:, 32, 32].astype(int)
    assert np.abs(shown - colours).max() <= 3


def test_pictures_of_a_clip(tmp_path: Path) -> None:
    write_video(moving_square(48, 160, 90), tmp_path / "clip.mp4", fps=24)
    assert make_poster(tmp_path / "clip.mp4", tmp_path / "poster.jpg") in (23, 24)
    tile = make_filmstrip(tmp_path / "clip.mp4", tmp_path / "strip.jpg")
    with Image.open(tmp_path / "strip.jpg") as strip:
        assert (strip.format, strip.size) == ("JPEG", (12 * tile[0], tile[1]))
        lefts = [
            int(np.argmax(np.asarray(strip)[45, t * tile[0] : (t + 1) * tile[0], 0] > 150)) for t in range(12)
        ]
    assert all(earlier < later for earlier, later in pairwise(lefts))


@settings(max_examples=8, deadline=None)
@given(first=st.integers(0, 65000), width=st.sampled_from([320, 640, 832]))
def test_a_frame_code_survives_copying_and_halving(
    tmp_path_factory: pytest.TempPathFactory, first: int, width: int
) -> None:
    folder = tmp_path_factory.mktemp("coded")
    frames = moving_square(6, width, width * 9 // 16)
    for index, frame in enumerate(frames):
        stamp_frame_code(frame, first + index)
    write_video(frames, folder / "source.mp4", fps=24)
    make_playback(folder / "source.mp4", folder / "copy.mp4")
    shown = read_frames(folder / "copy.mp4", max_size=width // 2)
    assert [read_frame_code(frame) for frame in shown] == [first + index for index in range(6)]


def test_two_clips_of_the_same_facts_have_the_same_headers(tmp_path: Path) -> None:
    encode(tmp_path / "a.avi", moving_square(30), codec="mpeg4", container="avi")
    encode(tmp_path / "b.mkv", moving_square(30)[::-1], container="matroska", fps=Fraction(10))
    headers = []
    for source in ("a.avi", "b.mkv"):
        make_playback(tmp_path / source, tmp_path / "copy.mp4")
        headers.append(facts_in_header((tmp_path / "copy.mp4").read_bytes()))
    assert headers[0] == headers[1]


def facts_in_header(data: bytes) -> dict[bytes, bytes]:
    """Return the boxes of an MP4's index that do not list its samples' sizes and places."""
    boxes = (b"ftyp", b"mvhd", b"tkhd", b"mdhd", b"hdlr", b"avcC", b"colr", b"stts", b"stss")
    found = {}
    for box in boxes:
        at = data.index(box)
        found[box] = data[at : at - 4 + int.from_bytes(data[at - 4 : at], "big")]
    return found


def test_a_variable_rate_is_made_constant_and_keeps_its_times(tmp_path: Path) -> None:
    times_ms = [0, 100, 200, 500, 600, 1000]
    encode(tmp_path / "a.mkv", grey_levels(6), container="matroska", times_ms=times_ms)
    copy = make_playback(tmp_path / "a.mkv", tmp_path / "copy.mp4")
    assert copy.fps == 10
    assert not copy.variable_rate
    levels = [round(float(frame.mean()) / 16) for frame in read_frames(tmp_path / "copy.mp4")]
    assert levels == [0, 1, 2, 2, 2, 3, 4, 4, 4, 4, 5]


def test_a_large_clip_is_scaled_down(tmp_path: Path) -> None:
    encode(tmp_path / "large.mp4", moving_square(2, 2000, 1130))
    copy = make_playback(tmp_path / "large.mp4", tmp_path / "copy.mp4")
    assert (copy.width, copy.height) == (1920, 1084)


@pytest.mark.parametrize(
    ("pix_fmt", "width", "height"),
    [("yuv444p", 97, 65), ("yuv422p", 96, 65), ("yuv420p10le", 96, 64), ("yuvj420p", 96, 64)],
)
def test_other_pixel_formats_become_the_one(tmp_path: Path, pix_fmt: str, width: int, height: int) -> None:
    source = encode(tmp_path / "a.mp4", moving_square(3, width, height), pix_fmt=pix_fmt)
    copy = make_playback(source, tmp_path / "copy.mp4")
    assert (copy.pix_fmt, copy.width, copy.height) == ("yuv420p", 96, 64)
    shown = read_frames(tmp_path / "copy.mp4").astype(int)
    assert np.abs(shown - read_frames(source)[:, :64, :96]).mean() < 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "carphone_176x144.mp4",
        "bunny_vp8_noface.webm",
        "magref_multiface_2_hevc.mp4",
        "magref_multiface_5_vp9.webm",
        "magref_multiface_5_vertical.mp4",
        "magref_multihuman_10_mpeg4.avi",
        "magref_multihuman_11.mkv",
        "magref_multihuman_13_av1.webm",
    ],
)
def test_copies_of_real_clips_show_the_same_frames(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = shared_data / "clips" / name
    copy = make_playback(source, tmp_path / "copy.mp4")
    facts = probe(source)
    assert (copy.frames, copy.fps) == (facts.frames, facts.fps)
    assert keyframes(tmp_path / "copy.mp4") == list(range(0, copy.frames, PLAYBACK.keyframe_every))
    small = max(copy.width, copy.height) // 4
    shown = read_frames(tmp_path / "copy.mp4", max_size=small).astype(int)
    original = read_frames(source, max_size=small).astype(int)
    rows, columns = np.minimum(shown.shape[1:3], original.shape[1:3])
    assert np.abs(shown[:, :rows, :columns] - original[:, :rows, :columns]).mean() < 3
