"""Pairs whose answer is known: for releases, and for whoever asks annotators pairs with known answers."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from config.lookups import Ids
from datasets.models import ClipState, KnownAnswer


def known_answers(pair_ids: Collection[int]) -> dict[int, KnownAnswer]:
    """Return what is known of these pairs, by pair, without the long records; of those that nobody made, nothing."""
    rows = (
        KnownAnswer.objects.filter(pair__among=Ids(pair_ids))
        .select_related("edit", "other")
        .defer("edit__record", "other__record")
    )
    return {row.pair_id: row for row in rows}


def askable() -> QuerySet[KnownAnswer]:
    """Return the known answers with which annotators can be tested.

    Both clips can be played, and nobody who looks well can disagree. Two recipes of one severity are a tie only by
    their numbers: whoever prefers one of the two is not wrong.
    """
    ready = Q(pair__clip_a__state=ClipState.READY, pair__clip_b__state=ClipState.READY)
    return KnownAnswer.objects.filter(ready).exclude(preference="tie", edit__is_control=False)
