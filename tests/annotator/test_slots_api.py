import uuid

import pytest
from django.test import Client

from annotator.models import Judgment, Role, Slot
from annotator.services.judgments import GONE
from annotator.services.studies import study_pause
from datasets.models import Person
from datasets.services.deletion import person_delete
from tests.annotator.factories import expire, make_annotator, make_answer, make_study, make_user

pytestmark = pytest.mark.django_db


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def claim(client: Client, study, holding=()):
    return client.post(
        f"/api/v1/studies/{study.slug}/slots/claim",
        {"holding": list(holding)},
        content_type="application/json",
    )


def submit(client: Client, token: str, *, key=None, **fields):
    body = {
        "token": token,
        "idempotency_key": str(key or uuid.uuid4()),
        "answer": make_answer(),
        "active_ms": 4000,
        **fields,
    }
    return client.post("/api/v1/slots/submit", body, content_type="application/json")


def test_a_pair_is_claimed_and_judged():
    study = make_study(n_pairs=3)
    annotator = make_annotator(study)
    client = client_of(annotator)

    payload = claim(client, study).json()
    assert payload["slot"]["lease_seconds"] == study.lease_minutes * 60
    assert payload["slot"]["kind"] == "answer"
    assert payload["progress"] == {"done": 0, "total": 3, "median_seconds": None}
    assert len(payload["people"]) == 2
    assert payload["previous"] is None

    person = payload["people"][0]["id"]
    answer = make_answer(
        "right_much",
        people={str(person): "right"},
        marks=[{"person": person, "side": "left", "kind": "drift", "frame": 7}],
        no_drift=[payload["people"][1]["id"]],
        remark="The jaw.",
    )
    reply = submit(client, payload["slot"]["token"], answer=answer)
    assert reply.status_code == 201
    assert reply.json() == {
        "judgment": Judgment.objects.get().pk,
        "surplus": False,
        "notice": "",
        "feedback": None,
        "progress": {"done": 1, "total": 3, "median_seconds": 4},
    }
    last = client.get(f"/api/v1/studies/{study.slug}/slots/last").json()
    assert last["previous"] == {"judgment": Judgment.objects.get().pk, "answer": answer}


def test_the_same_key_again_gets_the_same_reply():
    study = make_study()
    client = client_of(make_annotator(study))
    token = claim(client, study).json()["slot"]["token"]
    key = uuid.uuid4()

    first = submit(client, token, key=key)
    other = claim(client, study).json()["slot"]["token"]
    submit(client, other)
    again = submit(client, token, key=key, answer=make_answer("tie"))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert Judgment.objects.filter(idempotency_key=key).values_list("overall", flat=True).get() == "left"


def test_an_answer_that_names_somebody_deleted_meanwhile_is_kept_without_their_name():
    study = make_study()
    client = client_of(make_annotator(study))
    payload = claim(client, study).json()
    token, (kept, deleted) = payload["slot"]["token"], (person["id"] for person in payload["people"])
    person_delete(person=Person.objects.get(pk=deleted))

    mark = {"side": "left", "kind": "drift", "frame": 7}
    answer = make_answer(
        "left",
        people={str(kept): "left", str(deleted): "right"},
        marks=[{**mark, "person": kept}, {**mark, "person": deleted}],
        remark="The jaw.",
    )
    key = uuid.uuid4()
    reply = submit(client, token, key=key, answer=answer)

    assert reply.status_code == 201
    assert reply.json()["notice"] == GONE
    assert submit(client, token, key=key, answer=answer).json() == reply.json()
    judgment = Judgment.objects.get()
    assert (judgment.overall, judgment.remark, judgment.surplus) == ("left", "The jaw.", False)
    assert set(judgment.people.values_list("person", "verdict")) == {(kept, "left"), (None, "right")}
    assert set(judgment.marks.values_list("person", "frame")) == {(kept, 7), (None, 7)}

    last = client.get(f"/api/v1/studies/{study.slug}/slots/last").json()["previous"]
    assert last["answer"]["marks"] == [{**mark, "person": kept}]
    again = submit(client, token, answer=last["answer"], supersedes=last["judgment"])
    assert (again.status_code, again.json()["notice"]) == (201, "")


def test_an_answer_that_is_late_is_taken_while_the_slot_is_free():
    study = make_study()
    client = client_of(make_annotator(study))
    token = claim(client, study).json()["slot"]["token"]
    expire(study)
    assert submit(client, token).json()["surplus"] is False


def test_an_answer_that_is_too_late_is_kept_as_surplus():
    study = make_study(n_pairs=1, overlap=1)
    slow, quick = client_of(make_annotator(study)), client_of(make_annotator(study))
    token = claim(slow, study).json()["slot"]["token"]
    expire(study)
    taken = claim(quick, study).json()["slot"]["token"]

    reply = submit(slow, token)
    assert (reply.status_code, reply.json()["surplus"]) == (201, True)
    assert submit(quick, taken).json()["surplus"] is False
    assert sorted(Judgment.objects.values_list("surplus", flat=True)) == [False, True]


def test_each_refusal_has_its_status():
    study = make_study()
    mine, theirs = client_of(make_annotator(study)), client_of(make_annotator(study))
    token = claim(mine, study).json()["slot"]["token"]

    assert submit(theirs, token).status_code == 403
    assert submit(mine, "forged").status_code == 409
    refused = submit(mine, token, answer=make_answer("better"))
    assert refused.status_code == 422
    assert list(refused.json()["error"]["fields"]) == ["overall"]
    assert claim(client_of(make_user()), study).status_code == 404
    assert claim(Client(), study).status_code in (401, 403)
    study_pause(study=study)
    paused = claim(theirs, study)
    assert paused.status_code == 409
    assert "paused" in paused.json()["error"]["message"]
    assert submit(mine, token).status_code == 201


def test_the_last_answer_is_taken_back():
    study = make_study()
    client = client_of(make_annotator(study))
    token = claim(client, study).json()["slot"]["token"]
    first = submit(client, token).json()["judgment"]

    last = client.get(f"/api/v1/studies/{study.slug}/slots/last").json()
    assert last["slot"]["token"] == token
    second = submit(client, token, answer=make_answer("tie"), supersedes=first)

    assert second.status_code == 201
    assert second.json()["progress"]["done"] == 1
    assert Judgment.objects.get(supersedes=first).overall == "tie"
    assert Slot.objects.filter(state="done").count() == 1


def test_a_reload_gets_the_same_pair_and_a_prefetch_the_next():
    study = make_study()
    client = client_of(make_annotator(study))
    first = claim(client, study).json()["slot"]["token"]
    assert claim(client, study).json()["slot"]["token"] == first
    second = claim(client, study, holding=[first]).json()["slot"]["token"]
    assert second != first
    assert claim(client, study, holding=[first, second]).status_code == 409


def test_a_heartbeat_keeps_and_a_release_ends_a_lease():
    study = make_study(n_pairs=1, overlap=1)
    mine, theirs = client_of(make_annotator(study)), client_of(make_annotator(study))
    token = claim(mine, study).json()["slot"]["token"]
    expire(study)
    kept = mine.post("/api/v1/slots/heartbeat", {"tokens": [token]}, content_type="application/json")
    assert kept.json() == {"kept": {token: True}}
    assert claim(theirs, study).status_code == 204
    freed = mine.post("/api/v1/slots/release", {"token": token}, content_type="application/json")
    assert freed.json() == {"released": True}
    assert claim(theirs, study).status_code == 200
    lost = mine.post("/api/v1/slots/heartbeat", {"tokens": [token]}, content_type="application/json")
    assert lost.json() == {"kept": {token: False}}


def test_a_reviewer_gets_reviews_only():
    study = make_study()
    reviewer = client_of(make_annotator(study, Role.REVIEWER))
    assert claim(reviewer, study).status_code == 204


def test_text_that_no_database_stores_is_mended_and_kept():
    study = make_study()
    client = client_of(make_annotator(study))
    token = claim(client, study).json()["slot"]["token"]
    # Half an emoji, which a browser sends when it is cut in the middle, and a zero byte.
    reply = submit(client, token, answer=make_answer(remark="the jaw \ud83d\x00 drifts"))
    assert reply.status_code == 201
    assert Judgment.objects.get().remark == "the jaw \N{REPLACEMENT CHARACTER} drifts"


def test_json_without_an_end_to_its_depth_is_refused():
    client = client_of(make_annotator(make_study()))
    deep = "[" * 200_000
    reply = client.post("/api/v1/slots/submit", deep, content_type="application/json")
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "parse_error")
