"""The arithmetic of the shortcut probes, on features whose answer is known."""

import numpy as np
import pytest

from benchmarks.probes import Pair, chance, folds_of, held_out

CLIPS, EACH = 20, 6


def pairs_of(leak: float, *, seed: int = 0) -> list[Pair]:
    """Return pairs whose clips differ far more than their sides; the worse side is `leak` larger in one feature."""
    rng = np.random.default_rng(seed)
    pairs = []
    for clip in range(CLIPS):
        own = rng.normal(0, 30, 5)
        for _ in range(EACH):
            worse, better = own + rng.normal(0, 1, 5), own + rng.normal(0, 1, 5)
            worse[2] += leak
            name = f"clip {clip}"
            pairs.append(Pair(name, name, "swap", 3, "clean", {"x": worse}, {"x": better}))
    return pairs


def test_a_leak_is_found_across_clips():
    pairs = pairs_of(4.0)
    right = held_out(pairs, "x")
    _, high = chance(right, [pair.source for pair in pairs])
    assert right.mean() > 0.9
    assert right.mean() > high


def test_noise_is_chance():
    pairs = pairs_of(0.0)
    right = held_out(pairs, "x")
    low, high = chance(right, [pair.source for pair in pairs])
    assert low <= right.mean() <= high


def test_sides_that_are_the_same_are_neither_right_nor_wrong():
    pairs = [Pair("a", "a", "swap", 3, "clean", p.better, p.better) for p in pairs_of(0.0)]
    assert held_out(pairs, "x").tolist() == [0.5] * len(pairs)


def test_chance_is_wider_where_pairs_of_a_clip_go_together():
    right = np.repeat([1.0, 0.0], CLIPS * EACH // 2)
    apart = chance(right, [f"{i}" for i in range(len(right))])
    together = chance(right, [f"{i // EACH}" for i in range(len(right))])
    assert together[1] - together[0] > 1.5 * (apart[1] - apart[0])
    assert apart == pytest.approx((0.41, 0.59), abs=0.02)


def test_a_family_is_never_on_both_sides_of_a_split():
    families = ["a"] * 9 + ["b"] * 4 + ["c", "d", "e", "f"] * 2
    folds = folds_of(families)
    for family in set(families):
        assert len({fold for fold, name in zip(folds, families, strict=True) if name == family}) == 1
    assert set(folds) == set(range(5))
