"""Facts of clips of all kinds, made here and real."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from datasets.media.facts import Probe
from datasets.media.playback import make_playback
from datasets.media.probe import probe
from tests.datasets.media.clips import encode, moving_square


@pytest.mark.parametrize(
    ("name", "codec", "container", "expected"),
    [
        ("a.mp4", "libx264", "mp4", ("mp4", "h264")),
        ("a.mov", "libx264", "mov", ("mov", "h264")),
        ("a.mkv", "libx264", "matroska", ("matroska", "h264")),
        ("a.webm", "libvpx", "webm", ("webm", "vp8")),
        ("b.webm", "libvpx-vp9", "webm", ("webm", "vp9")),
        ("a.avi", "mpeg4", "avi", ("avi", "mpeg4")),
        ("a.ts", "libx264", "mpegts", ("mpegts", "h264")),
    ],
)
def test_every_container_gives_the_same_facts(
    tmp_path: Path, name: str, codec: str, container: str, expected: tuple[str, str]
) -> None:
    facts = probe(encode(tmp_path / name, moving_square(20), codec=codec, container=container))
    assert (facts.container, facts.codec) == expected
    assert (facts.width, facts.height, facts.frames) == (96, 64, 20)
    assert facts.fps == 10
    assert facts.duration_s == pytest.approx(2.0)
    assert (facts.variable_rate, facts.has_audio, facts.rotation) == (False, False, 0)


def test_a_rate_that_milliseconds_cannot_hold_is_still_exact(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mkv", moving_square(60), container="matroska", fps=Fraction(30000, 1001))
    assert probe(clip).fps == Fraction(30000, 1001)


def test_uneven_time_stamps_make_the_rate_variable(tmp_path: Path) -> None:
    clip = encode(
        tmp_path / "a.mkv", moving_square(5), container="matroska", times_ms=[0, 100, 200, 650, 700]
    )
    facts = probe(clip)
    assert facts.variable_rate
    assert 5 < facts.fps < 8
    assert facts.duration_s == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_size_is_as_shown(tmp_path: Path, rotation: int) -> None:
    clip = encode(tmp_path / "a.mp4", moving_square(3), rotation=rotation)
    facts = probe(clip)
    assert facts.rotation == rotation
    assert (facts.width, facts.height) == ((96, 64) if rotation == 180 else (64, 96))


def test_pixels_are_made_square(tmp_path: Path) -> None:
    clip = encode(tmp_path / "a.mp4", moving_square(3), aspect=Fraction(4, 3))
    assert (probe(clip).width, probe(clip).height) == (128, 64)


def test_a_clip_trimmed_by_its_edit_list_shows_what_is_left(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", moving_square(30), keyframe_every=5)
    data = bytearray(path.read_bytes())
    # ISO/IEC 14496-12, 8.6.6: version and flags, count, then the duration of the first edit, here in ms.
    duration_at = data.index(b"elst") + 12
    data[duration_at : duration_at + 4] = (1000).to_bytes(4, "big")
    path.write_bytes(data)
    assert probe(path).frames == 10
    assert make_playback(path, tmp_path / "copy.mp4").frames == 10


def test_facts_survive_json(tmp_path: Path) -> None:
    facts = probe(encode(tmp_path / "a.mp4", moving_square(3), fps=Fraction(24000, 1001)))
    assert Probe.from_json(json.loads(json.dumps(facts.as_json()))) == facts


def test_real_clips_have_the_published_facts(shared_data: Path) -> None:
    items = json.loads((shared_data / "manifest.json").read_text())["items"]
    clips = [item for item in items if item["kind"] == "clip"]
    assert clips
    for item in clips:
        facts = probe(shared_data / item["path"])
        assert (facts.codec, facts.frames) == (item["codec"], item["frames"]), item["path"]
        assert float(facts.fps) == pytest.approx(item["fps"], abs=0.001), item["path"]
        assert facts.has_audio == ("audio_codec" in item), item["path"]
        assert facts.height == item["height"], item["path"]
