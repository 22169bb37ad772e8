"""A real face model (dlib's, which is always here) on film of the procedural cast, where the truth is known."""

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from PIL import Image

from datasets.cast import Clip, draw_identity, draw_reference, drift, held, render
from datasets.cast.references import VIEWS
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import backend_load
from datasets.identity.errors import ReferencePictureError
from datasets.identity.matching import match_tracks
from datasets.identity.metrics.measure import measure
from datasets.identity.references import Person, reference_read
from datasets.media.write import write_video

# On one worker, which makes each film once.
pytestmark = pytest.mark.xdist_group("dlib on the cast")

ANNA, BELA, STRANGER = (draw_identity(seed) for seed in (4060, 4086, 4074))


@pytest.fixture(scope="module")
def dlib():
    return backend_load("dlib")


def png(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="module")
def people(dlib):
    people = []
    for name, identity in (("anna", ANNA), ("bela", BELA)):
        pictures = [png(draw_reference(identity, view, side=256)) for view in ("neutral", "left", "smiling")]
        references = tuple(reference_read(picture, dlib, name=name) for picture in pictures)
        people.append(Person(name, references, dlib.space))
    return people


@pytest.fixture(scope="module")
def measured(dlib, people, tmp_path_factory):
    """Return a function from a course and what else moves to the metrics of two seconds of film, each made once."""
    folder = tmp_path_factory.mktemp("film")
    known: dict[tuple[float, tuple[str, ...]], Any] = {}

    def measured(amount: float = 0.0, moving: tuple[str, ...] = ()):
        if (amount, moving) not in known:
            course = drift(ANNA, STRANGER, start=0, end=23, amount=amount) if amount else held(ANNA)
            clip = Clip(
                9, (course, held(BELA)), frames=24, fps=Fraction(12), size=(448, 252), place="studio", events=(),
                moving=moving,
            )  # fmt: skip
            path = folder / f"{len(known)}.mp4"
            write_video((picture for picture, _ in render(clip)), path, fps=clip.fps)
            analysis = analyse_clip(path, dlib)
            known[amount, moving] = measure(analysis, match_tracks(analysis, people), people)
        return known[amount, moving]

    return measured


@pytest.mark.slow
def test_metrics_follow_the_size_of_a_drift(measured):
    steps = [measured(amount) for amount in (0.0, 0.5, 1.0)]
    first = [step.people[0] for step in steps]

    assert np.all(np.diff([p.similarity for p in first]) < -0.02)
    assert np.all(np.diff([p.worst for p in first]) < -0.02)
    assert np.all(np.diff([p.fcb_random_pairs for p in first]) > 0)
    assert np.all(np.diff([p.fcb_model_frame for p in first]) > 0)
    assert np.all(np.diff([step.score for step in steps]) < -0.01)
    assert steps[2].people[1].similarity == pytest.approx(steps[0].people[1].similarity, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("alone", ["expression", "light", "pose"])
def test_what_is_not_identity_moves_the_metrics_by_less_than_a_drift(measured, alone):
    calm, moved, drifted = (m.people[0] for m in (measured(), measured(0.0, (alone,)), measured(1.0)))

    lost = calm.similarity - drifted.similarity
    assert calm.similarity - moved.similarity < 0.5 * lost
    assert moved.swap_rate == 0


def test_each_reference_of_the_cast_is_usable(dlib):
    for view in VIEWS:
        assert reference_read(png(draw_reference(BELA, view, side=256)), dlib, name=view).embedding.shape == (
            128,
        )


def test_a_reference_without_a_face_is_refused(dlib):
    with pytest.raises(ReferencePictureError, match="shows no face"):
        reference_read(png(np.full((200, 200, 3), 120, np.uint8)), dlib, name="wall.png")


def test_a_reference_with_two_faces_is_refused(dlib):
    both = np.hstack([draw_reference(who, "neutral", side=220) for who in (ANNA, BELA)])
    with pytest.raises(ReferencePictureError, match="shows 2 faces"):
        reference_read(png(both), dlib, name="both.png")
