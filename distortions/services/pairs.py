"""Results become pairs whose answer is known."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import transaction

from datasets.models import Clip, PublishedLabel
from datasets.services.known import NewAnswer, answers_put
from datasets.services.pairs import NewPair, pairs_create
from distortions.config import BatchConfig
from distortions.models import Batch, CleanCopy, Distortion, ResultState, SyntheticPair

from .truths import truths_of


@dataclass(frozen=True, slots=True)
class KnownPair:
    """Two sides in storage order, None for the clean copy, and which is better."""

    kind: str
    a: Distortion | None
    b: Distortion | None
    answer: PublishedLabel

    @property
    def edited_side(self) -> str:
        """The worse side; of a tie the one that carries a change, b if both do."""
        if self.answer == PublishedLabel.TIE:
            return "a" if self.b is None else "b"
        return "b" if self.answer == PublishedLabel.A else "a"


@transaction.atomic
def pairs_make(*, batch: Batch, source: Clip) -> int:
    """Make the pairs of a clip whose sides are all there; safe to repeat. Returns how many are new."""
    config = batch.plan
    copies = dict(
        CleanCopy.objects.filter(source=source, longest_side=config.longest_side).values_list("seed", "clip")
    )
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
        clean = copies.get(clean_seed(groups[group]))
        clip_a, clip_b = (side.clip_id if side else clean for side in (pair.a, pair.b))
        # Two controls that change nothing at all are one file, and no pair.
        if clip_a is None or clip_b is None or clip_a == clip_b:
            continue
        new.append(NewPair(clip_a=clip_a, clip_b=clip_b, prompt=source.prompt))
        rows.append((group, pair))
    ids, _ = pairs_create(pairs=new)
    made = [
        SyntheticPair(pair_id=pk, batch=batch, group=group, distortion_a=pair.a, distortion_b=pair.b)
        for pk, (group, pair) in zip(ids, rows, strict=True)
    ]
    reserved = is_reserved(config, source)
    truths_of(rows=[side for _, pair in rows for side in _sides(pair)])
    answers_put(
        answers=[
            NewAnswer(
                pair=pk, preference=pair.answer, kind=pair.kind, edited_side=pair.edited_side,
                reserved_for_test=reserved or any(side.recipe in config.reserved_recipes for side in _sides(pair)),
                batch=label(batch),
            )
            for pk, (_, pair) in zip(ids, rows, strict=True)
        ]
    )  # fmt: skip
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
    better = PublishedLabel.A if harm(a) < harm(b) else PublishedLabel.B
    answer = PublishedLabel.TIE if harm(a) == harm(b) else better
    return KnownPair(kind, a, b, answer)


def clean_seed(rows: Sequence[Distortion]) -> int:
    """Return the seed of the clean copy that a group's pair may need: no other pair has it."""
    return min(rows, key=lambda row: row.number).seed


def clean_seed_needed(*, row: Distortion, is_made: bool) -> int | None:
    """Return the seed of the clean copy that a planned result's pair lacks once the result is made, or is not.

    None while something else of its group is planned, and where two results meet, or none.
    """
    rows = list(Distortion.objects.filter(batch=row.batch_id, group=row.group).exclude(pair_kind=""))
    others = [other for other in rows if other.pk != row.pk]
    if not rows or any(other.state == ResultState.PLANNED for other in others):
        return None
    made = sum(other.state == ResultState.MADE for other in others) + is_made
    return clean_seed(rows) if made == 1 else None


def harm(side: Distortion | None) -> int:
    """Return how much worse than the clean copy a side is: its severity; controls keep who somebody is."""
    return 0 if side is None or side.is_control else side.severity


def label(batch: Batch) -> str:
    """Return what leads call a batch; two of one name are told apart by their number."""
    return f"{batch.name} (batch {batch.pk})"


def is_reserved(config: BatchConfig, source: Clip) -> bool:
    """Say whether somebody in a clip is kept for test splits."""
    return source.subjects.filter(key__in=config.reserved_people).exists()


def _sides(pair: KnownPair) -> Iterator[Distortion]:
    yield from (side for side in (pair.a, pair.b) if side is not None)
