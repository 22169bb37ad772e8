"""Which rows are in a batch."""

import numpy as np
import pytest

from training.reward.config import Training
from training.reward.sampling import Pools, automatic_share, draw_rows, swapped


@pytest.fixture
def pools(corpus) -> Pools:
    rows = corpus.comparisons["train"]
    return Pools(
        [row for row in rows if row.origin == "simulated"],
        [row for row in rows if row.origin == "synthetic"],
        {},
    )


def test_the_share_of_automatic_rows_falls_as_a_cosine():
    assert automatic_share("smooth", 0, 100) == 1
    assert automatic_share("smooth", 50, 100) == pytest.approx(0.5)
    assert automatic_share("smooth", 100, 100) == pytest.approx(0)
    assert automatic_share("all", 3, 100) is None


@pytest.mark.parametrize(("strategy", "origins"), [("human", {"simulated"}), ("automatic", {"synthetic"})])
def test_a_strategy_draws_its_own_rows(pools, strategy, origins):
    rows = draw_rows(pools, Training(batch=8), strategy, stage=1, step=3, steps=10)

    assert {row.origin for row in rows} == origins
    assert len({row.key for row in rows}) == 8


def test_a_batch_is_a_function_of_seed_stage_and_step(pools):
    def keys(seed, stage, step):
        rows = draw_rows(pools, Training(batch=8, seed=seed), "random", stage, step, 10)
        return [row.key for row in rows]

    assert keys(0, 1, 3) == keys(0, 1, 3)
    assert len({tuple(keys(*each)) for each in [(0, 1, 3), (1, 1, 3), (0, 0, 3), (0, 1, 4)]}) == 4


def test_a_weight_of_nought_draws_nothing(pools):
    light = Pools(pools.human, pools.automatic, {"synthetic": 0.0})

    rows = draw_rows(light, Training(batch=8), "all", 1, 0, 10)

    assert {row.origin for row in rows} == {"simulated"}


def test_half_of_the_rows_are_swapped_with_their_labels(corpus):
    rows = list(corpus.comparisons["train"])
    turned = swapped(rows, np.random.default_rng(0))

    flipped = [new.a == old.b for new, old in zip(turned, rows, strict=True)]
    assert 0.3 < np.mean(flipped) < 0.7
    for new, old, flip in zip(turned, rows, flipped, strict=True):
        assert new.label == (old.label[::-1] if flip else old.label)
        assert np.array_equal(new.people, old.people[:, ::-1] if flip else old.people, equal_nan=True)
