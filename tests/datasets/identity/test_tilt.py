"""Heads on their side: tracks and embeddings are built on where the face is, at hardly any cost for upright ones."""

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from datasets.cast import Clip, draw_identity, draw_reference, held
from datasets.cast.clip import prepare
from datasets.cast.pose import Pose
from datasets.cast.references import VIEWS
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends.protocol import Detector
from datasets.identity.faces import Face
from datasets.identity.references import reference_read
from datasets.identity.tilt import UPRIGHT_SCORE, Lean, Righting
from datasets.media.write import write_video
from tests.datasets.identity.test_on_the_cast import png

LEANING = range(8, 24)
"""Frames in which the first head is tilted by 35 degrees clockwise; before that it goes over from upright."""
TILT = 35.0
ANNA, BELA = draw_identity(4060), draw_identity(4086)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Return two seconds of two people, of whom one leans, and where the truth has the landmarks (T, P, 5, 2)."""
    clip = Clip(
        9, (held(ANNA), held(BELA)), frames=24, fps=Fraction(12), size=(448, 252), place="studio", events=(), moving=()
    )  # fmt: skip
    stage = prepare(clip)
    parts = list(stage.script.parts)
    parts[0] = replace(parts[0], roll=np.radians(np.interp(np.arange(24), [2, 8], [0, TILT])))
    stage.script = replace(stage.script, parts=tuple(parts))
    drawn = [stage.draw(frame) for frame in range(clip.frames)]
    path = tmp_path_factory.mktemp("leaning") / "film.mp4"
    write_video((picture for picture, _ in drawn), path, fps=clip.fps)
    return path, np.array([[face.landmarks for face in truth.faces] for _, truth in drawn])


@pytest.fixture(scope="module")
def tracks(film, real_backend):
    """Return the tracks of the one who leans and of the other."""
    path, truth = film
    found = analyse_clip(path, real_backend).tracks
    middles = [np.nanmedian(truth[:, person].mean(axis=1), axis=0) for person in (0, 1)]
    return [
        min(found, key=lambda t: float(np.linalg.norm(t.landmarks.mean(axis=(0, 1)) - m))) for m in middles
    ]


def error(track, truth, person, frames):
    """Return how far landmarks lie from the truth, in distances between the eyes; per frame."""
    rows = np.isin(track.frames, frames)
    true = truth[track.frames[rows], person]
    eyes = np.linalg.norm(true[:, 1] - true[:, 0], axis=1)
    return np.linalg.norm(track.landmarks[rows] - true, axis=2).mean(axis=1) / eyes


def test_a_leaning_heads_landmarks_are_where_its_face_is(film, tracks):
    _, truth = film
    assert error(tracks[0], truth, 0, LEANING).mean() < 0.15
    assert error(tracks[1], truth, 1, range(24)).mean() < 0.12


def test_a_leaning_head_is_as_like_its_references_as_an_upright_one(tracks, real_backend):
    (reference,) = [reference_read(png(draw_reference(ANNA, "neutral", side=256)), real_backend).embedding]
    alike = tracks[0].embeddings @ reference
    upright, leaning = (
        np.median(alike[[(f in frames) for f in tracks[0].sample_frames]]) for frames in (range(3), LEANING)
    )
    assert leaning > 0.7  # 0.3 on the landmarks that the detector gives
    assert leaning > upright - 0.15


@pytest.mark.parametrize("side", [256, 768])
def test_a_leaning_reference_is_as_good_as_an_upright_one(real_backend, monkeypatch, side):
    monkeypatch.setitem(VIEWS, "leaning", replace(VIEWS["neutral"], pose=Pose(roll=np.radians(-40))))
    upright, leaning = (
        reference_read(png(draw_reference(ANNA, view, side=side)), real_backend).embedding
        for view in ("neutral", "leaning")
    )
    assert leaning @ upright > 0.75  # 0.1 to 0.6 on the landmarks that the detector gives


def test_a_head_that_was_found_surely_is_not_asked_about(real_backend):
    def refuse(frame, index):
        raise AssertionError("asked again")

    marks = np.array([[40, 40], [80, 40], [60, 60], [45, 80], [75, 80]], np.float32)
    face = Face(np.array([20, 10, 100, 110], np.float32), marks, score=UPRIGHT_SCORE)
    righting = Righting(cast(Detector, SimpleNamespace(detect=refuse)), fps=24.0)
    assert righting.righted(np.zeros((120, 120, 3), np.uint8), face, 0, Lean()) is face
