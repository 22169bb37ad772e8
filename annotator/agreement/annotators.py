"""How each annotator works: leaning to a side, repeating themselves, agreeing with others, and how fast.

Flags are for a lead to look at, never a verdict. A flag needs both an effect worth looking at and evidence that
it is no accident (a 99 % interval), so that few of many annotators are flagged by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotator.agreement.consensus import CLASSES, VOTES, to_storage
from annotator.agreement.long_form import (
    Floats,
    Ints,
    check_parallel,
    codes_of,
    count_table,
    last_answers,
)
from annotator.agreement.proportions import Share, wilson_share

Flag = Literal["fast", "leans left", "leans right"]

FLAG_CONFIDENCE = 0.99
LEAN_AT_LEAST = 0.05
FAST_PART = 0.5


@dataclass(frozen=True, slots=True)
class AnnotatorReport:
    """One annotator in numbers; nan where there is nothing to count.

    `answers`: how many. `median_seconds`: of their times.
    `left`: share of left among the answers that preferred a side; `side_bias` is that less a half, in
        [-0.5, 0.5], above 0 towards the left. Sides are drawn at random, so without a lean it is near 0.
    `repeats`: share of pairs, seen again with the sides swapped, that got the same outcome (a, tie or b).
    `agreement`: mean share of others' votes on the same item that agree, in [0, 1]; `shared`: over how many
        items. `alpha`: the same beyond chance, 1 - (1 - agreement) / D_e with the study's D_e, so that it reads
        like the study's alpha.
    """

    annotator: int
    answers: int
    median_seconds: float
    left: Share
    repeats: Share
    agreement: float
    alpha: float
    shared: int
    flags: tuple[Flag, ...]

    @property
    def side_bias(self) -> float:
        return self.left.value - 0.5


@dataclass(frozen=True, slots=True)
class _Table:
    annotator: Ints  # (n,) code of the annotator
    item: Ints  # (n,) code of the item
    pair: Ints  # (n,) code of the pair: an item and its repeat have one
    vote: Ints  # (n,) class in storage order, -1 for no vote
    side: Ints  # (n,) 1 left, 0 right, -1 neither
    seconds: Floats  # (n,)


def annotator_reports(
    annotators: ArrayLike,
    items: ArrayLike,
    pairs: ArrayLike,
    verdicts: Sequence[str],
    left_is_a: ArrayLike,
    seconds: ArrayLike,
) -> list[AnnotatorReport]:
    """Report on every annotator, ordered by id, from parallel arrays, one entry an answer.

    Args:
        annotators, items, pairs: `(n,)` integer ids. An item and its repeat are different items of one pair.
        verdicts: `(n,)` answers as seen: left_much, left, tie, right, right_much, both_bad, cannot_judge.
        left_is_a: `(n,)` whether clip a was on the left.
        seconds: `(n,)` time with the page in view.

    Raises:
        ValueError: arrays of different lengths.

    Sources: Wilson's interval, see `proportions`; agreement and D_e as in `alpha`.
    """
    annotator_ids, annotator = np.unique(np.asarray(annotators, dtype=np.int64), return_inverse=True)
    flipped = np.asarray(left_is_a, dtype=bool)
    stored = [to_storage(v, left_is_a=bool(a)) for v, a in zip(verdicts, flipped, strict=True)]
    table = _Table(
        annotator=annotator,
        item=np.unique(np.asarray(items), return_inverse=True)[1],
        pair=np.unique(np.asarray(pairs), return_inverse=True)[1],
        vote=codes_of([VOTES.get(answer, "") for answer in stored], CLASSES),
        side=np.array([_side(v) for v in verdicts], dtype=np.int64),
        seconds=np.asarray(seconds, dtype=np.float64),
    )
    check_parallel(
        annotators=table.annotator,
        items=table.item,
        pairs=table.pair,
        verdicts=table.vote,
        left_is_a=flipped,
        seconds=table.seconds,
    )
    agreement, alpha, shared = _agreement_with_others(table, len(annotator_ids))
    same, repeated = _repeats(table, len(annotator_ids))
    medians = np.array([np.median(table.seconds[annotator == a]) for a in range(len(annotator_ids))])
    reports = []
    for a, annotator_id in enumerate(annotator_ids.tolist()):
        mine = annotator == a
        sides = table.side[mine]
        left, decided = int((sides == 1).sum()), int((sides >= 0).sum())
        reports.append(
            AnnotatorReport(
                annotator=annotator_id,
                answers=int(mine.sum()),
                median_seconds=float(medians[a]),
                left=wilson_share(left, decided),
                repeats=wilson_share(int(same[a]), int(repeated[a])),
                agreement=float(agreement[a]),
                alpha=float(alpha[a]),
                shared=int(shared[a]),
                flags=(*_pace_flags(table.seconds[mine], np.delete(medians, a)), *_lean_flags(left, decided)),
            )
        )
    return reports


def _side(verdict: str) -> int:
    return {"left": 1, "right": 0}.get(verdict.removesuffix("_much"), -1)


def _lean_flags(left: int, decided: int) -> tuple[Flag, ...]:
    """Flag a lean of at least 5 points whose 99 % interval leaves out one half."""
    share = wilson_share(left, decided, confidence=FLAG_CONFIDENCE)
    if share.value - 0.5 >= LEAN_AT_LEAST and share.low > 0.5:
        return ("leans left",)
    if 0.5 - share.value >= LEAN_AT_LEAST and share.high < 0.5:
        return ("leans right",)
    return ()


def _pace_flags(seconds: Floats, others: Floats) -> tuple[Flag, ...]:
    """Flag whoever gives more than half of their answers in less than half the others' usual time.

    The usual time is the median of the others' medians; "more than half" must hold at 99 %, which is a sign test
    on the annotator's own median.
    """
    if len(others) == 0 or len(seconds) == 0:
        return ()
    quick = int((seconds < FAST_PART * np.median(others)).sum())
    share = wilson_share(quick, len(seconds), confidence=FLAG_CONFIDENCE)
    return ("fast",) if share.low > 0.5 else ()


def _agreement_with_others(table: _Table, annotators: int) -> tuple[Floats, Floats, Ints]:
    """Mean share of others' votes that agree, the same beyond chance, and the number of items: `(A,)` each."""
    voted = np.flatnonzero(table.vote >= 0)
    kept = voted[last_answers(table.item[voted], table.annotator[voted])]
    item, annotator, vote = table.item[kept], table.annotator[kept], table.vote[kept]
    counts = count_table(item, vote, (int(item.max()) + 1 if len(item) else 0, len(CLASSES)))
    others = counts[item].sum(axis=1) - 1
    together = others > 0
    item, annotator, vote, others = item[together], annotator[together], vote[together], others[together]
    agreeing = (counts[item, vote] - 1) / others

    shared = np.bincount(annotator, minlength=annotators).astype(np.int64)
    total = np.bincount(annotator, weights=agreeing, minlength=annotators)
    agreement = np.divide(total, shared, out=np.full(annotators, np.nan), where=shared > 0)

    by_class = np.bincount(vote, minlength=len(CLASSES)).astype(np.float64)
    n = by_class.sum()
    chance = 1 - (by_class * (by_class - 1)).sum() / (n * (n - 1)) if n > 1 else 0.0
    alpha = 1 - (1 - agreement) / chance if chance > 0 else np.full(annotators, np.nan)
    return agreement, alpha, shared


def _repeats(table: _Table, annotators: int) -> tuple[Ints, Ints]:
    """How many repeated pairs got the same vote as before, and how many were repeated: `(A,)` each.

    An answer is compared with the same annotator's answer to the pair before it.
    """
    voted = np.flatnonzero(table.vote >= 0)
    kept = voted[last_answers(table.item[voted], table.annotator[voted])]
    key: NDArray[np.int64] = table.annotator[kept] * (int(table.pair.max(initial=0)) + 1) + table.pair[kept]
    order = np.argsort(key, kind="stable")
    key, vote, annotator = key[order], table.vote[kept][order], table.annotator[kept][order]
    again = np.flatnonzero(key[1:] == key[:-1]) + 1
    same = vote[again] == vote[again - 1]
    return (
        np.bincount(annotator[again[same]], minlength=annotators).astype(np.int64),
        np.bincount(annotator[again], minlength=annotators).astype(np.int64),
    )
