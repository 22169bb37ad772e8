"""Judgments of people who do not exist, through the same claim and submit as everybody's.

For demos, tests and power calculations. Accounts and judgments are marked as simulated, in every table and export.

**Truth.** What a pair's publisher says is taken as true where there is such a label. Any other pair gets a truth
drawn from the seed and the item's place in the study: a, b or tie with 45, 45 and 10 in a hundred. Each person
in the pair follows it or is the same on both sides. The truth of a test question is what is known of it.

**Answers.** With probability 1 - noise an annotator answers the truth, else one of left, tie and right at random.
Three in ten preferences are strong ones. The worse side gets a drift mark now and then, more often where the
preference is strong. Times are log-normal with a median of 25 s.

**Test questions.** How far the sides are apart decides whether it is seen at all: at severity x with probability
1 / (1 + exp(-(x - 2.2) / 0.7)), moved to the right by up to one severity for the worse annotators. Unseen, it is a tie
in six cases of ten, else a side at random; so is a tie by construction. Whoever sees it marks the changed face some
frames after the onset, fewer the stronger the change. The numbers are our own choice, for trying the page out.

The same seed on the same study gives the same answers: each is drawn from the seed, the annotator's number and the
slot's place, not from what came before. Which annotator gets which slot is decided by the claim, in turn.
"""

import random
import uuid
from collections.abc import Callable
from math import exp
from typing import Any

from annotator.models import Item, Role, Slot, Study
from config.accounts.models import User
from datasets.models import Clip, ClipSubject, KnownAnswer, Pair, PublishedLabel

from .judgments import judgment_submit
from .members import member_add
from .refusals import NotQualified
from .slots import Lease, slot_claim

MEDIAN_S = 25.0
SPREAD = 0.5
# Of test questions: severity that half of all answers see, how gently that rises, ties among what is not seen, and
# the mean number of frames from the onset to a mark at severity 1, halved.
SEEN_FROM, SEEN_WIDTH, UNSEEN_TIES, MARKED_AFTER = 2.2, 0.7, 0.6, 14.0


def annotators_simulate(
    *,
    study: Study,
    n_annotators: int,
    noise: float,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Have simulated annotators judge in turn until nothing is left for any of them; return how many answers.

    Raises StudyNotOpen, and ValueError for a noise outside 0 to 1 or fewer than one annotator.
    """
    if not 0 <= noise <= 1:
        raise ValueError(f"noise is a probability, not {noise}")
    if n_annotators < 1:
        raise ValueError(f"at least one annotator, not {n_annotators}")
    working = [(number, _account(study, number)) for number in range(1, n_annotators + 1)]
    n_expected = min(study.n_slots, study.n_items * n_annotators) + study.n_gold * n_annotators
    n_answers = 0
    while working:
        for number, annotator in list(working):
            try:
                lease = slot_claim(study=study, annotator=annotator)
            except NotQualified:  # they are out, as anybody would be
                lease = None
            if lease is None:
                working.remove((number, annotator))
                continue
            _answer(study, lease, annotator, number, noise, seed)
            n_answers += 1
            if progress is not None:
                progress(n_answers, n_expected)
    return n_answers


def _account(study: Study, number: int) -> User:
    """Return the simulated account of this number in the study, made when there is none."""
    user, is_new = User.objects.get_or_create(
        username=f"simulated-{study.slug}-{number}", defaults={"is_simulated": True}
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if not user.is_simulated:
        raise ValueError(f"the account {user.username} belongs to a real person")
    member_add(study=study, user=user, role=Role.ANNOTATOR)
    return user


def _answer(study: Study, lease: Lease, annotator: User, number: int, noise: float, seed: int) -> None:
    slot = Slot.objects.select_related("item__pair", "item__repeat_of").get(pk=lease.slot.slot_id)
    draw = random.Random(f"{seed}/annotator {number}/slot {slot.item.position}.{slot.slot_no}")
    known = _known(slot.item) if slot.item.is_gold else None
    if known is None:
        answer = _draw_answer(study, slot, _truth(slot.item, seed), noise, draw)
    else:
        answer = _draw_gold_answer(
            study, slot, known, noise, random.Random(f"{seed}/annotator {number}"), draw
        )
    judgment_submit(
        annotator=annotator,
        token=str(lease.token),
        # Of the slot, so that a run that was cut off goes on without clashing with itself.
        idempotency_key=uuid.uuid5(uuid.NAMESPACE_OID, f"simulated/{lease.token.lease}"),
        answer=answer,
        active_ms=round(1000 * MEDIAN_S * exp(draw.gauss(0, SPREAD))),
    )


def _truth(item: Item, seed: int) -> str:
    """Return which clip of the item is better: a, b or tie. A repeat has the truth of its original."""
    if item.pair.published_better:
        return item.pair.published_better
    original = item.repeat_of or item
    draw = random.Random(f"{seed}/truth/{original.position}")
    return draw.choices(PublishedLabel.values, weights=[45, 45, 10])[0]


def _draw_answer(study: Study, slot: Slot, truth: str, noise: float, draw: random.Random) -> dict[str, Any]:
    seen = _side_of(truth, left_is_a=slot.left_is_a)
    overall = draw.choice(["left", "tie", "right"]) if draw.random() < noise else seen
    is_strong = overall != "tie" and draw.random() < 0.3
    people = _people(slot.item.pair)
    verdicts: dict[str, str] = {}
    marks: list[dict[str, Any]] = []
    no_drift: list[int] = []
    for person in people:
        follows = overall != "tie" and draw.random() < 0.7
        verdicts[str(person)] = overall if follows else "same"
        if follows and draw.random() < (0.6 if is_strong else 0.2):
            side = "right" if overall == "left" else "left"
            frame = draw.randrange(_frames(slot, side))
            marks.append({"person": person, "side": side, "kind": "drift", "frame": frame})
        elif not follows and draw.random() < 0.2:
            no_drift.append(person)
    return {
        "overall": (f"{overall}_much" if is_strong else overall) if study.ask_overall else "",
        "people": verdicts if study.ask_people else {},
        "marks": marks if study.ask_marks else [],
        "no_drift": no_drift if study.ask_marks else [],
        "remark": "",
    }


def _known(item: Item) -> KnownAnswer | None:
    known = KnownAnswer.objects.filter(pair=item.pair_id).select_related("edit", "other")
    return known.defer("edit__record", "other__record").first()


def _draw_gold_answer(
    study: Study, slot: Slot, known: KnownAnswer, noise: float, skill: random.Random, draw: random.Random
) -> dict[str, Any]:
    """Return an answer to a test question; `skill` is the same draw for all answers of one annotator."""
    threshold = SEEN_FROM + skill.random() * (noise > 0)
    chance = 1 / (1 + exp(-(known.gap - threshold) / SEEN_WIDTH)) if known.gap else 0.0
    sees = draw.random() < chance * (1 - noise / 4)
    worse = _side_of(known.edited_side, left_is_a=slot.left_is_a)
    better = "right" if worse == "left" else "left"
    overall = better if sees else "tie" if draw.random() < UNSEEN_TIES else draw.choice(["left", "right"])
    people = _people(slot.item.pair)
    changed = set(known.edit.people.values_list("pk", flat=True)) if sees else set()
    marks = []
    if sees and known.edit.onset_frame is not None and draw.random() < 0.7:
        late = round(draw.gammavariate(2.0, MARKED_AFTER / max(1, known.gap)))
        frame = min(known.edit.onset_frame + late, _frames(slot, worse) - 1)
        marks = [
            {"person": each, "side": worse, "kind": "drift", "frame": frame} for each in sorted(changed)[:1]
        ]
    return {
        "overall": overall if study.ask_overall else "",
        "people": {str(each): overall if each in changed or not sees else "same" for each in people}
        if study.ask_people and overall != "tie"
        else {str(each): "same" for each in people if study.ask_people},
        "marks": marks if study.ask_marks else [],
        "no_drift": [],
        "remark": "",
    }


def _side_of(better: str, *, left_is_a: bool) -> str:
    if better == PublishedLabel.TIE:
        return "tie"
    return "left" if (better == PublishedLabel.A) == left_is_a else "right"


def _people(pair: Pair) -> list[int]:
    subjects = ClipSubject.objects.filter(clip__in=[pair.clip_a_id, pair.clip_b_id])
    return list(subjects.order_by("person").values_list("person", flat=True).distinct())


def _frames(slot: Slot, side: str) -> int:
    pair = slot.item.pair
    clip = pair.clip_a_id if (side == "left") == slot.left_is_a else pair.clip_b_id
    return Clip.objects.values_list("frames", flat=True).get(pk=clip) or 1
