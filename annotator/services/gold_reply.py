"""What an annotator hears after a test question, and how the round before the first pair ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotator.agreement.consensus import overall_from_people, to_storage
from annotator.agreement.gold import is_right
from annotator.models import Member, Qualification, Slot, SlotKind, SlotState, Study
from annotator.selectors.gold import gold_answers
from datasets.models import KnownAnswer

from .gold import ROUND_STEP
from .statements.answers import AnswerPlace

SCREEN = {True: "left", False: "right"}
PASSED = "You had {right} of the first {total} right: welcome. The pairs of the study come now."
FAILED = "You had {right} of the first {total} right, and {wanted} are needed."


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldReply:
    """What is said after a test question; `outcome` where it was the last one of the round."""

    feedback: dict[str, Any]
    notice: str = ""
    outcome: Qualification | None = None


def is_told(place: AnswerPlace) -> bool:
    """Whether the answer is told after this place was filled: in the round, or where the study says so."""
    return place.kind == SlotKind.QUALIFY or (place.kind == SlotKind.GOLD and place.gold_feedback)


def gold_reply(
    *, place: AnswerPlace, annotator_id: int, overall: str, people: Mapping[int, str]
) -> GoldReply | None:
    """Return what is said of an answer that is about to be stored; None where the known answer is gone."""
    known = (
        KnownAnswer.objects.filter(pair__items=place.item_id)
        .select_related("edit", "other")
        .prefetch_related("edit__people")
        .first()
    )
    if known is None:
        return None
    study = Study.objects.get(pk=place.study_id)
    vote = to_storage(overall, left_is_a=place.left_is_a) or overall_from_people(
        [to_storage(verdict, left_is_a=place.left_is_a) for verdict in people.values()]
    )
    right = is_right(vote, known=known.preference, gap=known.gap, tie_up_to=study.gold_tie_up_to)
    feedback = {"right": bool(right), "text": _said(known, left_is_a=place.left_is_a)}
    if place.kind != SlotKind.QUALIFY:
        return GoldReply(feedback=feedback)
    notice, outcome = _round_after(study, place, annotator_id, is_right=bool(right))
    return GoldReply(feedback=feedback, notice=notice, outcome=outcome)


def _said(known: KnownAnswer, *, left_is_a: bool) -> str:
    """Say in a sentence what is known of a pair, in terms of the screen."""
    side = SCREEN[(known.edited_side == "a") == left_is_a]
    if not known.gap:
        return "Both sides keep everybody: only the picture was changed."
    names = [person.name for person in known.edit.people.all()]
    faces = " and ".join(f"{name}’s face" for name in names) or "The faces"
    onset = known.edit.onset_frame
    since = "" if onset is None else " from the first frame on" if onset == 0 else f" from frame {onset} on"
    what = f"{faces} {'were' if len(names) != 1 else 'was'} changed on the {side}{since}"
    return (
        f"{what}; less of it on the other side." if known.other and not known.other.is_control else f"{what}."
    )


def _round_after(
    study: Study, place: AnswerPlace, annotator_id: int, *, is_right: bool
) -> tuple[str, Qualification | None]:
    """What the round comes to with this answer; nothing while others of it are open."""
    this_round = _slots_of_round(study, annotator_id)
    if any(state != SlotState.DONE for slot, state in this_round.items() if slot != place.slot_id):
        return "", None
    others = [slot for slot in this_round if slot != place.slot_id]
    right = is_right + _right_among(study, annotator_id, others)
    numbers = {"right": right, "total": len(this_round), "wanted": study.qualification_pass}
    if right >= study.qualification_pass:
        return PASSED.format(**numbers), Qualification.PASSED
    return FAILED.format(**numbers), Qualification.FAILED


def round_close(*, study: Study, annotator_id: int) -> None:
    """End a round of which nothing is left though it has not ended: clips were deleted, and are not asked for."""
    this_round = _slots_of_round(study, annotator_id)
    wanted = min(study.qualification_pass, len(this_round))
    passed = _right_among(study, annotator_id, list(this_round)) >= wanted
    place = Member.objects.get(study=study, user=annotator_id)
    round_end(member_id=place.pk, outcome=Qualification.PASSED if passed else Qualification.FAILED)


def _slots_of_round(study: Study, annotator_id: int) -> dict[int, str]:
    """The slots of the present try, with their states."""
    number = Member.objects.values_list("qualification_tries", flat=True).get(study=study, user=annotator_id)
    own = Slot.objects.filter(study=study, kind=SlotKind.QUALIFY, reserved_for=annotator_id)
    own = own.filter(position__gte=number * ROUND_STEP, position__lt=(number + 1) * ROUND_STEP)
    return dict(own.values_list("pk", "state"))


def _right_among(study: Study, annotator_id: int, slots: list[int]) -> int:
    answers = gold_answers(study, slot__in=slots)
    return sum(bool(answer.right) for answer in answers if answer.annotator == annotator_id)


def round_end(*, member_id: int, outcome: Qualification) -> None:
    """Keep what the round came to, unless a lead decided meanwhile."""
    Member.objects.filter(pk=member_id, qualification=Qualification.OPEN).update(qualification=outcome)
