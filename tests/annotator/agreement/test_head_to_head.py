import math

import numpy as np

from annotator.agreement.head_to_head import points_interval


def test_a_single_pair_of_clips_has_no_interval_however_many_votes():
    assert all(math.isnan(end) for end in points_interval([1, 1, 0], [7, 7, 7]))
    assert all(math.isnan(end) for end in points_interval([], []))


def test_votes_on_one_pair_do_not_make_it_surer():
    rng = np.random.default_rng(0)
    points = rng.integers(0, 2, 40).astype(float)
    alone = points_interval(points, np.arange(40))
    repeated = points_interval(np.repeat(points, 5), np.repeat(np.arange(40), 5))

    assert alone == repeated
    assert alone[0] < points.mean() < alone[1]
    # Four standard errors of a share of 40 are about 0.3.
    assert 0.2 < alone[1] - alone[0] < 0.4


def test_who_won_everything_has_no_width():
    assert points_interval([1, 1, 1], [0, 1, 2]) == (1.0, 1.0)
