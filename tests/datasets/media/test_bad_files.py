"""What a file that is damaged, hostile or no video at all gets: one sentence with its name and the reason."""

import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.media.errors import MediaError, display_name
from datasets.media.limits import Limits
from datasets.media.playback import make_playback
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.sandbox import prepare_clip
from tests.datasets.media.clips import cut, encode, grey_levels, moving_square, noise


def sentence(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(MediaError) as caught:
        make_playback(path, path.with_name("copy.mp4"), limits=limits or Limits())
    assert not path.with_name("copy.mp4").exists()
    return str(caught.value)


def make_text(path: Path) -> None:
    path.write_text("Dear all,\nplease find the clips attached.\n" * 40)


def make_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clip.mp4", b"0" * 1000)


def make_headless(path: Path) -> None:
    # The index of an MP4 is at its end, unless it was moved.
    cut(encode(path, noise(40)), 0.6)


def make_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("gone.mp4"))


def make_looping_link(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "does not exist"),
        (Path.touch, "is empty (0 bytes)"),
        (Path.mkdir, "is a folder, not a video file"),
        (os.mkfifo, "is not a regular file"),
        (make_dangling_link, "is a link to a file that does not exist"),
        (make_looping_link, "cannot be opened (too many levels of symbolic links)"),
        (make_text, "is not a video: it holds text"),
        (make_zip, "is not a video: it is a ZIP archive"),
        (
            lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(500)),
            "is not a video: it is a JPEG picture",
        ),
        (
            lambda path: path.write_bytes(os.urandom(3000)),
            "is not a video, or of a kind that is not read here",
        ),
        (
            make_headless,
            "is damaged: the index that players need is missing or unreadable, as when a copy or upload was cut off",
        ),
    ],
)
def test_what_is_no_video_is_named_and_explained(
    tmp_path: Path, make: Callable[[Path], object], reason: str
) -> None:
    path = tmp_path / "clip_07.mp4"
    make(path)
    assert sentence(path) == f"clip_07.mp4 {reason}."


@pytest.mark.parametrize("codec", ["libx264", "libvpx"])
def test_a_file_cut_off_is_refused_and_says_how_much_is_there(tmp_path: Path, codec: str) -> None:
    path = encode(tmp_path / "cut.mkv", noise(40), codec=codec, container="matroska", fps=10)
    assert sentence(cut(path, 0.5)).startswith("cut.mkv is damaged: it ends after ")


def test_a_copy_cut_off_within_a_group_is_refused(tmp_path: Path) -> None:
    encode(tmp_path / "source.mkv", noise(40), container="matroska")
    make_playback(tmp_path / "source.mkv", tmp_path / "cut.mp4")
    assert sentence(cut(tmp_path / "cut.mp4", 0.7)).startswith("cut.mp4 is damaged: only ")


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_a_playlist_cannot_make_us_read_another_file(tmp_path: Path, playlist: str) -> None:
    other = encode(tmp_path / "other.mp4", moving_square(5))
    path = tmp_path / "clip.mp4"
    path.write_text(playlist.format(other))
    assert sentence(path) == "clip.mp4 is not a video: it is a playlist."


@pytest.mark.parametrize("name", ["http:clip.mp4", "concat:a|b.mp4", "%03d.mp4", "-i.mp4", "a\nb.mp4"])
def test_a_name_is_never_taken_for_anything_else(tmp_path: Path, name: str) -> None:
    assert probe(encode(tmp_path / "plain.mp4", moving_square(5)).rename(tmp_path / name)).frames == 5


def test_a_picture_larger_than_its_header_says_is_not_decoded(tmp_path: Path) -> None:
    path = encode(tmp_path / "clip.webm", moving_square(5), codec="libvpx", container="webm")
    data = bytearray(path.read_bytes())
    # Width and height of a VP8 key frame follow its start code (RFC 6386, 9.1): 16383 each.
    size_at = data.index(b"\x9d\x01\x2a") + 3
    data[size_at : size_at + 4] = b"\xff\x3f\xff\x3f"
    path.write_bytes(data)
    with pytest.raises(MediaError, match="is damaged: none of its pictures can be decoded"):
        prepare_clip(path, tmp_path / "out", limits=Limits(wall_seconds=30.0))


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(frames=20), "has more frames than a clip may have (20)"),
        (Limits(video_seconds=2.5), "lasts 3.0 s, longer than a clip may be (2.5 s)"),
        (Limits(pixels=64 * 64), "has pictures of 96×64, larger than a clip may be (0.0 million pixels)"),
        (Limits(input_bytes=1000), "is larger than a clip may be (7.4 KB, limit 1.0 KB)"),
    ],
)
def test_a_clip_beyond_a_limit_is_told_the_limit(tmp_path: Path, limits: Limits, reason: str) -> None:
    path = encode(tmp_path / "long.mp4", moving_square(30))
    path.write_bytes(path.read_bytes().ljust(7400, b"\0"))
    assert sentence(path, limits) == f"long.mp4 {reason}."


def test_a_gap_that_would_fill_the_disk_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "gap.mkv", grey_levels(3), container="matroska", times_ms=[0, 17, 500_000])
    assert (
        sentence(path, Limits(frames=1000)) == "gap.mkv would have more frames than a clip may have (1000)."
    )


def test_pictures_too_small_to_judge_are_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "dot.mp4", moving_square(3, 16, 16)[:, :8, :8])
    assert "8×8, too small to judge" in sentence(path)


def test_names_are_made_safe_to_show() -> None:
    assert (
        display_name("/tmp/x/evil\n\x1b[31m.mp4")
        == "evil\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}[31m.mp4"
    )
    assert len(display_name("a" * 500)) == 80
    assert display_name("") == "the file"


@settings(max_examples=60, deadline=None)
@given(
    source=st.sampled_from(["mp4", "matroska", "avi", "mpegts"]),
    where=st.lists(st.floats(0, 1), max_size=8),
    value=st.integers(0, 255),
    kept=st.floats(0.05, 1),
)
def test_any_damage_ends_in_a_clip_or_a_sentence(
    damaged_sources: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    source: str,
    where: list[float],
    value: int,
    kept: float,
) -> None:
    data = bytearray(damaged_sources[source])
    for place in where:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path_factory.mktemp("damaged") / "clip.bin"
    path.write_bytes(data[: max(1, int(kept * len(data)))])
    # Any other error fails the test.
    with suppress(MediaError):
        make_playback(path, path.with_name("copy.mp4"), limits=Limits(frames=500, video_seconds=60))
    assert not [left for left in path.parent.iterdir() if left.suffix == ".part"]


@pytest.fixture(scope="module")
def damaged_sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("sources")
    codecs = {"mp4": "libx264", "matroska": "libvpx", "avi": "mpeg4", "mpegts": "libx264"}
    return {
        name: encode(folder / name, moving_square(12), codec=codec, container=name).read_bytes()
        for name, codec in codecs.items()
    }


REAL = {
    "all_black.mp4": 50,
    "audio_only.mp4": "has sound but no video",
    "bit_errors.mp4": r"is damaged: \d+ of its 77 frames cannot be decoded properly",
    "jpeg_renamed.mp4": "is not a video: it is a JPEG picture",
    "odd_size_353x287.mp4": 77,
    "one_frame.mp4": 1,
    "rotated_metadata_90.mp4": 77,
    "text_renamed.mp4": "is not a video: it holds text",
    "truncated_half.mp4": r"is damaged: only \d+ of its 77 frames are there",
    "truncated_no_index.mp4": "is damaged: the index that players need is missing or unreadable, .*",
    "upstream_corrupted.mp4": r"is damaged: \d of its 50 frames cannot be decoded properly",
    "upstream_failing_audio.mp4": 280,
    "upstream_no_duration.webm": 74,
    "variable_frame_rate.mp4": 88,
    "zero_byte.mp4": r"is empty \(0 bytes\)",
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), REAL.items())
def test_each_real_broken_file_gets_a_copy_or_its_reason(
    shared_data: Path, tmp_path: Path, name: str, expected: int | str
) -> None:
    path = shared_data / "broken" / name
    if isinstance(expected, str):
        with pytest.raises(MediaError, match=f"^{name} {expected}\\.$"):
            prepare_clip(path, tmp_path / "out")
    else:
        prepared = prepare_clip(path, tmp_path / "out")
        assert prepared.playback.frames == expected
        assert not prepared.playback.variable_rate
        assert prepared.playback.width % 2 == prepared.playback.height % 2 == 0


def test_every_real_broken_file_is_in_the_table(shared_data: Path) -> None:
    assert {path.name for path in (shared_data / "broken").iterdir()} == set(REAL)


def test_a_rotated_real_clip_equals_its_upright_one(shared_data: Path) -> None:
    upright = read_frames(shared_data / "clips" / "magref_multiface_1.mp4", [40])[0].astype(int)
    turned = read_frames(shared_data / "broken" / "rotated_metadata_90.mp4", [40])[0].astype(int)
    assert abs(upright - turned).mean() < 6
