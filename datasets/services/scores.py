"""Scores of reward models, brought in as plain numbers: nothing here knows a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from config.accounts.models import User
from datasets.models import PairScore, Scorer

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScore:
    """One pair's score, in the words of `PairScore`."""

    pair: int
    reward_a: float
    reward_b: float
    prob_a: float
    prob_tie: float
    prob_b: float


def scorer_put(
    *, name: str, sha256: str, backend: str, origins: Sequence[str] = (), created_by: User | None = None
) -> Scorer:
    """Register a model by its weights, or say anew what is known of it."""
    facts: dict[str, Any] = {"name": name[:200], "backend": backend, "origins": list(origins)}
    scorer, _ = Scorer.objects.update_or_create(
        sha256=sha256, defaults=facts, create_defaults={**facts, "created_by": created_by}
    )
    return scorer


@transaction.atomic
def scores_put(*, scorer: Scorer, scores: Sequence[NewScore]) -> int:
    """Write what a model says of pairs, over what it said before; return how many were written."""
    numbers = [name for name in NewScore.__dataclass_fields__ if name != "pair"]
    PairScore.objects.bulk_create(
        [
            PairScore(scorer=scorer, pair_id=each.pair, **{name: getattr(each, name) for name in numbers})
            for each in scores
        ],
        update_conflicts=True,
        unique_fields=["scorer", "pair"],
        update_fields=numbers,
        batch_size=BATCH,
    )
    return len(scores)
