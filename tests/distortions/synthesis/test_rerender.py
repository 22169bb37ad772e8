"""Clips of the procedural cast, drawn anew."""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest

from datasets.cast import draw_clip, drift, gather, load_truth, render, save_truth
from datasets.cast.clip import prepare
from datasets.cast.identity import draw_identity
from distortions.synthesis.errors import SynthesisError
from distortions.synthesis.gate import LEAST_PSNR, changed_area, psnr
from distortions.synthesis.procedural import procedural_of
from distortions.synthesis.recipe import Material, apply_edits, effective_strengths
from distortions.synthesis.recipes.rerender import MODES, RECIPE, RerenderParams
from distortions.synthesis.scene import Scene, Subject
from distortions.synthesis.schedule import Schedule

FRAMES = 10
SIZE = (192, 108)


@lru_cache(maxsize=1)
def drawn():
    """Return a short clip of two people, its truth, and its scene."""
    clip = draw_clip(4, 2, frames=FRAMES, size=SIZE, fps=Fraction(24), events=())
    pictures, truths = zip(*render(clip), strict=True)
    truth = gather(list(truths), clip, events=())
    ones = np.ones(FRAMES, np.float32)
    subjects = tuple(Subject(f"person {p}", truth.landmarks[:, p], ones, ones) for p in (1, 0))
    return np.stack(pictures), truth, Scene(FRAMES, 24, SIZE, subjects)


def material():
    _, truth, scene = drawn()
    return Material(scene, procedural=procedural_of(truth))


def apply(**values):
    frames = drawn()[0]
    params = RerenderParams(**values)
    edits = RECIPE.prepare(frames, material(), params)
    return frames, apply_edits(frames, edits, params), edits, effective_strengths(FRAMES, edits, params)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_changes_the_person_and_nothing_before_onset(mode):
    frames, after, _, strengths = apply(mode=mode, schedule=Schedule(kind="linear", onset=0.4))
    quiet = strengths.max(axis=0) == 0
    assert quiet.sum() == 4
    assert np.array_equal(frames[quiet], after[quiet])
    assert (frames[-1] != after[-1]).any(axis=2).mean() > 0.002


def test_the_other_person_keeps_every_byte():
    frames, after, _, _ = apply(mode="drift", schedule=Schedule(kind="constant"))
    _, truth, _ = drawn()
    x0, y0, x1, y1 = truth.boxes[5, 0].round().astype(int)
    assert np.array_equal(frames[5, y0:y1, x0:x1], after[5, y0:y1, x0:x1])


@pytest.mark.parametrize("stranger", [1, 77, 405])
def test_nothing_changes_but_hair_face_and_shoulders(stranger):
    frames, after, edits, _ = apply(mode="drift", stranger=stranger, schedule=Schedule(kind="constant"))
    for index in (0, 5, 9):
        outside = ~changed_area(drawn()[2], edits, index)
        assert outside.mean() > 0.3
        assert psnr(frames[index], after[index], outside) > LEAST_PSNR


def test_a_full_drift_is_the_stranger_as_the_cast_would_draw_it():
    _, after, _, _ = apply(mode="drift", stranger=77, schedule=Schedule(kind="constant"))
    expected = material().procedural.draw(5, {1: draw_identity(77)})
    assert np.abs(after[5].astype(int) - expected).max() <= 1


def test_the_same_seed_gives_the_same_bytes_and_the_clip_is_left_alone():
    before = drawn()[0].copy()
    first = apply(mode="swap", schedule=Schedule(kind="step", onset=0.5))[1]
    again = apply(mode="swap", schedule=Schedule(kind="step", onset=0.5))[1]
    assert first.tobytes() == again.tobytes()
    assert np.array_equal(drawn()[0], before)


def test_some_frames_alone_are_drawn_as_in_the_whole_clip():
    frames, whole, _, _ = apply(mode="drift", schedule=Schedule(kind="constant"))
    params = RerenderParams(mode="drift", schedule=Schedule(kind="constant"))
    part = apply_edits(
        frames[[2, 7]], RECIPE.prepare(frames[[2, 7]], material().part([2, 7]), params), params
    )
    assert np.array_equal(part, whole[[2, 7]])


def test_a_swap_names_both_people():
    edits = apply(mode="swap", schedule=Schedule(kind="constant"))[2]
    assert [(edit.subject, edit.donor) for edit in edits] == [(0, "person 0"), (1, "person 1")]


def test_a_clip_that_was_not_drawn_is_refused():
    frames, truth, scene = drawn()
    params = RerenderParams(schedule=Schedule(kind="constant"))
    with pytest.raises(SynthesisError, match="no truth beside it"):
        RECIPE.prepare(frames, Material(scene), params)
    with pytest.raises(SynthesisError, match="not what its truth file would draw"):
        RECIPE.prepare(np.roll(frames, 30, axis=2), material(), params)
    far = tuple(replace(s, points=s.points + 60) for s in scene.subjects)
    moved = Material(replace(scene, subjects=far), procedural=procedural_of(truth))
    with pytest.raises(SynthesisError, match="is none of the cast"):
        RECIPE.prepare(frames, moved, params)


@pytest.mark.parametrize(
    "asked", [{}, {"events": ("cross", "object"), "place": "kitchen", "moving": ("expression",)}]
)
def test_a_clip_is_drawn_anew_as_it_was_whatever_was_left_to_the_seed(asked, tmp_path):
    clip = draw_clip(5, 2, frames=5, size=SIZE, fps=Fraction(2), **asked)
    pictures, truths = zip(*render(clip), strict=True)
    path = tmp_path / "clip.truth.npz"
    save_truth(gather(list(truths), clip, events=prepare(clip).script.events), path)
    source = procedural_of(load_truth(path))
    for number in (0, 2, 4):
        assert np.array_equal(source.draw(number, {}), pictures[number])


def test_a_clip_that_parts_later_from_its_truth_is_refused():
    frames = drawn()[0].copy()
    frames[FRAMES // 2 :] = np.roll(frames[FRAMES // 2 :], 20, axis=2)
    with pytest.raises(SynthesisError, match="not what its truth file would draw"):
        RECIPE.prepare(frames, material(), RerenderParams(schedule=Schedule(kind="constant")))


def test_a_clip_that_drifts_already_is_refused():
    clip = draw_clip(4, 1, frames=3, size=SIZE, fps=Fraction(24), events=())
    course = drift(clip.courses[0].base, draw_identity(3), start=0, end=2)
    truths = [truth for _, truth in render(replace(clip, courses=(course,)))]
    truth = gather(truths, clip, events=())
    with pytest.raises(SynthesisError, match="already"):
        procedural_of(truth)
