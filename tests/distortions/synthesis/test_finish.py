"""The last step before the encoder: drawn from a seed, the same for all sides, and too little to see."""

import cv2
import numpy as np

from distortions.synthesis.finish import (
    FACE_SHARPEN,
    FACE_TREND,
    GRAIN,
    SHARPEN,
    Finish,
    draw_faces,
    draw_finish,
    finished,
    matched,
)
from distortions.synthesis.gate import psnr
from tests.distortions.synthesis.films import film


def test_the_same_seed_gives_the_same_bytes_and_the_clip_is_left_alone():
    frames, _ = film(4, 1)
    before = frames.tobytes()
    one, again, other = (np.stack(list(finished(frames, draw_finish(seed)))) for seed in (1, 1, 2))
    assert frames.tobytes() == before
    assert one.tobytes() == again.tobytes() != other.tobytes()
    assert one.shape == frames.shape
    assert one.dtype == np.uint8


def test_no_finish_is_the_same_bytes():
    frames, _ = film(3, 1)
    assert np.stack(list(finished(frames, Finish()))).tobytes() == frames.tobytes()
    assert list(finished(frames[:0], draw_finish(1))) == []


def test_every_draw_stays_within_its_limits_and_is_hard_to_see():
    frames, _ = film(1, 1)
    for seed in range(40):
        finish = draw_finish(seed)
        assert abs(finish.sharpen) <= SHARPEN
        assert GRAIN[0] <= finish.grain <= GRAIN[1]
        assert psnr(frames[0], next(finished(frames, finish))) > 33


def test_grain_is_another_in_each_frame():
    frames = np.full((6, 64, 64, 3), 128, np.uint8)
    out = np.stack(list(finished(frames, Finish(grain=2.0, seed=5)))).astype(float) - 128
    assert 1.5 < out.std() < 2.5
    together = np.corrcoef(out[..., 0].reshape(6, -1))
    assert np.abs(together[np.triu_indices(6, 1)]).max() < 0.2


def test_a_softened_face_gets_its_detail_back_and_another_is_left_alone():
    frames, scene = film(3, 2)
    grain = np.random.default_rng(0).normal(0, 6, frames.shape)
    frames = np.clip(frames + grain, 0, 255).astype(np.uint8)
    soft = frames.copy()
    first, second = (subject.box(1).astype(int) for subject in scene.subjects)
    for frame in soft:
        part = frame[first[1] - 8 : first[3] + 8, first[0] - 8 : first[2] + 8]
        part[:] = cv2.GaussianBlur(part, (0, 0), 0.5)
    faces = matched(frames, soft, scene, ["person 0"])
    assert faces[0].min() > 0.1
    assert not faces[1].any()
    out = np.stack(list(finished(soft, Finish(), scene=scene, faces=faces)))
    before, after = (
        np.abs(each[1] - cv2.GaussianBlur(each[1], (0, 0), 1.0).astype(float))[
            first[1] + 12 : first[3] - 12, first[0] + 12 : first[2] - 12
        ].mean()
        for each in (soft.astype(float), out.astype(float))
    )
    assert after > 1.1 * before
    place = np.s_[:, second[1] : second[3], second[0] : second[2]]
    assert out[place].tobytes() == soft[place].tobytes()


def test_faces_are_drawn_alike_for_all_sides():
    _, scene = film(5, 2)
    one, other = (draw_faces(draw_finish(seed), scene) for seed in (1, 2))
    assert one.shape == other.shape == (2, 5)
    assert not np.array_equal(one, other)
    assert np.abs(one).max() <= FACE_SHARPEN + FACE_TREND
