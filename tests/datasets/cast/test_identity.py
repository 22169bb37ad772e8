"""Who somebody is comes from a seed alone, and changes over time exactly as a course says."""

import numpy as np
import pytest

pytest.importorskip("cv2")

from datasets.cast.chosen import CHOSEN, chosen_cast
from datasets.cast.course import Course, blend, drift, held, swap
from datasets.cast.identity import LIMIT, TRAITS, Identity, draw_identity, identity_of, mean_identity


def test_the_same_seed_is_the_same_person():
    assert np.array_equal(draw_identity(3).vector, draw_identity(3).vector)
    assert not np.array_equal(draw_identity(3).vector, draw_identity(4).vector)


def test_traits_stay_within_their_limit():
    vectors = np.stack([draw_identity(seed).vector for seed in range(60)])
    assert np.abs(vectors).max() <= LIMIT
    assert vectors.std(axis=0).min() > 0.4, "a trait hardly varies"


def test_a_vector_of_another_length_is_refused():
    with pytest.raises(ValueError, match=str(len(TRAITS))):
        identity_of(np.zeros(3))


def test_traits_can_be_set_by_name():
    assert mean_identity().with_traits(head_width=1.0)["head_width"] == 1.0


@pytest.fixture
def two():
    return draw_identity(1), draw_identity(2)


def _distance(a: Identity, b: Identity) -> float:
    return float(np.linalg.norm(a.vector - b.vector))


def test_drift_goes_in_a_straight_line_at_constant_speed(two):
    course = drift(*two, start=10, end=30, amount=0.5)
    whole = _distance(*two)
    for frame, share in ((0, 0.0), (10, 0.0), (20, 0.25), (30, 0.5), (99, 0.5)):
        assert course.share(frame) == pytest.approx(share)
        assert _distance(course.at(frame), two[0]) == pytest.approx(share * whole)


def test_swap_is_somebody_else_from_one_frame_on(two):
    course = swap(*two, at=12)
    assert np.array_equal(course.at(11).vector, two[0].vector)
    assert np.array_equal(course.at(12).vector, two[1].vector)


def test_blend_carries_a_share_of_the_other(two):
    course = blend(*two, share=0.5, start=5)
    assert np.array_equal(course.at(4).vector, two[0].vector)
    assert np.allclose(course.at(5).vector, (two[0].vector + two[1].vector) / 2)


def test_held_stays(two):
    assert held(two[0]).at(1000) is two[0]


@pytest.mark.parametrize("keys", [((5, 0.0), (5, 1.0)), ((6, 0.0), (5, 1.0))])
def test_keys_that_do_not_rise_are_refused(two, keys):
    with pytest.raises(ValueError, match="rising"):
        Course(two[0], two[1], keys)


def test_keys_need_somebody_to_go_to(two):
    with pytest.raises(ValueError, match="other"):
        Course(two[0], None, ((0, 0.0),))


def test_the_chosen_cast_are_different_people_in_a_fixed_order():
    cast = chosen_cast(len(CHOSEN))
    assert len({person.vector.tobytes() for person in cast}) == len(CHOSEN) == 12
    assert np.array_equal(chosen_cast(3)[2].vector, cast[2].vector)


@pytest.mark.parametrize("people", [0, 13])
def test_a_cast_of_nobody_or_of_too_many_is_refused(people):
    with pytest.raises(ValueError, match="1 to 12"):
        chosen_cast(people)
