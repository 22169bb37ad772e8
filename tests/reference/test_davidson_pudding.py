"""Davidson's second example: six brands of chocolate pudding, 15 pairs, with ties.

Data (table 2) and estimates of Davidson (1970), On extending the Bradley-Terry model to accommodate ties in paired
comparison experiments, JASA 65, 317-328. The estimates, to seven decimals, are those that the R package
PlackettLuce prints when it stops after the seven iterations of the paper, which leaves them exact to about 2e-5.
Without ties, evalica is the other implementation.
"""

import evalica
import numpy as np
import pytest

from annotator.agreement.bradley_terry import rank_generators

FIRST = [1, 1, 2, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4, 5]
SECOND = [2, 3, 3, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6]
FIRST_WINS = [19, 16, 19, 18, 23, 19, 13, 16, 16, 17, 18, 22, 13, 14, 11]
TIES = [16, 12, 10, 13, 9, 15, 18, 12, 17, 16, 12, 12, 10, 18, 12]
SECOND_WINS = [22, 19, 19, 23, 19, 20, 19, 20, 15, 14, 21, 20, 18, 19, 21]

WORTH = [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]
TIE = 0.7468147

# So wide that the estimate is the maximum-likelihood one.
NO_PRIOR = 1e4


def test_it_gives_the_published_worths() -> None:
    outcomes = np.stack([FIRST_WINS, TIES, SECOND_WINS], axis=1)

    ranking = rank_generators(FIRST, SECOND, outcomes, prior_sd=NO_PRIOR)

    worth = np.exp(ranking.strengths)
    assert worth / worth.sum() == pytest.approx(np.array(WORTH), abs=3e-5)
    assert ranking.tie == pytest.approx(TIE, abs=3e-5)


def test_the_prior_hardly_moves_real_data() -> None:
    outcomes = np.stack([FIRST_WINS, TIES, SECOND_WINS], axis=1)

    with_prior = rank_generators(FIRST, SECOND, outcomes)
    without = rank_generators(FIRST, SECOND, outcomes, prior_sd=NO_PRIOR)

    assert with_prior.strengths == pytest.approx(without.strengths, abs=5e-4)


@pytest.mark.parametrize("seed", range(3))
def test_without_ties_it_agrees_with_evalica(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 6, 400)
    second = (first + rng.integers(1, 6, 400)) % 6
    first_won = rng.random(400) < 1 / (1 + np.exp((second - first) / 3))
    outcomes = np.stack([first_won, np.zeros(400), ~first_won], axis=1)

    ours = rank_generators(first, second, outcomes, prior_sd=NO_PRIOR)
    winners = [evalica.Winner.X if won else evalica.Winner.Y for won in first_won]
    theirs = evalica.bradley_terry(first.tolist(), second.tolist(), winners, tolerance=1e-12, limit=10_000)

    log_scores = np.log(theirs.scores.sort_index().to_numpy())
    assert ours.strengths == pytest.approx(log_scores - log_scores.mean(), abs=1e-4)
