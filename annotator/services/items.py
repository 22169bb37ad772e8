"""Items and slots of a study, made in bulk and in an order drawn from the study's seed.

**Order of handing out.** Items come in blocks. Within a block the slots lie pass by pass: first one slot of every
item, then the second of every item, each pass shuffled anew. So

- an item has all its k answers after one block of k x BLOCK_ITEMS answers, and consensus is there early;
- people who work side by side are handed different items, though the claim alone would already keep them apart;
- no two passes share an order, so that fatigue does not fall on the same items for everybody.

An annotator skips what they answered themselves: at most k - 1 passes of a block, once, since the cursor of a
member only moves forward.

**Sides** are counterbalanced: a coin for each item says which clip the first slot has on the left, the next slot
has the other, and so on.
"""

import random
from collections.abc import Iterator, Sequence
from typing import TypeVar

from django.db.models import F, Max, QuerySet

from annotator.models import Item, Slot, SlotState, Study
from datasets.models import ClipState, Pair

T = TypeVar("T")

BLOCK_ITEMS = 32
# Rows that exist as objects at one time are this many items' worth, repeats included.
BATCH_BLOCKS = 16


def items_create(*, study: Study, pairs: QuerySet[Pair]) -> int:
    """Add an item with its slots for every playable pair that the study lacks; return how many."""
    present = Item.objects.filter(study=study, repeat_of__isnull=True).values("pair")
    pair_ids = list(
        pairs.filter(clip_a__state=ClipState.READY, clip_b__state=ClipState.READY)
        .exclude(pk__in=present)
        .order_by("pk")
        .values_list("pk", flat=True)
        .distinct()
    )
    first_item = _next_position(Item.objects.filter(study=study))
    # A seed of its own for every addition, or each one would be shuffled alike.
    draw = random.Random(f"{study.seed}/{first_item}")
    draw.shuffle(pair_ids)
    repeated = set(draw.sample(pair_ids, round(study.repeat_share * len(pair_ids))))

    n_items = n_slots = 0
    item_position, slot_position = first_item, _next_position(Slot.objects.filter(study=study))
    for batch in _batches(pair_ids, BLOCK_ITEMS * BATCH_BLOCKS):
        items = Item.objects.bulk_create(
            Item(study=study, pair_id=pair_id, position=item_position + n) for n, pair_id in enumerate(batch)
        )
        item_position += len(items)
        originals = [item for item in items if item.pair_id in repeated]
        repeats = Item.objects.bulk_create(
            Item(study=study, pair_id=item.pair_id, position=item_position + n, repeat_of=item)
            for n, item in enumerate(originals)
        )
        item_position += len(repeats)

        slots: list[Slot] = []
        for block in _batches(items, BLOCK_ITEMS):
            slots += _block_slots(study, block, slot_position + len(slots), draw)
        slot_position += len(slots)
        Slot.objects.bulk_create(slots)
        repeat_slots = Slot.objects.bulk_create(_repeat_slots(repeats, slots))
        n_items += len(items) + len(repeats)
        n_slots += len(slots) + len(repeat_slots)

    Study.objects.filter(pk=study.pk).update(n_items=F("n_items") + n_items, n_slots=F("n_slots") + n_slots)
    study.refresh_from_db(fields=["n_items", "n_slots"])
    return len(pair_ids)


def _block_slots(study: Study, block: Sequence[Item], first_position: int, draw: random.Random) -> list[Slot]:
    """Return the slots of a block pass by pass, each pass in an order of its own."""
    first_shows_a = [draw.random() < 0.5 for _ in block]
    slots: list[Slot] = []
    for slot_no in range(study.overlap):
        for n in draw.sample(range(len(block)), len(block)):
            slots.append(
                Slot(
                    study=study,
                    item=block[n],
                    slot_no=slot_no,
                    position=first_position + len(slots),
                    left_is_a=first_shows_a[n] ^ bool(slot_no % 2),
                )
            )
    return slots


def _repeat_slots(repeats: Sequence[Item], originals: Sequence[Slot]) -> list[Slot]:
    """Return a waiting slot for each original slot of the repeated items, with the sides swapped."""
    repeat_of_item = {repeat.repeat_of_id: repeat for repeat in repeats}
    return [
        Slot(
            study=original.study,
            item=repeat_of_item[original.item_id],
            slot_no=original.slot_no,
            position=original.position,
            state=SlotState.WAITING,
            repeat_of=original,
            left_is_a=not original.left_is_a,
        )
        for original in originals
        if original.item_id in repeat_of_item
    ]


def _next_position(rows: QuerySet[Item] | QuerySet[Slot]) -> int:
    last: int | None = rows.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
