"""A person who is deleted while an answer about them is being stored: after it was read, before it is committed."""

from threading import Thread
from typing import Any

import pytest
from django.db import connection

from annotator.models import Judgment
from annotator.services.judgments import GONE, judgment_submit
from annotator.services.slots import slot_claim
from annotator.services.statements.answers import answer_write
from datasets.models import Person
from datasets.services.deletion import person_delete
from tests.annotator.factories import make_annotator, make_answer, make_study, new_key

pytestmark = pytest.mark.django_db(transaction=True)

WAIT_S = 60


def test_an_answer_is_kept_without_the_name_of_somebody_deleted_while_it_is_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    study = make_study(n_pairs=1)
    annotator = make_annotator(study)
    lease = slot_claim(study=study, annotator=annotator)
    assert lease is not None
    kept, deleted = (person.person_id for person in lease.pair.people)
    write = answer_write
    deleting = Thread(target=delete, args=[deleted])

    def delete_and_write(**values: Any) -> int:
        """Store the answer once the person is gone. SQLite lets nobody else write before it is stored."""
        if deleting.ident is None:
            deleting.start()
            if connection.vendor == "postgresql":
                deleting.join(WAIT_S)
        return write(**values)

    monkeypatch.setattr("annotator.services.judgments.answer_write", delete_and_write)
    answer = make_answer(
        "left",
        people={str(kept): "left", str(deleted): "right"},
        marks=[{"person": deleted, "side": "left", "kind": "drift", "frame": 7}],
    )
    key = new_key()
    sent: dict[str, Any] = {
        "annotator": annotator,
        "token": str(lease.token),
        "idempotency_key": key,
        "answer": answer,
        "active_ms": 1000,
    }

    reply = judgment_submit(**sent)

    deleting.join(WAIT_S)
    assert not Person.objects.filter(pk=deleted).exists()
    assert (reply.created, reply.surplus, reply.progress["done"]) == (True, False, 1)
    assert reply.notice == (GONE if connection.vendor == "postgresql" else "")
    judgment = Judgment.objects.get(idempotency_key=key)
    assert judgment.overall == "left"
    assert set(judgment.people.values_list("person", "verdict")) == {(kept, "left"), (None, "right")}
    marks: list[tuple[int | None, int]] = list(judgment.marks.values_list("person", "frame"))
    assert marks == [(None, 7)]
    again = judgment_submit(**sent)
    assert (again.judgment_id, again.created) == (reply.judgment_id, False)


def delete(person_id: int) -> None:
    try:
        person_delete(person=Person.objects.get(pk=person_id))
    finally:
        connection.close()
