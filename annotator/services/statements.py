"""The statements of the hot path that the ORM cannot say in one go, for PostgreSQL and SQLite.

Two rules hold for all of them. Time is the database's clock. And the states stand in the text as literals, not
parameters, since SQLite uses a partial index only where it can see that the condition holds.

On PostgreSQL rows are taken with FOR UPDATE SKIP LOCKED; on SQLite every transaction is IMMEDIATE (settings), so
nobody else writes meanwhile and nothing needs locking.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection

# A count and not NOT EXISTS, which PostgreSQL turns into a join that reads everything the annotator ever answered;
# this looks one item up in the index of slots_one_per_annotator, for each slot that it passes.
_IS_NEW_TO_ME = """(
    SELECT COUNT(*) FROM annotator_slot AS mine
    WHERE mine.item_id = slot.item_id AND mine.annotator_id = %(annotator)s AND mine.state IN ('leased', 'done')
) = 0"""

# In order of preference: a repeat that is due, a lease that ran out (so that no answer is left behind while
# everybody moves on), the next free slot, one that the cursor has passed, a repeat before its time.
# COALESCE stops at the first that yields a row. Put together from constants of this file alone, hence the noqa.
_CLAIM = f"""
UPDATE annotator_slot
SET state = 'leased', annotator_id = %(annotator)s, lease = %(lease)s, lease_expires_at = {{lease_end}},
    lease_count = lease_count + 1
WHERE id = COALESCE(
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.repeat_of_id IS NOT NULL AND slot.reserved_for_id = %(annotator)s
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.position <= %(n_done)s
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'leased' AND slot.lease_expires_at <= {{now}}
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.repeat_of_id IS NULL
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.lease_expires_at LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.repeat_of_id IS NULL
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.position >= %(cursor)s
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.repeat_of_id IS NULL
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.position < %(cursor)s
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.repeat_of_id IS NOT NULL AND slot.reserved_for_id = %(annotator)s
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s
     ORDER BY slot.position LIMIT 1 {{skip_locked}})
)
RETURNING id, item_id, left_is_a, position, repeat_of_id, lease_count
"""  # noqa: S608

# The member's row is the lock that puts the claims of one annotator, from two tabs perhaps, one behind another.
_MEMBER_AND_LEASES = """
SELECT member.id, member.role, member.cursor, member.n_done, member.recent_ms,
       (SELECT COALESCE(SUM(everyone.n_done), 0) FROM annotator_member AS everyone
        WHERE everyone.study_id = member.study_id AND everyone.role <> 'reviewer'),
       slot.id, slot.item_id, slot.kind, slot.left_is_a, slot.lease
FROM annotator_member AS member
LEFT JOIN annotator_slot AS slot
  ON slot.annotator_id = member.user_id AND slot.study_id = member.study_id AND slot.state = 'leased'
WHERE member.study_id = %(study)s AND member.user_id = %(annotator)s
ORDER BY slot.lease_expires_at
{lock_member}
"""

# Who should appear comes from both clips, since a subject may be known of one of them alone.
_PAIR = """
SELECT pair.clip_a_id, pair.clip_b_id, pair.prompt, clip_a.prompt, clip_a.state, clip_b.state,
       person.id, person.name, reference.id
FROM annotator_item AS item
JOIN datasets_pair AS pair ON pair.id = item.pair_id
JOIN datasets_clip AS clip_a ON clip_a.id = pair.clip_a_id
JOIN datasets_clip AS clip_b ON clip_b.id = pair.clip_b_id
LEFT JOIN datasets_clipsubject AS subject ON subject.clip_id IN (pair.clip_a_id, pair.clip_b_id)
LEFT JOIN datasets_person AS person ON person.id = subject.person_id
LEFT JOIN datasets_reference AS reference ON reference.person_id = person.id
WHERE item.id = %(item)s
ORDER BY subject.position, person.id, reference.position, reference.id
"""

# Everything that a submit has to know, in one row. The locks on slot and item put two answers to one item, and
# so to one slot, one behind another: that makes "was this the last one?" a question with one answer.
_PLACE = """
SELECT slot.id, slot.state, slot.annotator_id, slot.kind, slot.left_is_a,
       slot.item_id, item.repeat_of_id, item.pair_id, pair.clip_a_id, pair.clip_b_id, clip_a.frames, clip_b.frames,
       slot.study_id, study.ask_overall, study.ask_people, study.ask_marks, study.ask_remark,
       study.n_items, study.n_slots,
       member.id, member.n_done, member.recent_ms,
       (SELECT COALESCE(SUM(everyone.n_done), 0) FROM annotator_member AS everyone
        WHERE everyone.study_id = slot.study_id AND everyone.role <> 'reviewer'),
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
{lock_place}
"""

# The lock on the item makes the count one of committed rows.
_FILL = """
UPDATE annotator_slot SET state = 'done', lease_expires_at = NULL WHERE id = %(slot)s
RETURNING (
    SELECT COUNT(*) FROM annotator_slot AS other
    WHERE other.item_id = annotator_slot.item_id AND other.id <> annotator_slot.id
      AND other.kind = 'answer' AND other.state <> 'done'
)
"""

# Two answers of one annotator may arrive at one moment: the count is the database's, the pace is only a hint.
_COUNT = """
UPDATE annotator_member SET n_done = n_done + 1, recent_ms = %(recent_ms)s WHERE id = %(member)s RETURNING n_done
"""


@dataclass(frozen=True, slots=True)
class HeldSlot:
    slot_id: int
    item_id: int
    kind: str
    left_is_a: bool
    lease: uuid.UUID


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """A member as the claim sees it: locked, with the slots in hand, the one whose lease ends first in front."""

    member_id: int
    role: str
    cursor: int
    n_done: int
    recent_ms: list[int]
    n_done_by_all: int
    held: list[HeldSlot]


def lock_member(*, study_id: int, annotator_id: int) -> MemberPlace | None:
    sql = _MEMBER_AND_LEASES.format(lock_member="FOR UPDATE OF member" if _is_postgres() else "")
    rows = _rows(sql, {"study": study_id, "annotator": annotator_id})
    if not rows:
        return None
    held = [
        HeldSlot(slot_id, item_id, kind, bool(left_is_a), _uuid(lease))
        for *_, slot_id, item_id, kind, left_is_a, lease in rows
        if slot_id is not None
    ]
    member_id, role, cursor, n_done, recent_ms, n_done_by_all = rows[0][:6]
    return MemberPlace(member_id, role, cursor, n_done, _json(recent_ms), int(n_done_by_all), held)


@dataclass(frozen=True, slots=True)
class ClaimedSlot:
    slot: HeldSlot
    position: int
    was_free: bool  # for anybody: neither a repeat nor a lease that ran out


def claim_next(
    *, study_id: int, annotator_id: int, kind: str, cursor: int, n_done: int, lease_seconds: int
) -> ClaimedSlot | None:
    """Lease the next slot of a kind to a member whose row is locked, or return None when there is none."""
    lease = uuid.uuid4()
    parameters = {
        "study": study_id,
        "annotator": annotator_id,
        "kind": kind,
        "cursor": cursor,
        "n_done": n_done,
        "lease": _adapt_uuid(lease),
        "seconds": lease_seconds,
    }
    rows = _rows(_CLAIM.format(**_dialect()), parameters)
    if not rows:
        return None
    # Compared here: SQLite 3.40 answers `repeat_of_id IS NULL` wrongly in a RETURNING behind these subqueries.
    slot_id, item_id, left_is_a, position, repeat_of_id, lease_count = rows[0]
    slot = HeldSlot(slot_id, item_id, kind, bool(left_is_a), lease)
    return ClaimedSlot(slot, position, was_free=repeat_of_id is None and lease_count == 1)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    person_id: int
    name: str
    reference_ids: list[int]


@dataclass(frozen=True, slots=True)
class PairFacts:
    """What is shown of an item: two clips, a prompt, and who should appear, in order."""

    clip_a_id: int
    clip_b_id: int
    prompt: str
    is_playable: bool
    people: list[PersonFacts]


def pair_of_item(item_id: int) -> PairFacts:
    rows = _rows(_PAIR, {"item": item_id})
    clip_a, clip_b, prompt, clip_prompt, *states = rows[0][:6]
    people: dict[int, PersonFacts] = {}
    for *_, person_id, name, reference_id in rows:
        if person_id is None:
            continue
        person = people.setdefault(person_id, PersonFacts(person_id, name, []))
        if reference_id is not None and reference_id not in person.reference_ids:
            person.reference_ids.append(reference_id)
    is_playable = all(state == "ready" for state in states)
    return PairFacts(clip_a, clip_b, prompt or clip_prompt, is_playable, list(people.values()))


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """What a submit has to know of a slot, its item, its study and the annotator's place in it."""

    slot_id: int
    state: str
    holder_id: int | None
    kind: str
    left_is_a: bool
    item_id: int
    item_repeats_id: int | None
    pair_id: int
    clip_a_id: int
    clip_b_id: int
    frames_a: int | None
    frames_b: int | None
    study_id: int
    ask_overall: bool
    ask_people: bool
    ask_marks: bool
    ask_remark: bool
    n_items: int
    n_slots: int
    member_id: int | None
    n_done: int
    recent_ms: list[int]
    n_done_by_all: int
    waiting_repeat_id: int | None
    person_ids: frozenset[int]

    @property
    def frames(self) -> dict[str, int]:
        """Frames of the playback copy on each side; 0 where the clip's files were removed."""
        a, b = self.frames_a or 0, self.frames_b or 0
        return {"left": a, "right": b} if self.left_is_a else {"left": b, "right": a}


def lock_answer_place(*, slot_id: int, annotator_id: int) -> AnswerPlace | None:
    sql = _PLACE.format(
        lock_place="FOR NO KEY UPDATE OF slot, item" if _is_postgres() else "",
        join_ids="string_agg(subject.person_id::text, ',')"
        if _is_postgres()
        else "group_concat(subject.person_id)",
    )
    rows = _rows(sql, {"slot": slot_id, "annotator": annotator_id})
    if not rows:
        return None
    row = list(rows[0])
    row[4] = bool(row[4])
    row[13:17] = map(bool, row[13:17])
    row[20] = row[20] or 0
    row[21] = _json(row[21]) or []
    row[22] = int(row[22])
    row[24] = frozenset(map(int, row[24].split(","))) if row[24] else frozenset()
    return AnswerPlace(*row)


def fill_slot(*, slot_id: int) -> int:
    """Mark a locked slot as answered; return how many places of its item still wait for an answer."""
    return int(_rows(_FILL, {"slot": slot_id})[0][0])


def count_answer(*, member_id: int, recent_ms: list[int]) -> int:
    """Count one more filled slot of a member; return how many they have filled."""
    parameters = {"member": member_id, "recent_ms": json.dumps(recent_ms)}
    return int(_rows(_COUNT, parameters)[0][0])


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _dialect() -> dict[str, str]:
    if _is_postgres():
        return {
            "now": "statement_timestamp()",
            "lease_end": "statement_timestamp() + make_interval(secs => %(seconds)s)",
            "skip_locked": "FOR UPDATE OF slot SKIP LOCKED",
        }
    # As Django writes a datetime, less three digits: text, which sorts as time does.
    return {
        "now": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')",
        "lease_end": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+' || %(seconds)s || ' seconds')",
        "skip_locked": "",
    }


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def _adapt_uuid(value: uuid.UUID) -> uuid.UUID | str:
    return value if connection.features.has_native_uuid_field else value.hex


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
