"""The arithmetic of the shortcut probes, on features whose answer is known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.probes import Pair, chance, folds_of, held_out

CLIPS, EACH = 20, 6


def pairs_of(leak: float, *, seed: int = 0, shared: bool = False) -> list[Pair]:
    """Return pairs whose clips differ far more than their sides; the worse side is `leak` larger in one feature.

    The better sides of a clip's pairs are one if they are shared.
    """
    rng = np.random.default_rng(seed)
    pairs = []
    for clip in range(CLIPS):
        own = rng.normal(0, 30, 5)
        copy = own + rng.normal(0, 1, 5)
        for _ in range(EACH):
            worse, better = own + rng.normal(0, 1, 5), own + rng.normal(0, 1, 5)
            worse[2] += leak
            better = copy if shared else better
            name = f"clip {clip}"
            pairs.append(Pair(name, name, "swap", 3, "clean", {"x": worse}, {"x": better}))
    return pairs


def test_a_leak_is_found_across_clips():
    pairs = pairs_of(4.0)
    right = held_out(pairs, "x")
    _, high = chance(pairs, "x", draws=40)
    assert right.mean() > 0.9
    assert right.mean() > high


@pytest.mark.parametrize("shared", [False, True])
def test_noise_is_chance(shared):
    """Nineteen times of twenty, and so in most of a few draws, however alike the pairs of a clip are."""
    inside = []
    for seed in range(8):
        pairs = pairs_of(0.0, seed=seed, shared=shared)
        low, high = chance(pairs, "x", draws=40)
        inside.append(low <= held_out(pairs, "x").mean() <= high)
    assert sum(inside) >= 6


def test_sides_that_are_the_same_are_neither_right_nor_wrong():
    pairs = [Pair("a", "a", "swap", 3, "clean", p.better, p.better) for p in pairs_of(0.0)]
    assert held_out(pairs, "x").tolist() == [0.5] * len(pairs)


def test_chance_is_wider_where_pairs_of_a_clip_go_together():
    pairs = pairs_of(0.0, shared=True)
    apart = [replace(pair, source=f"{number}") for number, pair in enumerate(pairs)]
    low, high = chance(pairs, "x", draws=100)
    narrow = chance(apart, "x", draws=100)
    assert high - low > 1.3 * (narrow[1] - narrow[0])
    assert (low + high) / 2 == pytest.approx(0.5, abs=0.05)


def test_a_family_is_never_on_both_sides_of_a_split():
    families = ["a"] * 9 + ["b"] * 4 + ["c", "d", "e", "f"] * 2
    folds = folds_of(families)
    for family in set(families):
        assert len({fold for fold, name in zip(folds, families, strict=True) if name == family}) == 1
    assert set(folds) == set(range(5))
