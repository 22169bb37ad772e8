"""The preference of a comparison and its certainty, overall and for each person."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from annotator.agreement.consensus import VOTES, ItemConsensus, preference, review_consensus, vote_consensus
from annotator.models import Consensus, ConsensusState
from config.lookups import Ids

from .evidence import Answer


class Opinion(NamedTuple):
    """Probabilities of a, of neither, of b; `choice` is empty unless the judgments agree enough."""

    choice: str
    prob_a: float
    prob_tie: float
    prob_b: float
    votes: int


class Outcome(NamedTuple):
    overall: Opinion
    people: dict[int, Opinion]
    method: str
    agreement: float | None


class Stored(NamedTuple):
    """What a release needs of a row of Consensus: whole rows of the model would cost more than all the rest."""

    item: int
    state: str
    method: str
    prob_a: float
    prob_tie: float
    prob_b: float
    n_judgments: int
    n_simulated: int
    agreement: float | None
    both_bad: int
    people: dict[str, Any]


def stored_consensus(items: Sequence[int]) -> dict[int, Stored]:
    rows = Consensus.objects.filter(item__among=Ids(items)).values_list(*Stored._fields)
    return {row[0]: Stored(*row) for row in rows}


def outcome_of(answers: Sequence[Answer], stored: Stored | None, *, overlap: int) -> Outcome:
    """What the counted answers of one kind say together.

    The stored consensus, whose model may know more of the annotators, where it rests on just as many judgments, all of
    this kind; else a vote over the answers themselves.
    """
    simulated = sum(answer.is_simulated for answer in answers)
    if (
        stored is not None
        and (stored.n_judgments, stored.n_simulated) == (len(answers), simulated)
        and answers
    ):
        return _of_stored(stored)
    return _of_votes(answers, overlap=overlap)


def _of_stored(row: Stored) -> Outcome:
    return Outcome(
        overall=_opinion(
            row.state, row.prob_a, row.prob_tie, row.prob_b, votes=row.n_judgments, both_bad=row.both_bad
        ),
        people={int(person): _of_person(entry) for person, entry in row.people.items()},
        method=row.method,
        agreement=row.agreement,
    )


def _of_person(entry: dict[str, Any]) -> Opinion:
    return _opinion(entry["state"], entry["prob_a"], entry["prob_same"], entry["prob_b"], votes=entry["n"])


def _of_votes(answers: Sequence[Answer], *, overlap: int) -> Outcome:
    given = [answer for answer in answers if not answer.is_review]
    reviews = [answer for answer in answers if answer.is_review]
    # As in the study itself: the last one that could judge decides.
    review = next(
        (answer for answer in reversed(reviews) if answer.vote in VOTES), reviews[-1] if reviews else None
    )
    people = sorted({person for answer in answers for person in answer.verdicts})

    def decide(votes: list[str], decision: str | None) -> ItemConsensus:
        return review_consensus(votes, decision) if decision else vote_consensus(votes, overlap=overlap)

    overall = decide([answer.vote for answer in given], review.vote if review else None)
    by_person = {
        person: decide(
            [answer.verdicts.get(person, "") for answer in given],
            review.verdicts.get(person) if review else None,
        )
        for person in people
    }
    return Outcome(
        overall=_of_consensus(overall, votes=overall.answers),
        people={person: _of_consensus(part, votes=part.votes) for person, part in by_person.items()},
        method=overall.method,
        agreement=overall.agreement,
    )


def _of_consensus(part: ItemConsensus, *, votes: int) -> Opinion:
    return _opinion(part.state, part.prob_a, part.prob_tie, part.prob_b, votes=votes, both_bad=part.both_bad)


def _opinion(
    state: str, prob_a: float, prob_tie: float, prob_b: float, *, votes: int, both_bad: int = 0
) -> Opinion:
    choice = ""
    if state == ConsensusState.AGREED:
        choice = preference(prob_a=prob_a, prob_tie=prob_tie, prob_b=prob_b, both_bad=both_bad, answers=votes)
    return Opinion(choice, prob_a, prob_tie, prob_b, votes)
