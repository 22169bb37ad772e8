"""The pieces that recipes are made of."""

from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.identity.space import Space
from distortions.synthesis.calibrate import TARGETS, _solve, window
from distortions.synthesis.canonical import add_difference, canonical_points, to_canonical
from distortions.synthesis.donors import LIMIT, Donor, choices, misfit, traits_of
from distortions.synthesis.errors import NoDonor
from distortions.synthesis.flow import across, through_points
from distortions.synthesis.gate import MOST_GHOST, changed_area, order_kept, psnr, seam
from distortions.synthesis.ghosts import ghost
from distortions.synthesis.masks import face_oval, warp_window
from distortions.synthesis.measure import Looks, change
from distortions.synthesis.proportions import BUMPS, guarded_field, random_direction
from distortions.synthesis.recipe import Edit
from distortions.synthesis.scene import apart
from distortions.synthesis.warp import LEAST_DETERMINANT, largest_amplitude, warp_frame
from tests.distortions.synthesis.films import film


@given(seed=st.integers(0, 10**6))
def test_no_direction_folds_a_face(seed):
    field = guarded_field(random_direction(np.random.default_rng(seed)), 96)
    xx, xy, yx, yy = (np.gradient(field[..., k], axis=axis) for k in (0, 1) for axis in (1, 0))
    determinant = (1 + xx) * (1 + yy) - xy * yx
    assert determinant.min() >= LEAST_DETERMINANT - 1e-3
    assert not field[[0, -1]].any()
    assert not field[:, [0, -1]].any()


def test_the_roomier_of_many_directions_goes_farther():
    rooms = [
        largest_amplitude(guarded_field(random_direction(np.random.default_rng(1), of=of), 96, largest=1.0))
        for of in (1, 12)
    ]
    assert rooms[0] == pytest.approx(rooms[1], abs=0.1)  # both are as far as they can go,
    lengths = [
        np.abs(guarded_field(random_direction(np.random.default_rng(1), of=of), 96, largest=1.0)).mean()
        for of in (1, 12)
    ]
    assert lengths[1] > lengths[0]  # but the chosen one moves more on the way
    assert len(random_direction(np.random.default_rng(0))) == len(BUMPS)


def test_a_still_field_leaves_every_byte():
    frames, scene = film(1, 1)
    out = frames[0].copy()
    warp_frame(frames[0], out, np.zeros((128, 128, 2), np.float32), scene.subjects[0].matrix(0))
    add_difference(out, np.zeros((128, 128, 3), np.float32), scene.subjects[0].matrix(0))
    assert out.tobytes() == frames[0].tobytes()


def test_a_difference_stays_inside_the_square():
    frames, scene = film(1, 1)
    out = frames[0].copy()
    subject = scene.subjects[0]
    add_difference(
        out, np.full((128, 128, 3), 20, np.float32) * face_oval(128, 0.0)[..., None], subject.matrix(0)
    )
    edit = Edit(0, np.ones(1, np.float32), effect=None)  # type: ignore[arg-type]
    changed = (out != frames[0]).any(axis=2)
    assert changed.any()
    assert not changed[~changed_area(scene, [edit], 0)].any()


def test_faces_that_cross_are_left_alone():
    _, scene = film(20, 2)
    left, right = scene.subjects
    way = np.linspace(0, 1, 20, dtype=np.float32)[:, None, None]
    walking = replace(left, points=left.points * (1 - way) + right.points * way)
    kept = apart([walking, right])
    assert kept[0].seen[0] == kept[1].seen[0] == 1
    assert kept[0].seen[-1] == kept[1].seen[-1] == 0
    assert apart([left, right])[0].seen.min() == 1


@given(yaw=st.floats(-0.5, 0.5))
def test_masks_end_before_the_border(yaw):
    for mask in (face_oval(64, yaw), warp_window(64)):
        assert mask.min() == 0
        assert mask.max() <= 1
        assert not mask[[0, -1]].any()


def test_the_far_half_of_a_turned_face_is_narrower():
    turned = face_oval(128, 0.3)[72]
    assert turned[:64].sum() > turned[64:].sum() * 1.2


def test_five_points_lead_exactly_where_they_should():
    places = canonical_points(96)
    moves = np.array([[3, 0], [-2, 1], [0, 4], [1, -3], [2, 2]], np.float32)
    field = through_points(places, places + moves, 96)
    found = np.array([field[round(float(y)), round(float(x))] for x, y in places])
    assert np.abs(found - moves).max() < 0.7


def test_flow_finds_where_features_of_another_face_lie():
    frames, scene = film(1, 2)
    donor = Donor("b", frames[0], scene.subjects[1].points[0])
    picture, points = donor.canonical(128)
    target = Donor("a", frames[0], scene.subjects[0].points[0]).canonical(128)[0]
    field = across(picture, points, target, 128)
    assert np.isfinite(field).all()
    assert np.linalg.norm(field, axis=2).max() < 0.5 * 128


def test_a_mirrored_donor_is_the_mirror_image():
    frames, scene = film(1, 1)
    donor = Donor("a", frames[0], scene.subjects[0].points[0])
    assert np.abs(donor.mirrored.mirrored.points - donor.points).max() < 1e-3
    there, back = donor.canonical(64)[0], donor.mirrored.canonical(64)[0][:, ::-1]
    assert np.abs(there - back).mean() < 6


def test_the_same_face_fits_best_and_the_person_itself_is_left_out():
    frames, scene = film(1, 2)
    own, other = (Donor(s.name, frames[0], s.points[0]) for s in scene.subjects)
    traits = traits_of(frames[0], scene.subjects[0].points[0])
    assert misfit(own, traits) < misfit(other, traits)
    assert misfit(other, traits, likeness=0.45) < misfit(other, traits, likeness=0.05)
    found = choices([own, other], [(0, traits)], [0.9, 0.3], limit=100.0)
    assert {choice.donor.name for choice in found} == {"person 1"}
    with pytest.raises(NoDonor, match="There is no donor"):
        choices([own], [(0, traits)], [0.9])
    with pytest.raises(NoDonor, match="2 is the limit"):
        choices([other], [(0, traits)], [-0.5], limit=LIMIT - 4)


def space(distance, threshold):
    return Space("x", "1", "", 2, distance, threshold, "")


def test_change_is_one_at_the_threshold_of_any_embedder():
    a = np.array([[1.0, 0.0]], np.float32)
    b = np.array([[0.29, np.sqrt(1 - 0.29**2)]], np.float32)
    assert change(space("cosine", 0.71), a, b)[0] == pytest.approx(1)
    assert change(space("euclidean", 0.6), a, a + np.array([[0, 0.6]], np.float32))[0] == pytest.approx(1)
    assert change(space("cosine", 0.71), a, a)[0] == pytest.approx(0)


def test_severity_windows_follow_one_another():
    edges = [window(s) for s in range(1, 6)]
    assert all(low < TARGETS[s] < high for s, (low, high) in enumerate(edges, 1))
    assert all(a[1] == b[0] for a, b in pairwise(edges))


@given(target=st.floats(0.05, 0.95), bend=st.floats(0.6, 2.5))
def test_the_amount_is_found_whatever_the_curve(target, bend):
    amount, value = _solve(lambda x: x**bend, target)
    assert value == pytest.approx(target, rel=0.12)
    assert 0 < amount <= 1


def test_the_full_amount_is_taken_where_even_that_is_too_little():
    assert _solve(lambda x: 0.2 * x, 0.5) == (1.0, 0.2)


def test_a_perfect_answer_to_a_step_is_a_perfect_order():
    step = np.repeat([0.0, 1.0], 10).astype(np.float32)
    noisy = step + np.random.default_rng(0).normal(0, 0.1, 20).astype(np.float32)
    assert order_kept(step, noisy) == pytest.approx(1, abs=0.02)
    assert order_kept(step, -noisy) < -0.9
    ramp = np.linspace(0, 1, 20, dtype=np.float32)
    assert order_kept(ramp, ramp) == pytest.approx(1)


def test_psnr_of_equal_pictures_is_the_cap_and_of_known_noise_known():
    a = np.full((20, 20, 3), 100, np.uint8)
    assert psnr(a, a) == 100
    assert psnr(a, a + 1) == pytest.approx(48.13, abs=0.01)
    assert psnr(a, a + 1, np.zeros((20, 20), bool)) == 100


def test_a_pasted_patch_shows_its_seam():
    frames, scene = film(1, 1)
    subject = scene.subjects[0]
    hard = frames[0].copy()
    change_ = (face_oval(subject.side, 0.0) > 0.5).astype(np.float32)[..., None] * np.full(3, 60, np.float32)
    add_difference(hard, np.ascontiguousarray(change_), subject.matrix(0))
    assert seam(frames[0], frames[0], subject, 0) == pytest.approx(1)
    assert seam(frames[0], hard, subject, 0) > 1.35


def test_a_similarity_brings_landmarks_to_their_places():
    points = canonical_points(128) * 0.4 + (30, 12)
    matrix = to_canonical(points.astype(np.float32), 128)
    assert np.abs(points @ matrix[:, :2].T + matrix[:, 2] - canonical_points(128)).max() < 1e-3


def test_features_beside_the_old_ones_are_ghosts_and_moved_ones_are_not():
    frames, scene = film(1, 1)
    subject = scene.subjects[0]
    face = np.clip(subject.box(0).astype(int), 0, None)
    moved = frames[0].copy()
    part = np.s_[face[1] : face[3], face[0] : face[2]]
    moved[part] = np.roll(moved, 1, axis=0)[part]
    double = cv2.addWeighted(frames[0], 0.5, np.roll(frames[0], 9, axis=0), 0.5, 0)
    assert ghost(frames[0], frames[0], subject, 0) == 0
    assert ghost(frames[0], moved, subject, 0) < 0.35
    assert ghost(frames[0], double, subject, 0) > MOST_GHOST


def test_an_untouched_face_is_looked_at_once(real_backend):
    frames, scene = film(2, 1)
    subject, looks = scene.subjects[0], Looks()
    first = looks.at(frames[0], subject, 0, real_backend)
    assert looks.at(frames[0], subject, 0, real_backend) is first
    assert looks.at(frames[1], subject, 1, real_backend) is not first
