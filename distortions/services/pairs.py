"""Results become pairs whose answer is known."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from datasets.models import Clip
from datasets.services.pairs import NewPair, pairs_create
from distortions.config import BatchConfig
from distortions.models import Answer, Batch, Distortion, ResultState, SyntheticPair


@dataclass(frozen=True, slots=True)
class KnownPair:
    """Two sides in storage order, None for the clean copy, and which is better."""

    kind: str
    a: Distortion | None
    b: Distortion | None
    answer: Answer


@transaction.atomic
def pairs_make(*, batch: Batch, source: Clip, clean: Clip | None) -> int:
    """Make the pairs of a clip whose results are all there; safe to repeat. Returns how many are new."""
    config = batch.plan
    groups: dict[int, list[Distortion]] = defaultdict(list)
    for row in Distortion.objects.filter(batch=batch, source=source).exclude(pair_kind=""):
        groups[row.group].append(row)
    there = set(SyntheticPair.objects.filter(batch=batch, group__in=groups).values_list("group", flat=True))
    known = {
        group: pair
        for group, rows in groups.items()
        if group not in there and (pair := known_pair(rows, seed=f"{config.seed} {group}")) is not None
    }
    rows, new = [], []
    for group, pair in known.items():
        clip_a, clip_b = (side.clip_id if side else clean.pk if clean else None for side in (pair.a, pair.b))
        # Two controls that change nothing at all are one file, and no pair.
        if clip_a is None or clip_b is None or clip_a == clip_b:
            continue
        new.append(NewPair(clip_a=clip_a, clip_b=clip_b, prompt=source.prompt))
        rows.append((group, pair))
    ids, _ = pairs_create(pairs=new)
    reserved = is_reserved(config, source)
    made = [
        SyntheticPair(
            pair_id=pk, batch=batch, group=group, kind=pair.kind, answer=pair.answer,
            distortion_a=pair.a, distortion_b=pair.b,
            reserved_for_test=reserved or any(side.recipe in config.reserved_recipes for side in _sides(pair)),
        )
        for pk, (group, pair) in zip(ids, rows, strict=True)
    ]  # fmt: skip
    before = SyntheticPair.objects.filter(batch=batch).count()
    SyntheticPair.objects.bulk_create(made, ignore_conflicts=True)
    return SyntheticPair.objects.filter(batch=batch).count() - before


def known_pair(rows: Sequence[Distortion], *, seed: str) -> KnownPair | None:
    """Return what a group's results come to: a refused side is replaced by the clean copy; None without any result.

    None, too, while something of the group is still planned.
    """
    if any(row.state == ResultState.PLANNED for row in rows):
        return None
    made = [row for row in rows if row.state == ResultState.MADE and row.clip_id is not None]
    if not made:
        return None
    if len(made) == 1:
        kind = "tie" if made[0].is_control else "clean"
        sides: list[Distortion | None] = [None, made[0]]
    else:
        kind, sides = made[0].pair_kind, [made[0], made[1]]
    # Which clip is stored first says nothing.
    random.Random(f"side {seed}").shuffle(sides)
    a, b = sides
    answer = Answer.TIE if harm(a) == harm(b) else Answer.A if harm(a) < harm(b) else Answer.B
    return KnownPair(kind, a, b, answer)


def harm(side: Distortion | None) -> int:
    """Return how much worse than the clean copy a side is: its severity; controls keep who somebody is."""
    return 0 if side is None or side.is_control else side.severity


def is_reserved(config: BatchConfig, source: Clip) -> bool:
    """Say whether somebody in a clip is kept for test splits."""
    return source.subjects.filter(key__in=config.reserved_people).exists()


def _sides(pair: KnownPair) -> Iterator[Distortion]:
    yield from (side for side in (pair.a, pair.b) if side is not None)
