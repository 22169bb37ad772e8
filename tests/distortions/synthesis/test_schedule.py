"""Strength over time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distortions.synthesis.errors import BadParameter, TooShort
from distortions.synthesis.schedule import KINDS, Schedule, draw_schedule

kinds = st.sampled_from(KINDS)


@given(kind=kinds, seed=st.integers(0, 10**6), frames=st.integers(36, 300))
def test_strengths_run_from_nothing_to_full(kind, seed, frames):
    schedule = draw_schedule(kind, np.random.default_rng(seed))
    strengths = schedule.strengths(frames)
    assert strengths.shape == (frames,)
    assert strengths.dtype == np.float32
    assert strengths.min() >= 0
    assert strengths.max() <= 1
    assert strengths.max() > 0.9
    assert kind == "constant" or strengths[0] == 0
    before = np.arange(frames) / (frames - 1) < schedule.onset
    assert not strengths[before].any()


@pytest.mark.parametrize("kind", ["linear", "logistic", "step", "late"])
def test_a_drift_never_goes_back(kind):
    strengths = Schedule(kind=kind, onset=0.2, end=0.9).strengths(100)
    assert (np.diff(strengths) >= 0).all()
    assert strengths[-1] == 1


def test_a_relapse_returns_to_nothing():
    strengths = Schedule(kind="relapse", onset=0.1, end=0.8).strengths(101)
    assert strengths[45] == pytest.approx(1, abs=0.01)
    assert not strengths[80:].any()


def test_a_flicker_comes_as_often_as_it_says():
    strengths = Schedule(kind="flicker", onset=0.1, end=1.0, beats=4).strengths(200)
    rises = ((strengths[1:] > 0.5) & (strengths[:-1] <= 0.5)).sum()
    assert rises == 4


@given(kind=kinds)
def test_no_frames_have_no_strengths(kind):
    assert Schedule(kind=kind).strengths(0).shape == (0,)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "constant"])
def test_one_frame_cannot_show_a_course(kind):
    with pytest.raises(TooShort, match=r"needs at least .* the clip has 1 frame"):
        Schedule(kind=kind).strengths(1)


@pytest.mark.parametrize(
    "wrong", [{"kind": "sudden"}, {"onset": 0.8, "end": 0.5}, {"onset": -0.1}, {"end": 1.2}, {"beats": 0}]
)
def test_a_wrong_schedule_is_refused(wrong):
    with pytest.raises(BadParameter):
        Schedule(**wrong)
    with pytest.raises(BadParameter, match="choose constant"):
        draw_schedule(
            "sudden",  # type: ignore[arg-type]
            np.random.default_rng(0),
        )
