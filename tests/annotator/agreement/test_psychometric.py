"""The psychometric function against data drawn from a known one, and at its edges."""

import numpy as np
import pytest

from annotator.agreement.gold import is_right, names_better
from annotator.agreement.psychometric import GUESS, guess_rate, psychometric_fit


def drawn(
    threshold: float, width: float, guess: float, answers: int, seed: int
) -> dict[int, tuple[int, int]]:
    rng = np.random.default_rng(seed)
    seen = {n: guess + (1 - guess - 0.02) / (1 + np.exp(-(n - threshold) / width)) for n in range(1, 6)}
    return {n: (int(rng.binomial(answers, p)), answers) for n, p in seen.items()}


@pytest.mark.parametrize("threshold", [1.5, 2.5, 4.0])
def test_the_threshold_that_answers_were_drawn_from_is_found(threshold):
    fit = psychometric_fit(drawn(threshold, 0.6, 0.25, 2000, 1), guess=0.25)
    assert fit is not None
    assert fit.threshold == pytest.approx(threshold, abs=0.15)
    assert fit.low is not None
    assert fit.high is not None
    assert fit.low < fit.threshold < fit.high
    assert fit.at(-50) == pytest.approx(0.25)
    assert fit.at(50) == pytest.approx(0.98)
    assert fit.at(fit.threshold) == pytest.approx((0.25 + 0.98) / 2)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    fits = [psychometric_fit(drawn(2.5, 0.7, 0.2, 30, seed), guess=0.2) for seed in range(200)]
    held = sum((fit.low or -9) <= 2.5 <= (fit.high or 99) for fit in fits if fit)
    assert 180 <= held <= 199


def test_an_end_that_the_answers_do_not_set_is_none():
    always = psychometric_fit(dict.fromkeys(range(1, 6), (20, 20)), guess=0.3)
    assert always is not None
    assert always.low is None
    never = psychometric_fit(dict.fromkeys(range(1, 6), (6, 20)), guess=0.3)
    assert never is not None
    assert never.high is None


def test_too_little_gives_no_line():
    assert psychometric_fit({}, guess=0.3) is None
    assert psychometric_fit({3: (50, 100)}, guess=0.3) is None
    assert psychometric_fit({1: (1, 4), 5: (4, 4)}, guess=0.3) is None


@pytest.mark.parametrize("counts", [{1: (3, 2)}, {1: (-1, 2)}])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="within 0 and its total"):
        psychometric_fit(counts, guess=0.3)
    with pytest.raises(ValueError, match="guess rate"):
        psychometric_fit({}, guess=0.7)


def test_ties_by_construction_tell_the_guess_rate():
    assert guess_rate(ties=15, answers=20) == pytest.approx(0.125)
    assert guess_rate(ties=2, answers=4) == GUESS
    with pytest.raises(ValueError, match="within 0 and answers"):
        guess_rate(ties=5, answers=4)


@pytest.mark.parametrize(
    ("answer", "known", "gap", "right"),
    [
        ("", "a", 3, None),
        ("cannot_judge", "a", 3, None),
        ("a", "a", 3, True),
        ("a_much", "a", 1, True),
        ("b", "a", 1, False),
        ("tie", "a", 2, True),
        ("tie", "a", 3, False),
        ("both_bad", "b", 2, True),
        ("tie", "tie", 0, True),
        ("a", "tie", 0, False),
    ],
)
def test_what_is_right(answer, known, gap, right):
    assert is_right(answer, known=known, gap=gap, tie_up_to=2) is right


def test_a_tie_names_no_side():
    assert names_better("tie", known="a") is False
    assert names_better("a", known="a") is True
    assert names_better("cannot_judge", known="a") is None
