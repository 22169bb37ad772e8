"""Dawid and Skene's model: what is true of each item, and how each annotator errs, from answers alone.

Every item has one true class k, drawn with probability p_k. Annotator a, shown an item of class k, answers l
with probability π_akl, whatever else was answered. EM alternates: given the tables, the probability of each
class for each item; given those, the tables. An annotator whose answers go with nobody's ends up with rows of
π that hardly differ, and so hardly moves any item.

Answers are few (three an item, some dozens an annotator), so the tables have a prior: as if every annotator
had answered `prior_answers` items of each class before, a share `prior_accuracy` of them right, and as if
`prior_items` items of each class had been seen. It keeps a table from running to certainty on two answers and
the classes from trading names. With both at 0 it is the maximum-likelihood estimate of the paper.

Source: Dawid & Skene (1979), Maximum likelihood estimation of observer error-rates using the EM algorithm,
Applied Statistics 28(1); the prior as in Paun et al. (2018), Comparing Bayesian models of annotation, TACL 6.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.agreement.long_form import (
    Answers,
    Floats,
    Ints,
    check_parallel,
    number_answers,
    sum_by_item,
)


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """The fitted model of I items, A annotators, K classes.

    `item_ids` `(I,)` and `annotator_ids` `(A,)`: the ids given, sorted.
    `posteriors` `(I, K)`: probability of each class; rows sum to 1.
    `class_shares` `(K,)`: p, sums to 1.
    `confusion` `(A, K, K)`: π, true class by answered class; rows sum to 1.
    `reliability` `(A,)`: Σ_k p_k π_akk, the share of items the annotator is expected to get right, in [0, 1].
    `answers` `(A,)`: how many answers each annotator gave.
    `log_posterior` `(iterations,)`: the objective, log-likelihood plus log prior; it never falls.
    `converged`: whether it rose by less than the tolerance before the iterations ran out.
    """

    item_ids: NDArray[Any]
    annotator_ids: NDArray[Any]
    posteriors: Floats
    class_shares: Floats
    confusion: Floats
    reliability: Floats
    answers: Ints
    log_posterior: Floats
    converged: bool


def dawid_skene(
    items: ArrayLike,
    annotators: ArrayLike,
    values: ArrayLike,
    *,
    classes: int,
    prior_answers: float = 4.0,
    prior_accuracy: float = 0.7,
    prior_items: float = 1.0,
    tolerance: float = 1e-7,
    max_iterations: int = 500,
) -> DawidSkene:
    """Fit the model by EM from parallel arrays, one entry an answer. Deterministic.

    Args:
        items: `(n,)` ids of items.
        annotators: `(n,)` ids of annotators. Several answers of one annotator to one item all count, as in
            the paper, whose first observer saw every patient three times.
        values: `(n,)` answers, integers from 0 to `classes` - 1.
        classes: K, at least 2.
        prior_answers: strength of the prior on each row of an annotator's table, in answers, at least 0.
        prior_accuracy: share of those on the diagonal, within 1/K and 1.
        prior_items: strength of the prior on the shares of the classes, in items a class, at least 0.
        tolerance: rise of the objective, per answer, below which the fit has converged.
        max_iterations: bound on the number of steps.

    Raises:
        ValueError: arrays of different lengths, a value outside its classes, a parameter out of range.
    """
    value = np.asarray(values)
    answers = number_answers(items, annotators)
    check_parallel(items=answers.item, values=value)
    _check(value, classes, prior_answers, prior_accuracy, prior_items)
    value = value.astype(np.int64)[answers.order]
    model = _Model(
        answers, value, classes, _pseudo_counts(classes, prior_answers, prior_accuracy), prior_items
    )

    posteriors = model.vote_shares()
    history: list[float] = []
    converged = len(value) == 0
    shares, confusion = model.update_tables(posteriors)
    while not converged and len(history) < max_iterations:
        posteriors, objective = model.update_items(shares, confusion)
        converged = bool(history) and objective - history[-1] <= tolerance * len(value)
        history.append(objective)
        shares, confusion = model.update_tables(posteriors)

    return DawidSkene(
        item_ids=answers.item_ids,
        annotator_ids=answers.annotator_ids,
        posteriors=posteriors,
        class_shares=shares,
        confusion=confusion,
        reliability=np.einsum("k,akk->a", shares, confusion),
        answers=np.bincount(answers.annotator, minlength=len(answers.annotator_ids)).astype(np.int64),
        log_posterior=np.array(history),
        converged=converged,
    )


def _check(value: NDArray[Any], classes: int, answers: float, accuracy: float, items: float) -> None:
    if classes < 2:
        raise ValueError(f"classes must be at least 2, got {classes}")
    if len(value) and not np.issubdtype(value.dtype, np.integer):
        raise ValueError(f"values must be integers, got {value.dtype}")
    if len(value) and not (value.min() >= 0 and value.max() < classes):
        raise ValueError(f"values must lie within 0 and {classes - 1}, got {value.min()} to {value.max()}")
    if answers < 0 or items < 0:
        raise ValueError(f"prior_answers and prior_items must not be negative, got {answers} and {items}")
    if not 1 / classes <= accuracy < 1:
        raise ValueError(f"prior_accuracy must lie within 1/{classes} and 1, got {accuracy}")


def _pseudo_counts(classes: int, answers: float, accuracy: float) -> Floats:
    """What the prior adds to the counts of each annotator's table, `(K, K)`."""
    wrong = (1 - accuracy) / (classes - 1)
    return answers * (np.full((classes, classes), wrong) + np.eye(classes) * (accuracy - wrong))


@dataclass(frozen=True, slots=True)
class _Model:
    answers: Answers
    value: Ints
    classes: int
    pseudo_counts: Floats
    prior_items: float

    def vote_shares(self) -> Floats:
        """Where EM starts: the share of each class among the item's answers, `(I, K)`."""
        votes = sum_by_item(self.answers.item, np.eye(self.classes)[self.value], len(self.answers.item_ids))
        return votes / votes.sum(axis=1, keepdims=True)

    def update_tables(self, posteriors: Floats) -> tuple[Floats, Floats]:
        """The M step: p `(K,)` and π `(A, K, K)` that make the answers likeliest given the posteriors."""
        shares = posteriors.sum(axis=0) + self.prior_items
        shares = shares / shares.sum() if shares.sum() > 0 else np.full(self.classes, 1 / self.classes)

        annotators = len(self.answers.annotator_ids)
        cell = self.answers.annotator * self.classes + self.value
        belief = posteriors[self.answers.item]
        counts = np.stack(
            [
                np.bincount(cell, weights=belief[:, k], minlength=annotators * self.classes)
                for k in range(self.classes)
            ]
        ).reshape(self.classes, annotators, self.classes)
        table = counts.transpose(1, 0, 2) + self.pseudo_counts
        total = table.sum(axis=2, keepdims=True)
        # Without a prior an annotator may never have met a class: any row explains that equally well.
        confusion = np.where(total > 0, table / np.where(total > 0, total, 1), 1 / self.classes)
        return shares, confusion

    def update_items(self, shares: Floats, confusion: Floats) -> tuple[Floats, float]:
        """The E step: posteriors `(I, K)`, and the objective under the tables given."""
        log_shares, log_confusion = _log(shares), _log(confusion)
        evidence = log_confusion[self.answers.annotator, :, self.value]
        joint = log_shares + sum_by_item(self.answers.item, evidence, len(self.answers.item_ids))
        highest = joint.max(axis=1, keepdims=True)
        scaled = np.exp(joint - highest)
        total = scaled.sum(axis=1, keepdims=True)
        likelihood = float((highest + np.log(total)).sum())
        prior = float((self.pseudo_counts * log_confusion).sum() + self.prior_items * log_shares.sum())
        return scaled / total, likelihood + prior


def _log(probabilities: Floats) -> Floats:
    """Natural logarithm, -1e4 at 0: finite, so that 0 times it is 0, and below all that can matter."""
    return np.log(probabilities, out=np.full(probabilities.shape, -1e4), where=probabilities > 0)
