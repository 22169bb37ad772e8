"""Scores of a reward model as rows, without a model."""

from collections.abc import Iterable

from annotator.models import Item, Study
from datasets.models import Scorer
from datasets.services.scores import NewScore, scorer_put, scores_put

Given = tuple[float, float, float]
"""What a model gives a, a tie and b."""


def make_scorer(name: str = "first") -> Scorer:
    return scorer_put(name=name, sha256=name.ljust(64, "0"), backend="yunet@1+sface@1", origins=["human"])


def score_pairs(scorer: Scorer, pairs: Iterable[int], given: Given) -> None:
    a, tie, b = given
    rows = [NewScore(pair=pk, reward_a=a, reward_b=b, prob_a=a, prob_tie=tie, prob_b=b) for pk in pairs]
    scores_put(scorer=scorer, scores=rows)


def make_scores(study: Study, given: Given) -> Scorer:
    """Have one model say the same of all pairs of a study."""
    scorer = make_scorer()
    score_pairs(scorer, Item.objects.filter(study=study).values_list("pair", flat=True).distinct(), given)
    return scorer
