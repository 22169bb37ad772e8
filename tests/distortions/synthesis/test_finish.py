"""The last step before the encoder: drawn from a seed, the same for all sides, and too little to see."""

import numpy as np

from distortions.synthesis.finish import GRAIN, SHARPEN, Finish, draw_finish, finished
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
