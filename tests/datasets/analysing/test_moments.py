"""Strips' moments, and corrections carried over from one analysis to another."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.analysing.overlay import carried_over
from datasets.analysing.strips import FINEST_STEP_S, MAX_COLUMNS, clip_moments

lengths = st.integers(1, 20_000)
rates = st.sampled_from([8.0, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 60.0])


@given(lengths, rates)
def test_moments_are_few_in_order_and_inside(frames, fps) -> None:
    moments = clip_moments(frames, fps)
    assert 1 <= len(moments.frames) <= MAX_COLUMNS
    assert moments.frames == sorted(moments.frames)
    assert moments.frames[0] == 0
    assert moments.frames[-1] < frames
    assert (moments.step / FINEST_STEP_S).is_integer()


@given(lengths, rates, lengths, rates)
def test_two_clips_share_the_moments_of_the_coarser_step(frames, fps, others, other_fps) -> None:
    one, two = clip_moments(frames, fps), clip_moments(others, other_fps)
    coarse, fine = max(one.step, two.step), min(one.step, two.step)
    assert (coarse / fine).is_integer()
    for clip, rate, length in ((one, fps, frames), (two, other_fps, others)):
        stride = round(coarse / clip.step)
        for i, frame in enumerate(clip.frames[::stride]):
            assert abs(frame - min(i * coarse * rate, length - 1)) <= 1


def _analysis(*tracks: tuple[range, tuple[int, int, int, int]]):
    return SimpleNamespace(
        tracks=[
            SimpleNamespace(number=i, frames=np.array(frames), boxes=np.array([box] * len(frames), float))
            for i, (frames, box) in enumerate(tracks)
        ]
    )


def _before(*tracks: tuple[range, tuple[int, int, int, int]]) -> dict:
    said = [
        {"number": i, "frames": list(frames), "boxes": [list(box)] * len(frames)}
        for i, (frames, box) in enumerate(tracks)
    ]
    return json.loads(json.dumps({"tracks": said}))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([(range(10), (0, 0, 10, 10))], [], {}),
        (
            [(range(10), (0, 0, 10, 10))],
            [(range(10), (50, 0, 60, 10)), (range(10), (1, 0, 11, 10))],
            {1: "Ada"},
        ),
        ([(range(10), (0, 0, 10, 10))], [(range(10), (50, 0, 60, 10))], {}),
        ([(range(10), (0, 0, 10, 10))], [(range(8, 30), (0, 0, 10, 10))], {}),
    ],
)
def test_what_was_said_of_a_face_follows_its_boxes(before, after, expected) -> None:
    assert carried_over(_before(*before), _analysis(*after), {0: "Ada"}) == expected
