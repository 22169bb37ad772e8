"""With a hundred thousand slots no statement of the hot path reads the table from end to end."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection

from annotator.services import statements
from annotator.services.slots import slot_claim
from benchmarks.seeding import seed_study
from tests.annotator.factories import make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def plan_of(sql: str, parameters: Mapping[str, Any]) -> list[str]:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        cursor.execute(explain + sql, parameters)
        return [str(row[-1]) for row in cursor.fetchall()]


def reads_too_much(plan: list[str]) -> list[str]:
    """Return the lines that stand for a read of the whole table, or of everything that an annotator answered."""
    if connection.vendor == "postgresql":
        return [line for line in plan if "Seq Scan on annotator_slot" in line or "Anti Join" in line]
    # SQLite says SEARCH where it goes by an index.
    return [
        line
        for line in plan
        if line.startswith(("SCAN slot", "SCAN mine", "SCAN other", "SCAN annotator_slot"))
    ]


@pytest.mark.parametrize("is_analysed", [False, True])
def test_the_hot_path_goes_by_indexes(is_analysed: bool) -> None:
    study = seed_study(n_slots=100_000, overlap=25)
    if is_analysed:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    annotator = make_annotator(study)
    lease = slot_claim(study=study, annotator=annotator)
    assert lease is not None
    own = {"study": study.pk, "annotator": annotator.pk}
    locks = {
        "lock_member": "",
        "lock_place": "",
        "join_ids": "max(subject.person_id)",
    }
    claim = {
        **own,
        "kind": "answer",
        "cursor": 50_000,
        "n_done": 3,
        "lease": uuid.uuid4().hex,
        "seconds": 60,
    }
    plans = {
        "claim": plan_of(statements._CLAIM.format(**statements._dialect()), claim),
        "member": plan_of(statements._MEMBER_AND_LEASES.format(**locks), own),
        "place": plan_of(statements._PLACE.format(**locks), {**own, "slot": lease.slot.slot_id}),
        "fill": plan_of(statements._FILL, {"slot": lease.slot.slot_id}),
        "pair": plan_of(statements._PAIR, {"item": lease.slot.item_id}),
    }
    for name, plan in plans.items():
        assert reads_too_much(plan) == [], f"{name}:\n" + "\n".join(plan)
