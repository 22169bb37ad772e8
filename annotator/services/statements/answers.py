"""Everything that a submit has to know in one read, and everything that it writes in one message."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.db import connection
from django.db.models import Model

from annotator.models import Judgment, Mark, PersonJudgment

from .sending import Statement, is_postgres, json_in, send

# The locks on slot and item put two answers to one item, and so to one slot, one behind another: that makes "was
# this the last one?" a question with one answer. The one on the member does it for the count of what they filled.
_LOCK_PLACE = Statement(
    "answer_lock",
    """
SELECT slot.id FROM annotator_slot AS slot JOIN annotator_item AS item ON item.id = slot.item_id
WHERE slot.id = %(slot)s FOR NO KEY UPDATE OF slot, item
""",
)
_LOCK_MEMBER = Statement(
    "answer_member",
    """
SELECT member.id FROM annotator_member AS member
WHERE member.user_id = %(annotator)s
  AND member.study_id = (SELECT slot.study_id FROM annotator_slot AS slot WHERE slot.id = %(slot)s)
FOR NO KEY UPDATE
""",
)

# In the order of AnswerPlace.
_PLACE = Statement(
    "answer_place",
    """
SELECT slot.id, slot.state, slot.annotator_id, slot.kind, slot.left_is_a, slot.position,
       slot.reserved_for_id IS NULL AND slot.lease_count = 1,
       slot.item_id, item.repeat_of_id, clip_a.frames, clip_b.frames,
       slot.study_id, study.ask_overall, study.ask_people, study.ask_marks, study.ask_remark,
       study.n_items, study.n_slots, study.n_gold, study.gold_feedback,
       member.id, member.n_done, member.recent_ms, member.cursor,
       study.n_done_by_former + (
        SELECT COALESCE(SUM(everyone.n_done), 0) FROM annotator_member AS everyone
        WHERE everyone.study_id = slot.study_id AND everyone.role <> 'reviewer'),
       (SELECT COUNT(*) FROM annotator_slot AS other
        WHERE other.item_id = slot.item_id AND other.id <> slot.id
          AND other.kind = 'answer' AND other.state <> 'done'),
       (SELECT waiting.id FROM annotator_slot AS waiting
        WHERE waiting.repeat_of_id = slot.id AND waiting.state = 'waiting'),
       (SELECT {join_ids} FROM datasets_clipsubject AS subject
        WHERE subject.clip_id IN (pair.clip_a_id, pair.clip_b_id))
FROM annotator_slot AS slot
JOIN annotator_item AS item ON item.id = slot.item_id
JOIN annotator_study AS study ON study.id = slot.study_id
JOIN datasets_pair AS pair ON pair.id = item.pair_id
JOIN datasets_clip AS clip_a ON clip_a.id = pair.clip_a_id
JOIN datasets_clip AS clip_b ON clip_b.id = pair.clip_b_id
LEFT JOIN annotator_member AS member ON member.study_id = slot.study_id AND member.user_id = %(annotator)s
WHERE slot.id = %(slot)s
""",
)

_FILL = Statement(
    "answer_fill", "UPDATE annotator_slot SET state = 'done', lease_expires_at = NULL WHERE id = %(slot)s"
)

_COUNT = Statement(
    "answer_count",
    """
UPDATE annotator_member SET n_done = n_done + %(counts)s, recent_ms = %(recent_ms)s, cursor = %(cursor)s
WHERE id = %(member)s
""",
)

_FREE_REPEAT = Statement(
    "answer_repeat",
    """
UPDATE annotator_slot SET state = 'free', reserved_for_id = %(annotator)s, position = %(repeat_due)s
WHERE id = %(repeat)s AND state = 'waiting'
""",
)

_JUDGMENT_OF_KEY = (
    "(SELECT id FROM annotator_judgment WHERE idempotency_key = %(annotator_judgment_0_idempotency_key)s)"
)


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """What a submit has to know of a slot, its item, its study and the annotator's place in it."""

    slot_id: int
    state: str
    holder_id: int | None
    kind: str
    left_is_a: bool
    position: int
    was_free: bool  # for anybody, when it was leased: nobody's own, nor a lease that had run out
    item_id: int
    item_repeats_id: int | None
    frames_a: int | None
    frames_b: int | None
    study_id: int
    ask_overall: bool
    ask_people: bool
    ask_marks: bool
    ask_remark: bool
    n_items: int
    n_slots: int
    n_gold: int
    gold_feedback: bool
    member_id: int | None
    n_done: int
    recent_ms: list[int]
    cursor: int
    n_done_by_all: int
    n_open: int  # other places of the item for an answer that are not filled
    waiting_repeat_id: int | None
    person_ids: frozenset[int]

    @property
    def frames(self) -> dict[str, int]:
        """Frames of the playback copy on each side; 0 where the clip's files were removed."""
        a, b = self.frames_a or 0, self.frames_b or 0
        return {"left": a, "right": b} if self.left_is_a else {"left": b, "right": a}


def lock_answer_place(*, slot_id: int, annotator_id: int) -> AnswerPlace | None:
    locks = [_LOCK_PLACE, _LOCK_MEMBER] if is_postgres() else []
    *_, rows = send(*locks, _PLACE, slot=slot_id, annotator=annotator_id)
    if not rows:
        return None
    row: dict[str, Any] = dict(zip(_NAMES, rows[0], strict=True))
    people = row["person_ids"]
    row |= {name: bool(row[name]) for name in _BOOLEANS}
    row |= {
        "n_done": row["n_done"] or 0,
        "recent_ms": json_in(row["recent_ms"]) or [],
        "cursor": row["cursor"] or 0,
        "n_done_by_all": int(row["n_done_by_all"]),
        "person_ids": frozenset(map(int, people.split(","))) if people else frozenset(),
    }
    return AnswerPlace(**row)


@dataclass(frozen=True, slots=True)
class Filling:
    """What changes with a slot that is filled: its annotator's count and pace, and when its repeat is due.

    `counts` is 1, and 0 for a test question before the first pair.
    """

    counts: int
    n_done: int
    recent_ms: list[int]
    repeat_due: int


def answer_write(
    *,
    place: AnswerPlace,
    judgment: Judgment,
    people: Sequence[PersonJudgment],
    marks: Sequence[Mark],
    filling: Filling | None,
) -> int:
    """Insert a judgment with its details; with `filling` its locked slot is filled. Return the judgment's id."""
    parameters: dict[str, Any] = {}
    before: list[Statement | str] = []
    details: list[str] = []
    if filling is not None:
        before += [_FILL, _COUNT]
        parameters |= {
            "slot": place.slot_id,
            "member": place.member_id,
            "counts": filling.counts,
            "recent_ms": json.dumps(filling.recent_ms),
            # Nothing before it was free when it was leased.
            "cursor": place.position if place.was_free else place.cursor,
        }
        if place.waiting_repeat_id is not None:
            before.append(_FREE_REPEAT)
            parameters |= {"annotator": judgment.annotator_id, "repeat": place.waiting_repeat_id}
            parameters["repeat_due"] = filling.repeat_due
    insert = _insert([judgment], parameters) + " RETURNING id"
    if people:
        details.append(_insert(people, parameters, judgment_id=_JUDGMENT_OF_KEY))
    if marks:
        details.append(_insert(marks, parameters, judgment_id=_JUDGMENT_OF_KEY))
    results = send(*before, insert, *details, **parameters)
    return int(results[len(before)][0][0])


def _insert(rows: Sequence[Model], parameters: dict[str, Any], **written: str) -> str:
    """Return the statement that inserts rows of one model. Values go to `parameters`, `written` into the text."""
    meta = rows[0]._meta
    columns = [field for field in meta.concrete_fields if not field.primary_key]
    lines = []
    for number, row in enumerate(rows):
        values = []
        for field in columns:
            name = f"{meta.db_table}_{number}_{field.column}"
            is_written = str(field.column) in written
            values.append(written[str(field.column)] if is_written else f"%({name})s")
            if not is_written:
                parameters[name] = field.get_db_prep_save(field.pre_save(row, add=True), connection)
        lines.append(f"({', '.join(values)})")
    names = ", ".join(f'"{field.column}"' for field in columns)
    return f"INSERT INTO {meta.db_table} ({names}) VALUES {', '.join(lines)}"  # noqa: S608


_NAMES = [field.name for field in fields(AnswerPlace)]
_BOOLEANS = [
    *("left_is_a", "was_free", "ask_overall", "ask_people", "ask_marks", "ask_remark"),
    "gold_feedback",
]
