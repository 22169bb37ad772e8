"""The face model of tests: a film of the procedural cast, read from its own truth."""

import shutil

import numpy as np
import pytest

from datasets.cast import Clip, draw_identity, film, held, load_truth
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import backend_load
from datasets.identity.errors import ModelError


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Return a second of film: two people who stand still enough."""
    courses = tuple(held(draw_identity(seed)) for seed in (2, 3))
    what = Clip(seed=5, courses=courses, frames=24, size=(320, 180), place="studio", events=())
    return film(what, tmp_path_factory.mktemp("truth") / "film.mp4").clip


def test_the_tracks_of_a_film_are_its_people_and_their_vectors(clip):
    analysis = analyse_clip(clip, backend_load("truth", clip))
    truth = load_truth(clip.with_suffix(".truth.npz"))

    assert len(analysis.people) == 2
    for track in analysis.tracks:
        distances = np.nanmean(np.abs(truth.boxes[track.frames] - track.boxes[:, None]), axis=(0, 2))
        person = int(distances.argmin())
        assert distances[person] < 2
        vector = truth.identity[0, person] / np.linalg.norm(truth.identity[0, person])
        assert track.embeddings == pytest.approx(np.tile(vector, (len(track.embeddings), 1)), abs=1e-4)
        assert analysis.space.dimension == truth.identity.shape[2]


def test_a_film_without_truth_is_said(clip, tmp_path):
    other = tmp_path / "other.mp4"
    shutil.copy(clip, other)

    with pytest.raises(ModelError, match=r"no other\.truth\.npz beside other\.mp4"):
        backend_load("truth", other)


def test_the_truth_needs_to_know_which_film():
    with pytest.raises(ModelError, match="say which"):
        backend_load("truth")


@pytest.mark.parametrize("damage", ["cut short", "another schema", "no truth"])
def test_truth_that_cannot_be_read_is_said(clip, tmp_path, damage):
    shutil.copy(clip, tmp_path / "film.mp4")
    stored = clip.with_suffix(".truth.npz")
    broken = tmp_path / "film.truth.npz"
    if damage == "cut short":
        broken.write_bytes(stored.read_bytes()[:2000])
    elif damage == "no truth":
        np.savez(broken, boxes=np.zeros(3))
    else:
        with np.load(stored) as data:
            np.savez(broken, **{**data, "version": np.array(99)})

    with pytest.raises(ModelError, match=r"film\.truth\.npz (is damaged|holds truth of schema 99)"):
        backend_load("truth", tmp_path / "film.mp4")
