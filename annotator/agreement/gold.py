"""Whether an answer to a pair with a known answer is right.

A side that was made a little worse is hard to tell from the other, and whoever calls the two alike has not failed: a
tie counts as right up to a gap of severities that the study states. Where neither side is worse by construction a tie
is the only right answer. "Both bad" is a tie, as in the consensus; who cannot judge is neither right nor wrong.
"""

from typing import Literal

from annotator.agreement.consensus import VOTES

Known = Literal["a", "b", "tie"]


def is_right(answer: str, *, known: str, gap: int, tie_up_to: int) -> bool | None:
    """Say whether an answer is right; None if it says nothing.

    Args:
        answer: In terms of a and b, or an empty one.
        known: The better side by construction.
        gap: How many severities the sides are apart, 1 to 5; 0 for a tie by construction.
        tie_up_to: A tie is right up to this gap.

    >>> is_right("tie", known="a", gap=2, tie_up_to=2), is_right("tie", known="a", gap=3, tie_up_to=2)
    (True, False)
    """
    vote = VOTES.get(answer)
    if vote is None:
        return None
    return vote == known or (vote == "tie" and gap <= tie_up_to)


def names_better(answer: str, *, known: str) -> bool | None:
    """Say whether an answer names the very side, ties being no answer to that; None if it says nothing."""
    vote = VOTES.get(answer)
    return None if vote is None else vote == known
