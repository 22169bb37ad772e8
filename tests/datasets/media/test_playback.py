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

from datasets.media import make_filmstrip, make_playback, make_poster, read_frames, write_video
from datasets.media.encode import PLAYBACK
from tests.datasets.media.clips import moving_square


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
