import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.bradley_terry import Ranking, rank_generators
from annotator.agreement.davidson import outcome_probabilities

WIN, TIE, LOSS = np.eye(3)

comparisons = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=40
)


def tournament(strengths: np.ndarray, log_tie: float, items: int, answers: int, seed: int) -> tuple:
    """Items of random pairs, each judged by several annotators who see the same model of the world."""
    rng = np.random.default_rng(seed)
    count = len(strengths)
    first = rng.integers(0, count, items)
    second = (first + rng.integers(1, count, items)) % count
    p = outcome_probabilities(strengths[first] - strengths[second], np.full(items, log_tie))
    item = np.repeat(np.arange(items), answers)
    outcome = (rng.random(len(item))[:, None] > p[item].cumsum(axis=1)).sum(axis=1)
    return first[item], second[item], np.eye(3)[outcome], item


def test_it_finds_the_strengths_and_the_ties() -> None:
    strengths = np.array([-1.0, -0.3, 0.3, 1.0])
    first, second, outcomes, _ = tournament(strengths, log_tie=-0.5, items=6000, answers=1, seed=0)

    ranking = rank_generators(first, second, outcomes)

    assert ranking.strengths == pytest.approx(strengths, abs=0.08)
    assert ranking.tie == pytest.approx(np.exp(-0.5), rel=0.1)
    assert ranking.converged
    assert ranking.reason == ""


def test_three_wins_to_one_is_a_lead_of_log_three() -> None:
    ranking = rank_generators(["x"] * 400, ["y"] * 400, [WIN] * 300 + [LOSS] * 100, prior_sd=100)

    assert ranking.names.tolist() == ["x", "y"]
    assert ranking.strengths[0] - ranking.strengths[1] == pytest.approx(np.log(3), abs=0.001)
    assert ranking.elo[0] - ranking.elo[1] == pytest.approx(190.8, abs=0.2)
    assert ranking.elo.mean() == pytest.approx(1000)


def test_probabilities_come_back_as_they_were_seen() -> None:
    ranking = rank_generators(["x"], ["y"], [[50, 30, 20]], prior_sd=100)

    assert ranking.win_probability("x", "y") == pytest.approx((0.5, 0.3, 0.2), abs=1e-3)
    assert ranking.win_probability("y", "x") == pytest.approx((0.2, 0.3, 0.5), abs=1e-3)
    assert ranking.win_probability("x", "x").win == ranking.win_probability("x", "x").loss


def test_weights_are_repetitions() -> None:
    hard = rank_generators(["x", "x", "x"], ["y", "y", "z"], [WIN, WIN, TIE])
    soft = rank_generators(["x", "x"], ["y", "z"], [[2, 0, 0], [0, 1, 0]])

    assert soft.strengths == pytest.approx(hard.strengths)


def test_the_win_matrix_shows_what_was_seen() -> None:
    ranking = rank_generators(["x", "y", "y"], ["y", "x", "x"], [WIN, LOSS, TIE])

    assert ranking.wins.tolist() == [[0, 2], [0, 0]]
    assert ranking.ties.tolist() == [[0, 1], [1, 0]]
    assert ranking.comparisons.tolist() == [3, 3]
    shares = ranking.win_shares()
    assert shares[0, 1] == pytest.approx(5 / 6)
    assert np.isnan(shares[0, 0])


def test_groups_never_compared_are_told_apart() -> None:
    ranking = rank_generators(["a", "c"], ["b", "d"], [WIN, LOSS])

    assert ranking.groups.tolist() == [0, 0, 1, 1]
    assert ranking.reason == "2 groups of generators were never compared with one another"
    assert np.isnan(ranking.win_probability("a", "c")).all()
    assert ranking.win_probability("a", "b").win > 0.5
    assert ranking.strengths[:2].sum() == pytest.approx(0)
    assert ranking.strengths[2:].sum() == pytest.approx(0)


def test_one_who_never_lost_gets_a_finite_rating_and_is_marked() -> None:
    ranking = rank_generators(["a", "b", "c"] * 20, ["b", "c", "b"] * 20, [WIN, WIN, WIN] * 20)

    assert ranking.separated
    assert 2 < ranking.strengths[0] < 10
    assert ranking.strengths[1] == pytest.approx(ranking.strengths[2], abs=0.5)


def test_one_tie_is_enough_to_bound_a_winner() -> None:
    assert not rank_generators(["a"] * 10, ["b"] * 10, [WIN] * 9 + [TIE]).separated


def test_a_comparison_with_itself_says_nothing() -> None:
    ranking = rank_generators(["a", "a"], ["b", "a"], [WIN, WIN])

    assert ranking.comparisons.tolist() == [1, 1]


def test_nothing_compared_has_a_reason() -> None:
    ranking = rank_generators([], [], [], resamples=10)

    assert ranking.reason == "nothing was compared"
    assert len(ranking.strengths) == len(ranking.low) == 0


def test_an_unknown_generator_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        rank_generators(["a"], ["b"], [WIN]).win_probability("a", "z")


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((["a"], ["b", "c"], [WIN]), {}),
        ((["a"], ["b"], [WIN, TIE]), {}),
        ((["a"], ["b"], [[-1, 0, 0]]), {}),
        ((["a"], ["b"], [[np.nan, 0, 0]]), {}),
        ((["a"], ["b"], [WIN]), {"prior_sd": 0.0}),
        ((["a"], ["b"], [WIN]), {"clusters": [1, 2]}),
    ],
)
def test_bad_input_is_refused(arguments: tuple, options: dict) -> None:
    with pytest.raises(ValueError):
        rank_generators(*arguments, **options)


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    strengths = np.array([-0.8, 0.0, 0.8])
    held = 0
    for seed in range(100):
        first, second, outcomes, items = tournament(strengths, 0.0, items=150, answers=1, seed=seed)
        ranking = rank_generators(first, second, outcomes, clusters=items, resamples=200, seed=seed)
        held += int(((ranking.low <= strengths) & (strengths <= ranking.high)).sum())

    assert 0.90 <= held / 300 <= 0.99


def test_answers_to_one_item_are_not_as_good_as_answers_to_many() -> None:
    # Three annotators who always agree bring no more than one.
    first, second, outcomes, items = tournament(np.array([-0.5, 0.5]), 0.0, items=100, answers=1, seed=1)
    tripled = [np.repeat(array, 3, axis=0) for array in (first, second, outcomes, items)]

    once = rank_generators(first, second, outcomes, clusters=items, resamples=400)
    clustered = rank_generators(*tripled[:3], clusters=tripled[3], resamples=400)
    naive = rank_generators(*tripled[:3], resamples=400)

    def width(ranking: Ranking) -> float:
        return float(ranking.high[0] - ranking.low[0])

    assert width(clustered) == pytest.approx(width(once), rel=0.1)
    assert width(naive) < 0.75 * width(once)


def test_a_single_item_has_no_interval() -> None:
    ranking = rank_generators(["a", "a"], ["b", "b"], [WIN, LOSS], clusters=[1, 1], resamples=50)

    assert np.isnan(ranking.low).all()


def test_a_resample_without_a_generator_says_nothing_of_it() -> None:
    # z took part in one of 40 items: most resamples that have it hold the same win.
    ranking = rank_generators(
        ["z"] + ["x"] * 39, ["x"] + ["y"] * 39, [WIN] + [WIN, LOSS] * 19 + [TIE], resamples=200
    )

    place = ranking.names.tolist().index("z")
    assert ranking.low[place] > 0.5


def test_the_same_seed_gives_the_same_intervals() -> None:
    first, second, outcomes, items = tournament(np.array([-0.5, 0, 0.5]), 0.0, 60, 2, seed=4)

    one, two = (
        rank_generators(first, second, outcomes, clusters=items, resamples=50, seed=9) for _ in range(2)
    )

    assert (one.low == two.low).all()
    assert (one.high == two.high).all()


@given(comparisons)
def test_any_data_have_a_finite_centred_ranking(rows: list) -> None:
    first, second, outcome = map(np.array, zip(*rows, strict=True))

    ranking = rank_generators(first, second, np.eye(3)[outcome], resamples=5)

    assert ranking.converged
    assert np.isfinite(ranking.strengths).all()
    for group in set(ranking.groups.tolist()):
        members = ranking.names[ranking.groups == group].tolist()
        assert ranking.strengths[ranking.groups == group].mean() == pytest.approx(0, abs=1e-6)
        assert sum(ranking.win_probability(members[0], members[-1])) == pytest.approx(1)


@given(comparisons)
def test_swapping_the_sides_changes_nothing(rows: list) -> None:
    first, second, outcome = map(np.array, zip(*rows, strict=True))

    straight = rank_generators(first, second, np.eye(3)[outcome])
    swapped = rank_generators(second, first, np.eye(3)[2 - outcome])

    assert swapped.strengths == pytest.approx(straight.strengths, abs=1e-6)
    assert swapped.tie == pytest.approx(straight.tie, rel=1e-6)


@given(comparisons)
def test_turning_every_outcome_turns_the_ranking(rows: list) -> None:
    first, second, outcome = map(np.array, zip(*rows, strict=True))

    straight = rank_generators(first, second, np.eye(3)[outcome])
    turned = rank_generators(first, second, np.eye(3)[2 - outcome])

    assert turned.strengths == pytest.approx(-straight.strengths, abs=1e-6)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5), st.floats(-3, 3))
def test_probabilities_know_only_the_difference(a: float, b: float, shift: float, tie: float) -> None:
    def probabilities(first: float, second: float) -> np.ndarray:
        return outcome_probabilities(np.array([first - second]), np.array([tie]))[0]

    assert probabilities(a + shift, b + shift) == pytest.approx(probabilities(a, b))
    assert probabilities(b, a) == pytest.approx(probabilities(a, b)[::-1])
    assert probabilities(a, b).sum() == pytest.approx(1)
