"""What a reward model says of a study's pairs, and answers that it contradicts with confidence.

Reads only: an answer is never changed by a model.
"""

from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotator.models import Item, Judgment, QueueOrder, Study, Verdict
from annotator.selectors.disputes import effective_judgments, left_and_right
from config.accounts.models import User
from datasets.models import PairScore, Scorer

CONFIDENT = 0.9
"""A model that gives a side at least this is confident: an answer for the other side is flagged."""

_LEFT = [Verdict.LEFT_MUCH, Verdict.LEFT]
_RIGHT = [Verdict.RIGHT_MUCH, Verdict.RIGHT]


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """A model's probabilities for a pair, in the order in which its sides are shown."""

    scorer: Scorer
    left: float
    tie: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Flag:
    """An answer for the side that a confident model finds worse. Sides are those of the review page."""

    item: Item
    who: str
    is_simulated: bool
    side: Literal["left", "right"]
    against: float


def scorers_for(user: User, study: Study) -> QuerySet[Scorer]:
    """Return the models that a lead may use in a study: their own and nobody's, with scores of its pairs, newest first.

    Each with `n_scored`, how many of the study's pairs it judged.
    """
    items = Item.objects.filter(study=study, repeat_of__isnull=True, is_gold=False)
    scored = Count("scores", filter=Q(scores__pair__in=items.values("pair")))
    allowed = Scorer.objects.filter(Q(created_by=user) | Q(created_by=None))
    return allowed.annotate(n_scored=scored).filter(n_scored__gt=0).order_by("-scored_at")


def scorer_of(study: Study) -> Scorer | None:
    """Return the model whose word is shown and exported: that which ordered the queue, else the last that scored it."""
    order = QueueOrder.objects.select_related("scorer").filter(study=study).first()
    if order is not None and order.scorer is not None:
        return order.scorer
    own = PairScore.objects.filter(scorer=OuterRef("pk"), pair__items__study=study)
    return Scorer.objects.filter(Exists(own)).order_by("-scored_at").first()


def opinion_of(item: Item, *, left_is_a: bool) -> Opinion | None:
    """Return what the study's model says of an item."""
    scorer = scorer_of(item.study)
    score = PairScore.objects.filter(scorer=scorer, pair=item.pair_id).first() if scorer else None
    if scorer is None or score is None:
        return None
    left, right = (score.prob_a, score.prob_b) if left_is_a else (score.prob_b, score.prob_a)
    return Opinion(scorer=scorer, left=left, tie=score.prob_tie, right=right)


def flagged_judgments(study: Study, scorer: Scorer) -> QuerySet[Judgment]:
    """Return answers for a side that the model finds worse with confidence; reviews, repeats, test questions apart."""
    said_a = Q(left_is_a=True, overall__in=_LEFT) | Q(left_is_a=False, overall__in=_RIGHT)
    said_b = Q(left_is_a=True, overall__in=_RIGHT) | Q(left_is_a=False, overall__in=_LEFT)

    def sure_of(side: str) -> Exists:
        sure: dict[str, Any] = {f"prob_{side}__gte": CONFIDENT}
        return Exists(PairScore.objects.filter(scorer=scorer, pair=OuterRef("item__pair"), **sure))

    return (
        effective_judgments(Judgment.objects.filter(study=study))
        .filter(is_review=False, item__repeat_of__isnull=True, item__is_gold=False)
        .filter((said_a & Q(sure_of("b"))) | (said_b & Q(sure_of("a"))))
        .select_related("item__pair__clip_a", "item__pair__clip_b", "annotator")
        .order_by("item__position", "pk")
    )


def flags(judgments: list[Judgment], scorer: Scorer) -> list[Flag]:
    """Return what the list of flagged answers says of these; one query for any number of them."""
    scores = PairScore.objects.filter(scorer=scorer, pair__in=[each.item.pair_id for each in judgments])
    by_pair = {score.pair_id: score for score in scores}
    found = []
    for judgment in judgments:
        left, _ = left_and_right(judgment.item)
        said_a = judgment.left_is_a == (judgment.overall in _LEFT)
        score = by_pair[judgment.item.pair_id]
        found.append(
            Flag(
                item=judgment.item,
                who=judgment.annotator.pseudonym,
                is_simulated=judgment.is_simulated,
                side="left" if said_a == (left.pk == judgment.item.pair.clip_a_id) else "right",
                against=score.prob_b if said_a else score.prob_a,
            )
        )
    return found
