"""With a hundred thousand slots no statement of the hot path reads the table from end to end."""

import uuid

import pytest
from django.db import connection

from annotator.models import Study
from annotator.services import statements
from annotator.services.slots import slot_claim
from benchmarks.seeding import seed_study
from tests.annotator.factories import make_annotator

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def plan_of(sql: str, parameters: dict[str, object]) -> list[str]:
    explain = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        cursor.execute(explain + sql, parameters)
        return [str(row[-1]) for row in cursor.fetchall()]


def whole_table_reads(plan: list[str]) -> list[str]:
    if connection.vendor == "postgresql":
        return [line for line in plan if "Seq Scan on annotator_slot" in line]
    # SQLite says SEARCH where it goes by an index.
    return [
        line
        for line in plan
        if line.startswith(("SCAN slot", "SCAN mine", "SCAN other", "SCAN annotator_slot"))
    ]


@pytest.fixture
def big_study() -> Study:
    study = seed_study(n_slots=100_000, overlap=25)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return study


def test_the_hot_path_goes_by_indexes(big_study: Study) -> None:
    annotator = make_annotator(big_study)
    lease = slot_claim(study=big_study, annotator=annotator)
    assert lease is not None
    own = {"study": big_study.pk, "annotator": annotator.pk}
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
        assert whole_table_reads(plan) == [], f"{name}:\n" + "\n".join(plan)
