"""What is known of distorted clips and synthetic pairs: kept once, and shown to leads."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from config.accounts.models import User
from datasets.models import ClipTruth, KnownAnswer
from datasets.services.deletion import clip_delete
from datasets.services.known import NewAnswer, NewTruth, answers_put, truths_put
from tests.datasets.factories import make_clip, make_pair, make_person

pytestmark = pytest.mark.django_db


def truth(clip, *people, **fields) -> NewTruth:
    values = {
        "recipe": "morph_drift",
        "severity": 3,
        "schedule": "step",
        "onset_frame": 7,
        "is_control": False,
    }
    return NewTruth(clip=clip.pk, people=tuple(person.key for person in people), **{**values, **fields})


@pytest.fixture
def ada():
    return make_person("Ada")


@pytest.fixture
def pair(ada):
    """Clip a is untouched; in clip b Ada's face drifts."""
    pair = make_pair(make_clip(ada), make_clip(ada, origin="distorted"))
    truths_put(truths=[truth(pair.clip_b, ada, record={"kind": "negative"})])
    answers_put(answers=[NewAnswer(pair=pair.pk, preference="a", edited_side="b", kind="clean", batch="One")])
    return pair


@pytest.fixture
def lead(client: Client) -> Client:
    client.force_login(User.objects.create(username="lead", is_lead=True))
    return client


def test_what_is_told_twice_is_kept_as_it_was_told_first(pair, ada):
    assert truths_put(truths=[truth(pair.clip_b, ada, severity=1), truth(pair.clip_a, ada, severity=2)]) == 1
    assert answers_put(answers=[NewAnswer(pair=pair.pk, preference="b", edited_side="a")]) == 0
    assert ClipTruth.objects.get(clip=pair.clip_b).severity == 3
    assert list(ClipTruth.objects.get(clip=pair.clip_b).people.all()) == [ada]
    assert KnownAnswer.objects.get().preference == "a"


def test_an_answer_without_a_change_on_its_edited_side_is_none():
    pair = make_pair(make_clip(), make_clip())
    assert answers_put(answers=[NewAnswer(pair=pair.pk, preference="a", edited_side="b")]) == 0
    assert not KnownAnswer.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"preference": "b"}, {"preference": "c"}, {"edited_side": "c"}, {"edited_side": "a"}]
)
def test_the_database_refuses_what_cannot_be(pair, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        KnownAnswer.objects.update(**wrong)


@pytest.mark.parametrize("wrong", [{"severity": 0}, {"severity": 6}, {"recipe": ""}])
def test_the_database_refuses_a_change_that_cannot_be(pair, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        ClipTruth.objects.update(**wrong)


def test_it_goes_with_its_clip(pair):
    clip_delete(clip=pair.clip_b)
    assert not KnownAnswer.objects.exists()
    assert not ClipTruth.objects.exists()


def test_leads_read_it_through_the_api(lead, pair, ada):
    body = lead.get(f"/api/v1/pairs/{pair.pk}").json()
    assert body["known_answer"] == {
        "preference": "a", "kind": "clean", "edited_side": "b", "recipe": "morph_drift", "severity": 3,
        "onset_frame": 7, "reserved_for_test": False, "batch": "One",
    }  # fmt: skip
    other = make_pair(make_clip(), make_clip())
    assert lead.get(f"/api/v1/pairs/{other.pk}").json()["known_answer"] is None
    told = lead.get(f"/api/v1/clips/{pair.clip_b_id}").json()["truth"]
    assert (told["recipe"], told["severity"], told["people"]) == ("morph_drift", 3, [ada.key])
    assert lead.get(f"/api/v1/clips/{pair.clip_a_id}").json()["truth"] is None
    kept = lead.get("/api/v1/pairs", {"known_answer__reserved_for_test": "true"}).json()
    assert kept["results"] == []


def test_the_pages_of_clips_say_so(lead, pair):
    worse = lead.get(f"/library/{pair.clip_b_id}/").content.decode()
    assert "morph_drift, severity 3, step, from frame 7 on" in worse
    assert "synthetic: that one is better" in worse
    better = lead.get(f"/library/{pair.clip_a_id}/").content.decode()
    assert "synthetic: this one is better" in better
    assert "morph_drift" not in better
