"""Who a member is and what they hold; the next slot for them; the pair in it."""

import uuid
from dataclasses import dataclass

from .sending import Rows, Statement, is_postgres, json_in, send, uuid_in, uuid_out

# A count and not NOT EXISTS, which PostgreSQL turns into a join that reads everything the annotator ever answered;
# this looks one item up in the index of slots_one_per_annotator, for each slot that it passes.
_IS_NEW_TO_ME = """(
    SELECT COUNT(*) FROM annotator_slot AS mine
    WHERE mine.item_id = slot.item_id AND mine.annotator_id = %(annotator)s AND mine.state IN ('leased', 'done')
) = 0"""

# In order of preference: a repeat or a test question that is due, a lease that ran out (so that no answer is left
# behind while everybody moves on), the next free slot, one that the cursor has passed, a repeat before its time. Test
# questions never come before their time, or an annotator would meet all that are left at the end.
# COALESCE stops at the first that yields a row. Put together from constants of this file alone, hence the noqa.
_CLAIM = Statement(
    "claim",
    f"""
UPDATE annotator_slot
SET state = 'leased', annotator_id = %(annotator)s, lease = %(lease)s, lease_expires_at = {{lease_end}},
    lease_count = lease_count + 1
WHERE id = COALESCE(
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.reserved_for_id = %(annotator)s
       AND slot.study_id = %(study)s AND slot.kind IN (%(kind)s, %(gold)s) AND slot.position <= %(n_done)s
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'leased' AND slot.lease_expires_at <= {{now}}
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.reserved_for_id IS NULL
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.lease_expires_at LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.reserved_for_id IS NULL
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.position >= %(cursor)s
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.reserved_for_id IS NULL
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s AND slot.position < %(cursor)s
       AND {_IS_NEW_TO_ME}
     ORDER BY slot.position LIMIT 1 {{skip_locked}}),
    (SELECT slot.id FROM annotator_slot AS slot
     WHERE slot.state = 'free' AND slot.reserved_for_id = %(annotator)s
       AND slot.study_id = %(study)s AND slot.kind = %(kind)s
     ORDER BY slot.position LIMIT 1 {{skip_locked}})
)
RETURNING id, item_id, left_is_a, kind
""",  # noqa: S608
)

# The member's row is the lock that puts the claims of one annotator, from two tabs perhaps, one behind another.
_LOCK_MEMBER = Statement(
    "claim_lock",
    """
SELECT id FROM annotator_member WHERE study_id = %(study)s AND user_id = %(annotator)s FOR NO KEY UPDATE
""",
)

_MEMBER_AND_LEASES = Statement(
    "claim_member",
    """
SELECT member.id, member.role, member.qualification, member.cursor, member.n_done, member.recent_ms,
       (SELECT study.n_done_by_former FROM annotator_study AS study WHERE study.id = member.study_id) + (
        SELECT COALESCE(SUM(everyone.n_done), 0) FROM annotator_member AS everyone
        WHERE everyone.study_id = member.study_id AND everyone.role <> 'reviewer'),
       slot.id, slot.item_id, slot.kind, slot.left_is_a, slot.lease
FROM annotator_member AS member
LEFT JOIN annotator_slot AS slot
  ON slot.annotator_id = member.user_id AND slot.study_id = member.study_id AND slot.state = 'leased'
WHERE member.study_id = %(study)s AND member.user_id = %(annotator)s
ORDER BY slot.lease_expires_at
""",
)

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
WHERE item.id = """
_IN_ORDER = "\nORDER BY subject.position, person.id, reference.position, reference.id"
_PAIR_OF_ITEM = Statement("pair", f"{_PAIR} %(item)s {_IN_ORDER}")
# SQLite's statistics know averages alone, by which most slots have one annotator: nobody.
_PAIR_JUST_LEASED = Statement(
    "claim_pair",
    f"""{_PAIR} (
    SELECT slot.item_id FROM annotator_slot AS slot {{by_annotator}}
    WHERE slot.annotator_id = %(annotator)s AND slot.study_id = %(study)s AND slot.state = 'leased'
      AND slot.lease = %(lease)s
) {_IN_ORDER}""",  # noqa: S608
)


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
    qualification: str
    cursor: int
    n_done: int
    recent_ms: list[int]
    n_done_by_all: int
    held: list[HeldSlot]


def lock_member(*, study_id: int, annotator_id: int) -> MemberPlace | None:
    lock = [_LOCK_MEMBER] if is_postgres() else []
    *_, rows = send(*lock, _MEMBER_AND_LEASES, study=study_id, annotator=annotator_id)
    if not rows:
        return None
    held = [
        HeldSlot(slot_id, item_id, kind, bool(left_is_a), uuid_in(lease))
        for *_, slot_id, item_id, kind, left_is_a, lease in rows
        if slot_id is not None
    ]
    member_id, role, qualification, cursor, n_done, recent_ms, n_done_by_all = rows[0][:7]
    recent = json_in(recent_ms)
    return MemberPlace(member_id, role, qualification, cursor, n_done, recent, int(n_done_by_all), held)


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


def claim_next(
    *, study_id: int, annotator_id: int, kind: str, gold: str, cursor: int, n_done: int, lease_seconds: int
) -> tuple[HeldSlot, PairFacts] | None:
    """Lease the next slot of a kind to a member whose row is locked. Return it with its pair; None if none is left.

    `gold` is the kind of the test questions that come among them, the same kind where none do.
    """
    lease = uuid.uuid4()
    claimed, pair = send(
        _CLAIM,
        _PAIR_JUST_LEASED,
        study=study_id,
        annotator=annotator_id,
        kind=kind,
        gold=gold,
        cursor=cursor,
        n_done=n_done,
        lease=uuid_out(lease),
        seconds=lease_seconds,
    )
    if not claimed:
        return None
    slot_id, item_id, left_is_a, of_kind = claimed[0]
    return HeldSlot(slot_id, item_id, of_kind, bool(left_is_a), lease), _pair(pair)


def pair_of_item(item_id: int) -> PairFacts:
    return _pair(send(_PAIR_OF_ITEM, item=item_id)[0])


def _pair(rows: Rows) -> PairFacts:
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
