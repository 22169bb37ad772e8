"""What the judgments of one item say together: probabilities of a, tie and b, and whether they agree.

Rules, the same for the overall question and for each person:

* One annotator, one vote. "Much better" is a vote for its side like any other; how much is a matter of strength,
  which is ordinal (`strength_of`) and has its own agreement.
* "Both bad" is a tie, since it prefers neither side, and is counted beside.
* "Cannot judge" is an answer (it fills a slot) and no vote.
* An item is *open* until it has as many answers as the study asks for; then *agreed* if one outcome is likely
  enough, else *disputed*. Nobody able to judge is a dispute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from annotator.agreement.dawid_skene import dawid_skene
from annotator.agreement.long_form import codes_of

CLASSES = ("a", "tie", "b")

# The class that each answer votes for, in storage order; an answer that is missing here is no vote.
VOTES: Mapping[str, str] = {
    "a_much": "a",
    "a": "a",
    "tie": "tie",
    "same": "tie",
    "both_bad": "tie",
    "b": "b",
    "b_much": "b",
}
STRENGTHS: Mapping[str, int] = {"a_much": -2, "a": -1, "tie": 0, "b": 1, "b_much": 2}

State = Literal["open", "agreed", "disputed"]
Method = Literal["vote", "dawid_skene", "review"]
Preference = Literal["a", "tie", "b", "both_bad"]


@dataclass(frozen=True, slots=True)
class Rule:
    """When an outcome is likely enough.

    With the defaults 1 of 1, 2 of 2, 3 of 3, 3 of 4 and 4 of 5 equal votes agree, and 2 of 3 does not. The model
    knows its annotators and so asks for more: 2 of 3 good ones agree (0.94 at an accuracy of 0.9), 2 of 3
    middling ones do not (0.79 at 0.7).

    `smoothing`: votes added to each class, Jeffreys' 1/2. `vote_threshold`, `model_threshold`: the probability
    from which on a vote, or the model, agrees.
    """

    smoothing: float = 0.5
    vote_threshold: float = 0.6
    model_threshold: float = 0.9

    def __post_init__(self) -> None:
        if self.smoothing <= 0:
            raise ValueError(f"smoothing must be above 0, got {self.smoothing}")
        if not (1 / 3 < self.vote_threshold <= 1 and 1 / 3 < self.model_threshold <= 1):
            raise ValueError(
                f"thresholds must lie above 1/3 and up to 1, got {self.vote_threshold}, {self.model_threshold}"
            )


DEFAULT_RULE = Rule()


@dataclass(frozen=True, slots=True)
class ItemConsensus:
    """The outcome for one item, or for one person in it.

    `prob_a`, `prob_tie`, `prob_b` sum to 1. `answers` counts all answers, `votes` those that could judge,
    `both_bad` those of them that called both sides bad. `agreement`: share of pairs of votes that agree, in
    [0, 1], None with fewer than two votes.
    """

    prob_a: float
    prob_tie: float
    prob_b: float
    state: State
    method: Method
    answers: int
    votes: int
    both_bad: int
    agreement: float | None


def to_storage(verdict: str, *, left_is_a: bool) -> str:
    """Turn an answer about left and right into one about a and b; other answers stay as they are.

    >>> to_storage("left_much", left_is_a=False)
    'b_much'
    """
    side, _, degree = verdict.partition("_")
    if side not in ("left", "right"):
        return verdict
    name = "a" if (side == "left") == left_is_a else "b"
    return f"{name}_{degree}" if degree else name


def strength_of(answer: str) -> int | None:
    """How far an answer leans to b, from -2 (a much better) to 2 (b much better), on an ordinal scale.

    None for an answer that measures no such thing: both bad (which says that neither side will do, not that
    they are equal) and cannot judge.
    """
    return STRENGTHS.get(answer)


def overall_from_people(answers: Sequence[str]) -> str:
    """The overall answer that the answers for each person imply: the side that keeps more people better.

    For studies that do not ask the overall question. "" if no person was judged.
    """
    votes = [VOTES[answer] for answer in answers if answer in VOTES]
    lead = votes.count("a") - votes.count("b")
    if not votes:
        return ""
    return "a" if lead > 0 else "b" if lead < 0 else "tie"


def preference(*, prob_a: float, prob_tie: float, prob_b: float, both_bad: int, answers: int) -> Preference:
    """Name the likeliest outcome; "both_bad" where that is a tie and at least half of the answers say so.

    Args:
        both_bad, answers: as in `ItemConsensus`.
    """
    if prob_a > max(prob_tie, prob_b):
        return "a"
    if prob_b > max(prob_tie, prob_a):
        return "b"
    return "both_bad" if 2 * both_bad >= answers > 0 else "tie"


def vote_consensus(answers: Sequence[str], *, overlap: int, rule: Rule = DEFAULT_RULE) -> ItemConsensus:
    """Count votes: prob_c = (votes for c + s) / (votes + 3 s), s being the rule's smoothing.

    Args:
        answers: the item's answers in storage order (`to_storage`), one an annotator.
        overlap: how many answers the study asks for.

    Raises:
        ValueError: `overlap` below 1.

    Source: the posterior mean under a Dirichlet(s, s, s) prior; s = 1/2 is Jeffreys' prior.
    """
    counts = _vote_counts(answers)
    probabilities = (counts + rule.smoothing) / (counts.sum() + 3 * rule.smoothing)
    state = _state(answers, float(probabilities.max()), overlap, rule.vote_threshold)
    return _outcome(answers, probabilities, state, "vote")


def model_consensus(
    items: ArrayLike,
    annotators: ArrayLike,
    answers: Sequence[str],
    *,
    overlap: int,
    rule: Rule = DEFAULT_RULE,
) -> dict[int, ItemConsensus]:
    """Weigh each annotator by Dawid and Skene's model over all items at once.

    Args:
        items, annotators: `(n,)` integer ids, parallel to `answers`; one answer an annotator and item.
        answers: `(n,)` in storage order.
        overlap: how many answers the study asks for.

    Returns:
        The consensus of every item in `items`. One that nobody could judge gets a third for each outcome.

    Raises:
        ValueError: arrays of different lengths, `overlap` below 1.
    """
    item_array = np.asarray(items, dtype=np.int64)
    annotator_array = np.asarray(annotators, dtype=np.int64)
    vote = codes_of([VOTES.get(answer, "") for answer in answers], CLASSES)
    voted = vote >= 0
    fit = dawid_skene(item_array[voted], annotator_array[voted], vote[voted], classes=len(CLASSES))
    posterior = dict(zip(fit.item_ids.tolist(), fit.posteriors, strict=True))
    unknown = np.full(len(CLASSES), 1 / len(CLASSES))

    answers_of: dict[int, list[str]] = {}
    for item, answer in zip(item_array.tolist(), answers, strict=True):
        answers_of.setdefault(item, []).append(answer)
    outcomes = {}
    for item, its_answers in answers_of.items():
        probabilities = posterior.get(item, unknown)
        state = _state(its_answers, float(probabilities.max()), overlap, rule.model_threshold)
        outcomes[item] = _outcome(its_answers, probabilities, state, "dawid_skene")
    return outcomes


def review_consensus(answers: Sequence[str], decision: str, *, rule: Rule = DEFAULT_RULE) -> ItemConsensus:
    """Let a reviewer's answer decide a disputed item.

    The decision counts one vote more than all votes before it together, so that it always comes out likeliest
    and the probabilities still show how divided the annotators were. A reviewer who cannot judge either leaves
    the item disputed.

    Args:
        answers: the annotators' answers in storage order; decision: the reviewer's.
    """
    counts = _vote_counts(answers)
    verdict = VOTES.get(decision)
    if verdict is not None:
        counts[CLASSES.index(verdict)] += counts.sum() + 1
    probabilities = (counts + rule.smoothing) / (counts.sum() + 3 * rule.smoothing)
    state: State = "disputed" if verdict is None else "agreed"
    return _outcome([*answers, decision], probabilities, state, "review")


def _vote_counts(answers: Sequence[str]) -> np.ndarray:
    votes = [VOTES[answer] for answer in answers if answer in VOTES]
    return np.array([votes.count(name) for name in CLASSES], dtype=np.float64)


def _state(answers: Sequence[str], likeliest: float, overlap: int, threshold: float) -> State:
    if overlap < 1:
        raise ValueError(f"overlap must be at least 1, got {overlap}")
    if len(answers) < overlap:
        return "open"
    # 1 of 1 sits exactly on the default threshold: rounding must not decide it.
    return "agreed" if likeliest >= threshold - 1e-9 else "disputed"


def _outcome(
    answers: Sequence[str], probabilities: np.ndarray, state: State, method: Method
) -> ItemConsensus:
    counts = _vote_counts(answers)
    votes = int(counts.sum())
    pairs = votes * (votes - 1)
    return ItemConsensus(
        prob_a=float(probabilities[0]),
        prob_tie=float(probabilities[1]),
        prob_b=float(probabilities[2]),
        state=state,
        method=method,
        answers=len(answers),
        votes=votes,
        both_bad=sum(answer == "both_bad" for answer in answers),
        agreement=float((counts * (counts - 1)).sum() / pairs) if pairs else None,
    )
