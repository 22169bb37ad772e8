"""The order in which a study's pairs are handed out, where a reward model has a part in it.

Only pairs that nobody has in hand and nobody has judged are put in order, and only their slots' `position` is written:
claims read that column already, and nothing else of them changes. A fixed share of the pairs is drawn at random before
the model has a say, and fills the same share of the places of any beginning of the queue; the others come as the model
is less sure of them. `Item.drawn_at_random` keeps which is which, so that rates can be estimated from the random ones
alone, whenever annotators stop.
"""

import math
import random
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotator.models import Item, Judgment, Member, QueueOrder, Slot, SlotKind, SlotState, Study, StudyState
from config.accounts.models import User
from config.lookups import Ids
from datasets.models import PairScore, Scorer

from .items import BLOCK_ITEMS

BATCH = 500
RANDOM_SHARE = 0.25
CLOSED = "The study is closed: nothing of it is handed out any more."
NO_SCORES = "This model has no score for any pair that is left: let it score the library first."
NOTHING_LEFT = (
    "Somebody has judged each pair of this study, or has it in hand: there is nothing left to put in order."
)


@transaction.atomic
def queue_order(
    *, study: Study, scorer: Scorer, random_share: float = RANDOM_SHARE, seed: int = 0, by: User | None = None
) -> QueueOrder:
    """Put the untouched pairs of a study in order: those that a model is unsure of first, some drawn at random.

    Raises ValidationError: the study is closed, nothing is left to order, or the model knows none of it.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if locked.state == StudyState.CLOSED:
        raise ValidationError(CLOSED)
    rows = items_untouched(locked).order_by("position").values_list("pk", "pair", "drawn_at_random")
    pairs, known = {}, {}
    for item, pair, is_random in rows:
        pairs[item], known[item] = pair, is_random
    if not pairs:
        raise ValidationError(NOTHING_LEFT)
    doubts = _doubts(pairs, scorer)
    if not doubts:
        raise ValidationError({"scorer": NO_SCORES})
    values = {
        "scorer": scorer,
        "random_share": random_share,
        "seed": seed,
        "n_ordered": len(pairs),
        "ordered_by": by,
    }
    QueueOrder(study=study, **values).full_clean(exclude=["study", "ordered_by"], validate_unique=False)
    draw = random.Random(f"{study.seed}/queue/{seed}")
    at_random = drawn(known, random_share, random.Random(f"{study.seed}/share/{seed}"), draw)
    order = interleaved(list(pairs), at_random, doubts, random_share)
    _place(locked, order, draw)
    _remember(locked, order, set(at_random))
    # Everybody starts again at the front, where the order is a new one.
    Member.objects.filter(study=study).update(cursor=0)
    row, _ = QueueOrder.objects.update_or_create(study=study, defaults=values)
    return row


def items_untouched(study: Study) -> QuerySet[Item]:
    """Return the items whose answers are all still to be given: every place free, nothing said."""
    begun = Slot.objects.filter(item=OuterRef("pk")).exclude(state=SlotState.FREE, reserved_for=None)
    said = Judgment.objects.filter(item=OuterRef("pk"))
    items = Item.objects.filter(study=study, repeat_of__isnull=True, is_gold=False)
    return items.filter(~Exists(begun), ~Exists(said))


def drawn(
    items: Mapping[int, bool | None], random_share: float, share: random.Random, order: random.Random
) -> list[int]:
    """Return the items of the random share, in an order drawn at random.

    Who belongs to it is decided once (None: not yet). Were it drawn again from what an earlier order has left, it would
    lack the pairs that a model doubted, and no longer stand for all.
    """
    undecided = [item for item, is_random in items.items() if is_random is None]
    chosen = [item for item, is_random in items.items() if is_random]
    chosen += share.sample(undecided, math.floor(len(undecided) * random_share))
    return order.sample(sorted(chosen), len(chosen))


def interleaved(
    items: Sequence[int], at_random: Sequence[int], doubts: Mapping[int, float], random_share: float
) -> list[int]:
    """Return items in order: a random one where k times the share passes a whole number, else the most doubted.

    Items without a score come last among the others. Where one kind runs out, the other goes on.
    """
    chosen = set(at_random)
    others = (item for item in items if item not in chosen)
    queues = {True: deque(at_random), False: deque(sorted(others, key=lambda item: -doubts.get(item, -1.0)))}
    order: list[int] = []
    for place in range(len(items)):
        is_random = math.floor((place + 1) * random_share) > math.floor(place * random_share)
        order.append((queues[is_random] or queues[not is_random]).popleft())
    return order


def _doubts(pairs: Mapping[int, int], scorer: Scorer) -> dict[int, float]:
    """By item the entropy of what the model gives a, a tie and b, in nats."""
    rows = PairScore.objects.filter(scorer=scorer, pair__among=Ids(pairs.values()))
    given = {pair: numbers for pair, *numbers in rows.values_list("pair", "prob_a", "prob_tie", "prob_b")}
    return {
        item: -sum(p * math.log(p) for p in given[pair] if p > 0)
        for item, pair in pairs.items()
        if pair in given
    }


def _place(study: Study, order: Sequence[int], draw: random.Random) -> None:
    """Deal the positions that these items' free slots have among themselves anew, block by block, pass by pass."""
    slots: dict[int, list[Slot]] = defaultdict(list)
    free = Slot.objects.filter(
        study=study, kind=SlotKind.ANSWER, state=SlotState.FREE, reserved_for__isnull=True
    )
    wanted = set(order)
    for slot in free.order_by("slot_no").only("pk", "item_id", "position"):
        if slot.item_id in wanted:
            slots[slot.item_id].append(slot)
    positions = iter(sorted(slot.position for own in slots.values() for slot in own))
    moved: list[Slot] = []
    for start in range(0, len(order), BLOCK_ITEMS):
        block = order[start : start + BLOCK_ITEMS]
        for number in range(study.overlap):
            for item in draw.sample(block, len(block)):
                if number < len(slots[item]):
                    slots[item][number].position = next(positions)
                    moved.append(slots[item][number])
    Slot.objects.bulk_update(moved, ["position"], batch_size=BATCH)


def _remember(study: Study, order: Sequence[int], at_random: set[int]) -> None:
    """Keep what was drawn at random; all that was begun before any model had a say was."""
    Item.objects.filter(study=study, drawn_at_random__isnull=True, is_gold=False).update(drawn_at_random=True)
    for is_random in (True, False):
        chosen = [item for item in order if (item in at_random) == is_random]
        for start in range(0, len(chosen), BATCH):
            part = chosen[start : start + BATCH]
            Item.objects.filter(pk__among=Ids(part)).update(drawn_at_random=is_random)
            Item.objects.filter(repeat_of__among=Ids(part)).update(drawn_at_random=is_random)
