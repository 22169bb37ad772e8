import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.alpha import Alpha, Level, krippendorff_alpha

LEVELS: list[Level] = ["nominal", "ordinal", "interval"]
answers = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(-2, 2)), min_size=1, max_size=60
)


def noisy_answers(items: int, accuracy: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, 3, items), 3)
    values = np.where(rng.random(3 * items) < accuracy, truth, rng.integers(0, 3, 3 * items))
    return np.repeat(np.arange(items), 3), np.tile(np.arange(3), items), values


@pytest.mark.parametrize("level", LEVELS)
def test_perfect_agreement_is_one(level: Level) -> None:
    assert krippendorff_alpha([1, 1, 2, 2], [1, 2, 1, 2], [0, 0, 1, 1], level=level).value == 1.0


@pytest.mark.parametrize("level", LEVELS)
def test_answering_at_random_is_near_zero(level: Level) -> None:
    alpha = krippendorff_alpha(*noisy_answers(3000, 0.0, seed=1), level=level)

    assert abs(alpha.value) < 0.03


def test_systematic_disagreement_is_below_zero() -> None:
    assert krippendorff_alpha([1, 1, 2, 2], [1, 2, 1, 2], [0, 1, 1, 0]).value < 0


@pytest.mark.parametrize(
    ("items", "values", "reason"),
    [
        ([], [], "no item has two answers"),
        ([1], [0], "no item has two answers"),
        ([1, 2, 3], [0, 1, 2], "no item has two answers"),
        ([1, 1, 2, 2], [0, 0, 0, 0], "every answer is the same"),
    ],
)
@pytest.mark.parametrize("level", LEVELS)
def test_degenerate_answers_get_a_reason(
    items: list[int], values: list[int], reason: str, level: Level
) -> None:
    annotators = list(range(len(items)))

    alpha = krippendorff_alpha(items, annotators, np.array(values, int), level=level, resamples=10)

    assert np.isnan([alpha.value, alpha.low, alpha.high]).all()
    assert alpha.reason == reason


def test_an_annotator_agreeing_with_themselves_does_not_count() -> None:
    alpha = krippendorff_alpha([1, 1, 2, 2], [7, 7, 8, 8], [0, 0, 1, 1])

    assert alpha.reason == "no item has two answers"


def test_of_two_answers_of_an_annotator_the_last_counts() -> None:
    alpha = krippendorff_alpha([1, 1, 2, 2, 1], [1, 2, 1, 2, 1], [0, 1, 2, 2, 1])

    assert (alpha.value, alpha.values) == (1.0, 4)


def test_ordinal_forgives_a_near_miss() -> None:
    near = [0, 1, 4, 4, 2, 2, 0, 0]
    far = [0, 4, 4, 4, 2, 2, 0, 0]
    where = ([1, 1, 2, 2, 3, 3, 4, 4], [1, 2] * 4)

    ordinal_near = krippendorff_alpha(*where, near, level="ordinal").value
    ordinal_far = krippendorff_alpha(*where, far, level="ordinal").value

    assert ordinal_near > 0.85
    assert ordinal_far < 0.7


def test_words_can_be_nominal_but_not_ordinal() -> None:
    answers = ([1, 1, 2, 2], [1, 2, 1, 2], ["left", "left", "tie", "left"])

    assert krippendorff_alpha(*answers).items == 2
    with pytest.raises(ValueError, match="must be numbers"):
        krippendorff_alpha(*answers, level="ordinal")


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="of one length"):
        krippendorff_alpha([1, 2], [1], [0, 1])


@pytest.mark.parametrize("level", LEVELS)
def test_the_interval_holds_the_truth_about_as_often_as_it_says(level: Level) -> None:
    # Values are right with 0.7, else drawn evenly: two agree beyond chance with 0.7 squared.
    held = 0
    for seed in range(200):
        alpha = krippendorff_alpha(*noisy_answers(150, 0.7, seed), level=level, resamples=300, seed=seed)
        held += alpha.low <= 0.49 <= alpha.high

    assert 180 <= held <= 199


def test_the_interval_narrows_with_more_items() -> None:
    few = krippendorff_alpha(*noisy_answers(50, 0.7, 0), resamples=500)
    many = krippendorff_alpha(*noisy_answers(1250, 0.7, 0), resamples=500)

    # 25 times the items, a fifth of the width.
    assert (few.high - few.low) / (many.high - many.low) == pytest.approx(5, rel=0.25)


def test_the_same_seed_gives_the_same_interval() -> None:
    def interval(seed: int) -> Alpha:
        return krippendorff_alpha(*noisy_answers(60, 0.6, 3), resamples=200, seed=seed)

    assert interval(5) == interval(5)
    assert interval(5).low != interval(6).low


@given(answers, st.permutations(range(7)))
def test_it_does_not_depend_on_names_or_order(rows: list, names: list[int]) -> None:
    # One answer an annotator and item, so that the order of rows says nothing.
    rows = list({row[:2]: row for row in rows}.values())
    items, annotators, values = map(np.array, zip(*rows, strict=True))
    shuffled = np.random.default_rng(len(rows)).permutation(len(rows))

    for level in LEVELS:
        before = krippendorff_alpha(items, annotators, values, level=level).value
        after = krippendorff_alpha(
            np.array(names)[items][shuffled], annotators[shuffled] + 10, values[shuffled], level=level
        ).value
        assert after == pytest.approx(before, nan_ok=True, abs=1e-12)


@given(answers)
def test_each_level_keeps_what_it_measures(rows: list) -> None:
    items, annotators, values = map(np.array, zip(*rows, strict=True))

    def alpha(values: np.ndarray, level: Level) -> float:
        return krippendorff_alpha(items, annotators, values, level=level).value

    def same(level: Level, changed: np.ndarray) -> None:
        assert alpha(changed, level) == pytest.approx(alpha(values, level), nan_ok=True, abs=1e-9)

    same("nominal", (values * 3) % 7)  # any relabelling
    same("ordinal", values**3)  # any that keeps the order
    same("ordinal", -values)
    same("interval", 10 - 4 * values)  # any straight line


@given(answers)
def test_it_never_passes_one(rows: list) -> None:
    items, annotators, values = map(np.array, zip(*rows, strict=True))

    for level in LEVELS:
        alpha = krippendorff_alpha(items, annotators, values, level=level, resamples=20)
        assert np.isnan(alpha.value) == (alpha.reason != "")
        assert not alpha.value > 1 + 1e-12
        assert not alpha.low > alpha.high
