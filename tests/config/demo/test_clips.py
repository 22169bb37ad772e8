import csv
from fractions import Fraction
from pathlib import Path

import pytest

from config.demo.clips import FPS, GENERATORS, MANIFEST, SCENES, write_demo_clips
from datasets.media import probe, read_frames
from datasets.media.frame_code import read_frame_code


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / MANIFEST).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_each_scene_is_there_once_for_each_generator(tmp_path: Path) -> None:
    folders = list(write_demo_clips(tmp_path))
    assert len(folders) == len(SCENES)
    for folder, scene in zip(folders, SCENES, strict=True):
        rows = rows_of(folder)
        assert {row["prompt"] for row in rows} == {scene.prompt}
        assert [row["generator"] for row in rows] == [generator.name for generator in GENERATORS]
        for row in rows:
            facts = probe(folder / row["clip"])
            assert (facts.fps, facts.width, facts.height, facts.frames) == (
                Fraction(FPS),
                640,
                360,
                scene.frames,
            )
            references = row["references"].split(";")
            assert len(references) == len(row["subjects"].split(";")) == len(scene.figures)
            assert all((folder / reference).is_file() for reference in references)


def test_frames_of_a_written_clip_still_say_their_number(tmp_path: Path) -> None:
    folder = next(write_demo_clips(tmp_path))
    frames = read_frames(folder / rows_of(folder)[0]["clip"])
    assert [read_frame_code(frame) for frame in frames] == list(range(SCENES[0].frames))


def test_a_scene_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folder = next(write_demo_clips(tmp_path))
    clip = folder / rows_of(folder)[0]["clip"]
    clip.write_bytes(b"mine")
    assert next(write_demo_clips(tmp_path)) == folder
    assert clip.read_bytes() == b"mine"
