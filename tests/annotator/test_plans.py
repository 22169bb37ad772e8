"""With forty thousand slots no statement of the hot path reads the table from end to end."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from annotator.services.slots import slot_claim
from annotator.services.statements import answers, claims
from annotator.services.statements.sending import Statement
from benchmarks.seeding import seed_study
from tests.annotator.factories import make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

N_SLOTS = 40_000


def plan_of(statement: Statement, parameters: Mapping[str, Any]) -> list[str]:
    """Return the plan; on PostgreSQL the one that is made once for all parameters."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            looked_at = replace(statement, name="plan")
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            cursor.execute(looked_at.preparation)
            cursor.execute(f"EXPLAIN {looked_at.execution}", parameters)
            plan = cursor.fetchall()
            cursor.execute("DEALLOCATE likeness_plan")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement.text}", parameters)
            plan = cursor.fetchall()
    return [str(row[-1]) for row in plan]


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


def test_the_hot_path_goes_by_indexes() -> None:
    """Before the database has counted the rows of its tables, and after."""
    study = seed_study(n_slots=N_SLOTS, overlap=25)
    annotator = make_annotator(study)
    lease = slot_claim(study=study, annotator=annotator)
    assert lease is not None
    own = {"study": study.pk, "annotator": annotator.pk}
    claim: dict[str, Any] = {
        **own,
        "kind": "answer",
        "gold": "gold",
        "cursor": N_SLOTS // 2,
        "n_done": 3,
        "lease": uuid.uuid4().hex,
        "seconds": 60,
    }
    statements = {
        "claim": (claims._CLAIM, claim),
        "member": (claims._MEMBER_AND_LEASES, own),
        "pair": (claims._PAIR_JUST_LEASED, claim),
        "place": (answers._PLACE, {**own, "slot": lease.slot.slot_id}),
        "fill": (answers._FILL, {"slot": lease.slot.slot_id}),
    }
    for is_analysed in (False, True):
        if is_analysed:
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        for name, (statement, parameters) in statements.items():
            plan = plan_of(statement, parameters)
            assert reads_too_much(plan) == [], f"{name}, analysed: {is_analysed}\n" + "\n".join(plan)
