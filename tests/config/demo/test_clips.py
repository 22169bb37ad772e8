import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.demo.clips import (
    GENERATORS,
    MANIFEST,
    PROCEDURAL,
    SCENES,
    VIEWS,
    scene_clip,
    write_demo_clips,
)
from datasets.cast import render
from datasets.media.probe import probe


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / MANIFEST).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_each_scene_is_there_once_for_each_generator(tmp_path: Path) -> None:
    scenes = [replace(SCENES[number], frames=15) for number in (0, 2)]  # both with the same person
    folders = list(write_demo_clips(tmp_path, scenes, workers=1))
    assert len(folders) == len(scenes)
    pictures = []
    for folder, scene in zip(folders, scenes, strict=True):
        rows = rows_of(folder)
        assert {row["prompt"] for row in rows} == {scene.prompt}
        assert [row["generator"] for row in rows] == list(GENERATORS)
        for row in rows:
            facts = probe(folder / row["clip"])
            assert (facts.width, facts.height, facts.frames) == (640, 360, scene.frames)
            assert row["subjects"].split(";") == [PROCEDURAL[person] for person in scene.people]
        for entry in filter(None, rows[0]["references"].split(";")):
            owner, _, name = entry.partition("=")
            assert (folder / name).is_file()
            pictures.append((owner, name))
    # Everybody is shown once from every side, whatever the number of scenes they are in.
    people = {person for scene in scenes for person in scene.people}
    assert len(pictures) == len(set(pictures)) == len(people) * len(VIEWS)


@pytest.mark.parametrize("number", range(len(SCENES)))
def test_each_scene_can_be_drawn(number: int) -> None:
    clip = scene_clip(SCENES[number], "Steady", 1)
    picture, truth = next(render(clip))
    assert picture.shape == (360, 640, 3)
    assert len(truth.faces) == len(SCENES[number].people)


@pytest.mark.parametrize("number", range(len(SCENES)))
def test_generators_differ_in_identity_alone(number: int) -> None:
    steady, drifter, swapper = (scene_clip(SCENES[number], generator, 1) for generator in GENERATORS)
    assert (steady.seed, steady.place, steady.events) == (drifter.seed, drifter.place, drifter.events)
    changed = SCENES[number].changed
    for i, course in enumerate(steady.courses):
        first = [clip.courses[i].at(0).vector for clip in (steady, drifter, swapper)]
        assert all(np.array_equal(vector, first[0]) for vector in first)
        moved = not np.array_equal(
            drifter.courses[i].at(SCENES[number].frames - 1).vector, course.base.vector
        )
        assert moved == (i == changed)
    other = (changed + 1) % len(steady.courses)
    last = swapper.courses[changed].at(SCENES[number].frames - 1).vector
    assert np.array_equal(last, steady.courses[other].base.vector)


def test_a_scene_that_is_there_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "cast-1"
    folder.mkdir()
    (folder / MANIFEST).write_text("mine")
    assert next(write_demo_clips(tmp_path)) == folder
    assert [path.name for path in folder.iterdir()] == [MANIFEST]
