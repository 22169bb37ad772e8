"""Measures of identity over time, on cosines that one can work out by hand."""

import numpy as np
import pytest

from training.evaluation.measures import (
    assigned_similarity,
    coverage,
    curves,
    diversity,
    drift_slope,
    face_similarity,
    frechet_distance,
    survival,
    swapped,
)

NAN = float("nan")


def clip(*frames: list[list[float]]) -> np.ndarray:
    """One clip of frames, each faces by people."""
    return np.array([frames], float)


STRAIGHT = clip(*[[[0.9, 0.1], [0.2, 0.8]]] * 4)
CROSSED = clip(*[[[0.1, 0.9], [0.8, 0.2]]] * 4)


def test_an_exchange_is_forgiven_by_the_similarity_and_told_by_the_swaps():
    assert assigned_similarity(STRAIGHT) == pytest.approx([0.85])
    assert assigned_similarity(CROSSED) == pytest.approx([0.85])
    assert (swapped(STRAIGHT).tolist(), swapped(CROSSED).tolist()) == ([0.0], [1.0])


def test_somebody_who_is_not_found_counts_nothing_instead_of_being_left_out():
    one_of_two = clip(*[[[0.9, 0.1]]] * 4)
    assert assigned_similarity(one_of_two) == pytest.approx([0.45])
    assert coverage(one_of_two) == pytest.approx([0.5])
    assert curves(one_of_two)[1].tolist() == [[0, -1]]
    seen_half_the_time = clip([[0.8]], [[0.8]], [[NAN]], [[NAN]])
    assert assigned_similarity(seen_half_the_time) == pytest.approx([0.4])
    assert face_similarity(seen_half_the_time) == pytest.approx([0.8])  # its known fault


def test_likeness_below_zero_is_no_likeness():
    assert assigned_similarity(clip([[-0.5]], [[-0.5]])) == pytest.approx([0.0])


def test_a_face_that_fades_has_a_slope_and_an_end():
    fading = clip([[0.9]], [[0.7]], [[0.4]], [[0.1]])
    assert drift_slope(fading) == pytest.approx([-0.81])
    assert survival(fading) == pytest.approx([0.5])
    assert survival(clip([[0.9]], [[0.2]], [[0.9]], [[0.9]])) == pytest.approx([1.0])  # one frame is no loss
    assert drift_slope(clip([[0.9]])) == pytest.approx([0.0])


def test_frechet_distance_of_two_normal_samples_is_that_of_their_parameters():
    rng = np.random.default_rng(0)
    first = rng.normal(0, 1, (4000, 2))
    assert frechet_distance(first, first) == pytest.approx(0, abs=1e-3)
    # |m|^2 = 1; (1 - 2)^2 in each of two directions.
    assert frechet_distance(first, rng.normal([1, 0], 2, (4000, 2))) == pytest.approx(3, rel=0.1)
    assert np.isnan(frechet_distance(first[:1], first))


def test_clips_of_one_prompt_are_compared_with_one_another_alone():
    frames = np.zeros((4, 1, 2, 2, 3), np.uint8)
    frames[1], frames[3] = 255, 51
    assert diversity(frames, np.array([0, 0, 1, 1])) == pytest.approx([1.0, 0.2])
    assert np.isnan(diversity(frames[:1], np.array([0]))).all()
