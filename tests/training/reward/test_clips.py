"""Tracks on a grid."""

import numpy as np
import pytest

from training.reward.clips import LIKENESS, Track, clip_of

E0, E1 = np.eye(4, dtype=np.float32)[:2]


def track(frames, samples, vectors) -> Track:
    return Track(
        np.array(frames, np.int32),
        np.full(len(frames), 0.5, np.float32),
        np.array(samples, np.int32),
        np.array(vectors, np.float32).reshape(-1, 4),
    )


def test_somebody_who_was_not_found_is_absent():
    clip = clip_of("x", 8, ["amy"], [E0[None]], [None], steps=4)

    assert not clip.present.any()
    assert not clip.likeness.any()


def test_moments_hold_the_faces_of_their_frames():
    clip = clip_of("x", 8, ["amy"], [E0[None]], [track(range(6), [0, 4], [E0, E1])], steps=4)

    # Two frames a moment; the face of moment 1 lies between two samples, moment 3 has none.
    assert clip.present.tolist() == [[True, True, True, False]]
    assert clip.seen.tolist() == [[1, 1, 1, 0]]
    own = clip.likeness[0, :, LIKENESS.index("own")]
    assert own == pytest.approx([1, np.sqrt(0.5), 0, 0])


def test_twice_the_frame_rate_gives_the_same_clip():
    slow = clip_of("x", 12, ["amy"], [E0[None]], [track(range(9), [0, 3, 6], [E0, E1, E0])], steps=4)
    fast = clip_of("x", 24, ["amy"], [E0[None]], [track(range(18), [0, 6, 12], [E0, E1, E0])], steps=4)

    assert np.allclose(fast.likeness, slow.likeness)
    assert (fast.present == slow.present).all()


def test_margins_are_against_the_likest_other_person():
    clip = clip_of(
        "x", 4, ["amy", "bob"], [E0[None], E1[None]], [track(range(4), range(4), [E1] * 4), None], steps=4
    )

    assert clip.likeness[0, 0, LIKENESS.index("margin")] == pytest.approx(-1)


def test_a_clip_of_fewer_frames_than_moments_has_no_holes():
    clip = clip_of("x", 3, ["amy"], [E0[None]], [track(range(3), range(3), [E0] * 3)], steps=8)

    assert clip.present.all()
    assert [clip.moment_of(frame) for frame in range(3)] == [0, 2, 5]


def test_a_clip_with_less_of_it_is_what_it_would_have_been():
    whole = clip_of("x", 8, ["amy"], [np.stack([E0, E1])], [track(range(8), range(8), [E0, E1] * 4)], steps=8)
    few = clip_of("x", 8, ["amy"], [E0[None]], [track(range(0, 8, 2), range(0, 8, 2), [E0] * 4)], steps=8)

    less = whole.changed(references=1, every=2)

    assert (less.present == few.present).all()
    assert np.allclose(less.likeness[0, ::2], few.likeness[0, ::2])
    assert whole.present.all()
