"""Advantages within groups."""

import numpy as np
import pytest

from training.grpo.advantage import RewardError, averaged_advantages, group_advantages


def test_advantages_by_hand():
    found = group_advantages([1.0, 2.0, 3.0, 10.0, 10.0, 16.0], [7, 7, 7, 2, 2, 2])
    low, high = np.sqrt(2 / 3) + 1e-4, np.sqrt(8) + 1e-4
    assert found.values == pytest.approx([-1 / low, 0, 1 / low, -2 / high, -2 / high, 4 / high])
    assert found.spreads == pytest.approx([np.sqrt(8), np.sqrt(2 / 3)])  # in the order of the ids
    assert found.kept.all()
    assert found.flat == 0


def test_a_flat_group_is_dropped_and_counted():
    found = group_advantages([1.0, 1.0 + 1e-9, 0.0, 4.0], [0, 0, 1, 1])
    assert found.values.tolist()[:2] == [0.0, 0.0]
    assert found.kept.tolist() == [False, False, True, True]
    assert found.flat == 1


def test_a_single_sample_is_a_flat_group():
    assert group_advantages([3.0], [0]).flat == 1


def test_a_constant_added_changes_nothing():
    rewards = np.random.default_rng(0).normal(size=24)
    groups = np.repeat([4, 1, 9], 8)
    for scale in ("group", "batch"):
        before = group_advantages(rewards, groups, scale=scale)
        after = group_advantages(rewards + 100, groups, scale=scale)
        assert after.values == pytest.approx(before.values, abs=1e-9)


def test_turned_rewards_turn_the_advantages():
    rewards, groups = np.random.default_rng(1).normal(size=16), np.repeat([0, 1], 8)
    assert group_advantages(-rewards, groups).values == pytest.approx(
        -group_advantages(rewards, groups).values
    )


def test_the_order_of_samples_does_not_matter():
    rng = np.random.default_rng(2)
    rewards, groups, order = rng.normal(size=16), np.repeat([0, 1], 8), rng.permutation(16)
    expected = group_advantages(rewards, groups).values[order]
    assert group_advantages(rewards[order], groups[order]).values == pytest.approx(expected)


def test_batch_scale_uses_the_spread_of_all_groups_about_their_means():
    found = group_advantages([0.0, 2.0, 10.0, 16.0], [0, 0, 1, 1], scale="batch")
    width = np.sqrt((1 + 1 + 9 + 9) / 4) + 1e-4
    assert found.values == pytest.approx([-1 / width, 1 / width, -3 / width, 3 / width])


def test_advantages_are_bounded():
    assert group_advantages([1.0] + [0.0] * 99, [0] * 100).values.max() == 5


def test_a_reward_that_is_no_number_is_named():
    with pytest.raises(RewardError, match="sample 2 is not a number"):
        group_advantages([0.0, 1.0, float("nan"), float("inf")], [0, 0, 1, 1])
    with pytest.raises(RewardError, match="one of each"):
        group_advantages([0.0, 1.0], [0])


def test_averaged_advantages_do_not_follow_the_widest_reward():
    small, wide = [0.0, 1.0, 2.0, 3.0], [300.0, 200.0, 100.0, 0.0]
    found = averaged_advantages({"a": small, "b": wide}, {"a": 1.0, "b": 1.0}, [0] * 4)
    assert found.values == pytest.approx([0.0] * 4, abs=1e-3)
    flat = averaged_advantages({"a": small, "b": [5.0] * 4}, {"a": 1.0, "b": 1.0}, [0] * 4)
    assert flat.kept.all()
    assert flat.flat == 0
    with pytest.raises(RewardError, match="must name the same"):
        averaged_advantages({"a": small}, {"b": 1.0}, [0] * 4)
