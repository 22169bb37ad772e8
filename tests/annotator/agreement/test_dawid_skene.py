import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.dawid_skene import dawid_skene

answers = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=80
)


def crowd(
    items: int, accuracies: list[float], seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Everybody answers everything out of three classes; an error is either of the others."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    item = np.repeat(np.arange(items), len(accuracies))
    annotator = np.tile(np.arange(len(accuracies)), items)
    right = rng.random(len(item)) < np.array(accuracies)[annotator]
    values = np.where(right, truth[item], (truth[item] + rng.integers(1, 3, len(item))) % 3)
    return item, annotator, values, truth


def test_it_finds_who_can_be_trusted() -> None:
    accuracies = [0.95, 0.9, 0.8, 0.6, 0.34]
    items, annotators, values, _ = crowd(800, accuracies, seed=0)

    fit = dawid_skene(items, annotators, values, classes=3)

    assert fit.reliability == pytest.approx(accuracies, abs=0.05)
    assert fit.answers.tolist() == [800] * 5


def test_it_beats_the_vote_when_annotators_differ() -> None:
    items, annotators, values, truth = crowd(500, [0.95, 0.5, 0.5, 0.5], seed=1)
    votes = np.zeros((500, 3))
    np.add.at(votes, (items, values), 1)

    fit = dawid_skene(items, annotators, values, classes=3)

    by_model = (fit.posteriors.argmax(axis=1) == truth).mean()
    by_vote = (votes.argmax(axis=1) == truth).mean()
    assert by_model > by_vote + 0.1
    assert by_model > 0.9


def test_its_certainty_can_be_taken_at_its_word() -> None:
    items, annotators, values, truth = crowd(3000, [0.85, 0.75, 0.7], seed=2)

    posteriors = dawid_skene(items, annotators, values, classes=3).posteriors

    confidence, right = posteriors.max(axis=1), posteriors.argmax(axis=1) == truth
    for low, high in [(0.5, 0.8), (0.8, 0.95), (0.95, 1.0)]:
        band = (confidence >= low) & (confidence <= high)
        assert right[band].mean() == pytest.approx(confidence[band].mean(), abs=0.06)


def test_an_annotator_who_swaps_two_classes_still_tells() -> None:
    items, annotators, values, truth = crowd(400, [0.9, 0.9, 0.9], seed=3)
    swapped = np.where((annotators == 2) & (values < 2), 1 - values, values)

    fit = dawid_skene(items, annotators, swapped, classes=3)

    assert fit.confusion[2, 0, 1] > 0.7
    assert (fit.posteriors.argmax(axis=1) == truth).mean() > 0.93


def test_the_prior_keeps_few_answers_from_certainty() -> None:
    fit = dawid_skene([1, 1], [1, 2], [0, 0], classes=3)

    assert 0.8 < fit.posteriors[0, 0] < 0.99
    # Pseudo-answers, 0.7 of them right, and the item itself.
    assert fit.reliability == pytest.approx([0.7, 0.7], abs=0.1)


def test_no_answers_give_an_empty_result() -> None:
    fit = dawid_skene([], [], [], classes=3)

    assert fit.posteriors.shape == (0, 3)
    assert fit.class_shares == pytest.approx(np.full(3, 1 / 3))
    assert fit.converged


def test_it_says_when_it_ran_out_of_iterations() -> None:
    items, annotators, values, _ = crowd(200, [0.8, 0.7, 0.6], seed=4)

    assert not dawid_skene(items, annotators, values, classes=3, max_iterations=2).converged
    assert dawid_skene(items, annotators, values, classes=3).converged


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([3], {}, "lie within 0 and 2, got 3"),
        ([-1], {}, "lie within 0 and 2"),
        ([0.5], {}, "must be integers"),
        ([0, 1], {}, "of one length"),
        ([0], {"classes": 1}, "at least 2"),
        ([0], {"prior_accuracy": 0.2}, "within 1/3 and 1"),
        ([0], {"prior_answers": -1.0}, "not be negative"),
    ],
)
def test_bad_input_is_refused(values: list, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dawid_skene([1], [1], values, **{"classes": 3, **options})


@given(answers, st.sampled_from([0.0, 4.0]))
def test_it_always_climbs_and_stays_a_distribution(rows: list, prior: float) -> None:
    items, annotators, values = map(np.array, zip(*rows, strict=True))

    fit = dawid_skene(items, annotators, values, classes=3, prior_answers=prior, prior_items=prior / 4)

    steps = np.diff(fit.log_posterior)
    assert (steps >= -1e-9 * (1 + np.abs(fit.log_posterior[1:]))).all()
    assert fit.posteriors.sum(axis=1) == pytest.approx(1)
    assert fit.confusion.sum(axis=2) == pytest.approx(1)
    assert fit.class_shares.sum() == pytest.approx(1)
    assert ((fit.reliability >= -1e-9) & (fit.reliability <= 1 + 1e-9)).all()


@given(answers, st.permutations(range(3)))
def test_renaming_the_classes_renames_the_result(rows: list, names: list[int]) -> None:
    items, annotators, values = map(np.array, zip(*rows, strict=True))

    fit = dawid_skene(items, annotators, values, classes=3)
    renamed = dawid_skene(items, annotators, np.array(names)[values], classes=3)

    assert renamed.posteriors[:, names] == pytest.approx(fit.posteriors, abs=1e-6)
    assert renamed.reliability == pytest.approx(fit.reliability, abs=1e-6)


@given(answers)
def test_the_order_of_answers_does_not_matter(rows: list) -> None:
    items, annotators, values = map(np.array, zip(*rows, strict=True))
    shuffled = np.random.default_rng(0).permutation(len(rows))

    fit = dawid_skene(items, annotators, values, classes=3)
    again = dawid_skene(items[shuffled], annotators[shuffled], values[shuffled], classes=3)

    assert again.posteriors == pytest.approx(fit.posteriors, abs=1e-9)
