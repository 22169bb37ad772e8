"""Who looks like whom: a look-alike is found, others are told apart, and it follows the references."""

from dataclasses import replace

import numpy as np
import pytest

from datasets.analysing.resembling import resemblances_refresh
from datasets.models import ReferenceFace, Resemblance
from datasets.services.analysis import clips_analyse_later
from datasets.services.people import reference_remove
from tests.datasets.factories import make_clip, make_person, make_reference

pytestmark = pytest.mark.django_db


def person(name: str, backend, *directions: np.ndarray):
    made = make_person(name)
    for direction in directions:
        ReferenceFace.objects.create(
            reference=make_reference(made), backend=backend.key, embedding=direction.astype("<f4").tobytes()
        )
    return made


@pytest.fixture
def backend(dlib_backend):
    """A real space of faces: 128 numbers, Euclidean, one person up to 0.6."""
    return dlib_backend


@pytest.fixture
def axes() -> np.ndarray:
    return np.eye(128, dtype=np.float32)


def pairs() -> dict[frozenset[str], bool]:
    rows = Resemblance.objects.select_related("first", "second")
    return {frozenset((row.first.name, row.second.name)): row.is_hard for row in rows}


def test_a_look_alike_is_hard_to_tell_apart_and_a_stranger_is_not(backend, axes) -> None:
    person("Ada", backend, axes[0], axes[0] + 0.01 * axes[1])
    person("Dea", backend, axes[0] + 0.05 * axes[2])
    person("Bo", backend, axes[3])
    resemblances_refresh(backend)
    assert pairs() == {
        frozenset(("Ada", "Dea")): True,
        frozenset(("Ada", "Bo")): False,
        frozenset(("Dea", "Bo")): False,
    }


def test_people_whose_own_pictures_lie_nearer_together_are_told_apart_more_finely(backend, axes) -> None:
    """At a distance of 0.3 one person by the model's own line, but both keep within 0.01 of themselves."""
    person("Ada", backend, axes[0], axes[0] + 0.01 * axes[1])
    person("Bo", backend, axes[0] + 0.3 * axes[2], axes[0] + 0.31 * axes[2])
    resemblances_refresh(backend)
    row = Resemblance.objects.get()
    assert row.similarity == pytest.approx(0.75, abs=0.01)
    assert row.threshold == pytest.approx(0.75 * 0.99, abs=0.01)


def test_it_is_compared_anew_when_references_change_and_not_otherwise(backend, axes) -> None:
    ada, _bo = person("Ada", backend, axes[0], axes[1]), person("Bo", backend, axes[2])
    resemblances_refresh(backend)
    first = Resemblance.objects.get()
    resemblances_refresh(backend)
    assert Resemblance.objects.get() == first
    reference_remove(reference=ada.references.latest("pk"))
    assert not Resemblance.objects.exists()
    resemblances_refresh(backend)
    assert Resemblance.objects.get().similarity != first.similarity
    person("Cem", backend, axes[3])
    resemblances_refresh(backend)
    assert Resemblance.objects.count() == 3


def test_while_jobs_wait_the_last_of_them_compares(backend, axes) -> None:
    person("Ada", backend, axes[0])
    person("Bo", backend, axes[1])
    clips_analyse_later(clip_ids=[make_clip().pk])
    resemblances_refresh(backend)
    assert not Resemblance.objects.exists()


def test_faces_of_another_model_are_not_compared(backend, axes) -> None:
    person("Ada", backend, axes[0])
    person("Bo", backend, axes[1])
    other = replace(backend, detector=_renamed(backend.detector))
    person("Cem", other, axes[2])
    resemblances_refresh(backend)
    assert pairs().keys() == {frozenset(("Ada", "Bo"))}


def _renamed(detector):
    class Renamed:
        name, version, levels_tilt = "another", "1", False

    return Renamed()
