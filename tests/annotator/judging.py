"""Answers to items of one's choice, in terms of the clips, as rows: what claim and submit would leave behind."""

import uuid

from annotator.models import Item, Judgment, PersonJudgment, Slot, SlotKind, SlotState, Study
from config.accounts.models import User

FLIP = {"a": "b", "b": "a", "a_much": "b_much", "b_much": "a_much"}
SEEN = {"a": "left", "b": "right", "a_much": "left_much", "b_much": "right_much"}


def on_screen(answer: str, *, left_is_a: bool) -> str:
    """Turn an answer about a and b into what the annotator clicked."""
    answer = answer if left_is_a else FLIP.get(answer, answer)
    return SEEN.get(answer, answer)


def judge(
    item: Item,
    annotator: User,
    overall: str,
    people: dict[int, str] | None = None,
    *,
    kind: str = SlotKind.ANSWER,
    seconds: float = 30.0,
) -> Judgment:
    """Fill the item's next free slot of a kind."""
    slot = Slot.objects.filter(item=item, kind=kind).exclude(state=SlotState.DONE).order_by("slot_no").first()
    assert slot is not None, "every slot of this item is filled"
    slot.state, slot.annotator = SlotState.DONE, annotator
    slot.save(update_fields=["state", "annotator"])
    return answer(slot, annotator, overall, people, seconds=seconds)


def answer(
    slot: Slot,
    annotator: User,
    overall: str,
    people: dict[int, str] | None = None,
    *,
    supersedes: Judgment | None = None,
    surplus: bool = False,
    seconds: float = 30.0,
) -> Judgment:
    judgment = Judgment.objects.create(
        study=slot.study,
        item=slot.item,
        slot=slot,
        annotator=annotator,
        idempotency_key=uuid.uuid4(),
        supersedes=supersedes,
        surplus=surplus,
        is_review=slot.kind == SlotKind.REVIEW,
        is_simulated=annotator.is_simulated,
        left_is_a=slot.left_is_a,
        overall=on_screen(overall, left_is_a=slot.left_is_a),
        active_ms=round(1000 * seconds),
    )
    PersonJudgment.objects.bulk_create(
        PersonJudgment(
            judgment=judgment, person_id=person, verdict=on_screen(verdict, left_is_a=slot.left_is_a)
        )
        for person, verdict in (people or {}).items()
    )
    return judgment


def items_of(study: Study) -> list[Item]:
    return list(Item.objects.filter(study=study, repeat_of__isnull=True).order_by("position"))
