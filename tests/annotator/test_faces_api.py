"""Faces of a slot's pair over HTTP: shared moments, curves after the answer, reports of wrong tracks."""

import io
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from annotator.models import Curves, CurvesSeen, Slot, Study, TrackReport
from annotator.selectors.track_reports import changed_after_curves
from config.accounts.models import User
from datasets.models import AnalysisState, Clip, ClipAnalysis, Person
from tests.annotator.analyses import SIDE, colour, make_analysis
from tests.annotator.factories import make_annotator, make_study
from tests.annotator.test_slots_api import claim, client_of, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    """One pair of two people; the clips have 48 and 60 frames at 24 a second."""
    return make_study(1, overlap=1)


@pytest.fixture
def annotator(study: Study) -> User:
    return make_annotator(study)


@pytest.fixture
def client(annotator: User) -> Client:
    return client_of(annotator)


def people_of(study: Study) -> list[Person]:
    return list(study.items.get().pair.clip_a.subjects.order_by("clip_subjects__position"))


def clips_of(study: Study) -> tuple[Clip, Clip]:
    """Return the clips on the left and on the right."""
    slot = Slot.objects.select_related("item__pair").get(study=study)
    a, b = slot.item.pair.clip_a, slot.item.pair.clip_b
    return (a, b) if slot.left_is_a else (b, a)


def faces_of(client: Client, token: str, across: int = 16) -> dict[str, Any]:
    response = client.get(f"/api/v1/slots/{token}/faces?across={across}")
    assert response.status_code == 200, response.content
    body: dict[str, Any] = response.json()
    return body


def token_of(client: Client, study: Study) -> str:
    token: str = claim(client, study).json()["slot"]["token"]
    return token


def curves_of(client: Client, token: str) -> Any:
    return client.post(f"/api/v1/slots/{token}/curves", {}, content_type="application/json")


def report(client: Client, token: str, **body: Any) -> Any:
    return client.post(f"/api/v1/slots/{token}/reports", body, content_type="application/json")


def picture_of(client: Client, url: str) -> Image.Image:
    return Image.open(io.BytesIO(client.get(url).content)).convert("RGB")


def is_like(pixel: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 12 for a, b in zip(pixel, wanted, strict=True))


def test_both_sides_are_shown_at_the_moments_that_they_share(study: Study, client: Client) -> None:
    people, (left, right) = people_of(study), clips_of(study)
    make_analysis(left, *people, step=0.25, columns=8)
    make_analysis(right, *people, step=0.5, columns=5)
    body = faces_of(client, token_of(client, study))
    assert body["moments"] == [0, 0.5, 1.0, 1.5, 2.0]
    assert [person["id"] for person in body["people"]] == [person.pk for person in people]
    # The left clip is over after two seconds.
    assert body["people"][0]["left"] == {"seen": "1111-", "note": ""}
    assert body["people"][1]["right"] == {"seen": "11111", "note": ""}


@pytest.mark.parametrize(("across", "shown"), [(12, 12), (16, 16)])
def test_of_many_moments_some_are_shown_spread_over_the_clip(
    study: Study, client: Client, across: int, shown: int
) -> None:
    for clip in clips_of(study):
        make_analysis(clip, *people_of(study), step=0.125, columns=32)
    moments = faces_of(client, token_of(client, study), across)["moments"]
    assert (len(moments), moments[0], moments[-1]) == (shown, 0, 31 / 8)
    steps = [b - a for a, b in pairwise(moments)]
    assert max(steps) - min(steps) <= 0.125


@pytest.mark.parametrize("across", ["11", "17", "many"])
def test_refuses_a_width_that_makes_no_sense(study: Study, client: Client, across: str) -> None:
    token = token_of(client, study)
    assert client.get(f"/api/v1/slots/{token}/faces?across={across}").status_code == 422


def test_the_pictures_hold_the_shown_moments_and_people_alone(study: Study, client: Client) -> None:
    """Whatever is stored of a clip, both pictures of a pair have one size: people by moments."""
    people, (left, right) = people_of(study), clips_of(study)
    make_analysis(left, *people[::-1], step=0.125, columns=20)
    make_analysis(right, *people, step=0.25, columns=9)
    body = faces_of(client, token_of(client, study), 12)
    assert body["moments"] == [0.25 * i for i in range(10)]
    pictures = [picture_of(client, body[side]) for side in ("left", "right")]
    assert [picture.size for picture in pictures] == [(10 * SIDE, 2 * SIDE)] * 2
    middle = SIDE // 2
    # The first person's stored row on the left is the second one, and each shown moment is every other column.
    assert is_like(pictures[0].getpixel((3 * SIDE + middle, middle)), colour(1, 6))
    assert is_like(pictures[1].getpixel((3 * SIDE + middle, SIDE + middle)), colour(1, 3))
    assert is_like(pictures[1].getpixel((9 * SIDE + middle, middle)), (127, 127, 127))


def test_a_moment_without_a_face_is_said_to_have_none(study: Study, client: Client) -> None:
    for clip in clips_of(study):
        make_analysis(clip, *people_of(study), columns=4, spans=((0, 5), (13, 20)))
    assert faces_of(client, token_of(client, study))["people"][0]["left"]["seen"] == "1001"


def test_what_cannot_be_shown_is_said_in_a_sentence(study: Study, client: Client) -> None:
    (ada, bo), (left, right) = people_of(study), clips_of(study)
    make_analysis(left, ada, spans=())
    body = faces_of(client, token_of(client, study))
    notes = [person[side]["note"] for person in body["people"] for side in ("left", "right")]
    assert notes == [
        f"{ada.name} was not found on the left side.",
        "The right clip has not been searched for faces yet.",
        f"{bo.name} cannot be looked for: no reference shows a face that can be used.",
        "The right clip has not been searched for faces yet.",
    ]
    assert body["right"] == ""
    ClipAnalysis.objects.create(clip=right, state=AnalysisState.FAILED, error="cannot be read")
    body = faces_of(client, token_of(client, study))
    assert body["people"][0]["right"]["note"] == "The right clip could not be searched for faces."


def test_a_pair_that_nobody_analysed_has_no_moments(study: Study, client: Client) -> None:
    body = faces_of(client, token_of(client, study))
    assert (body["moments"], body["left"], body["right"]) == ([], "", "")


def test_strips_whose_file_is_gone_are_not_there(study: Study, client: Client) -> None:
    left, _ = clips_of(study)
    analysis = make_analysis(left, *people_of(study))
    url = faces_of(client, token_of(client, study))["left"]
    analysis.strips_file = "strips/gone.jpg"
    analysis.save()
    assert client.get(url).status_code == 404


def test_curves_come_after_the_answer_and_it_is_written_down(
    study: Study, client: Client, annotator: User
) -> None:
    people, clips = people_of(study), clips_of(study)
    for clip in clips:
        make_analysis(clip, *people)
    token = token_of(client, study)
    refused = curves_of(client, token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "curves_hidden")
    assert not CurvesSeen.objects.exists()

    judgment = submit(client, token).json()["judgment"]
    body = curves_of(client, token).json()
    curve = body["people"][str(people[0].pk)]["left"]
    assert (curve["times"], curve["own"]) == ([0, 0.5, 1], [0.6611, 0.6522, 0.2333])
    assert (curve["threshold"], curve["swapped"]) == (0.3627, [False, False, True])
    assert body["scores"] == {"left": 0.7123, "right": 0.7123}
    assert curves_of(client, token).status_code == 200
    seen = CurvesSeen.objects.get()
    assert (seen.annotator, seen.judgment_id) == (annotator, judgment)


def test_an_answer_that_is_changed_after_the_curves_is_known_as_such(study: Study, client: Client) -> None:
    token = token_of(client, study)
    first = submit(client, token).json()["judgment"]
    second = submit(client, token, supersedes=first).json()["judgment"]
    curves_of(client, token)
    assert not changed_after_curves(study).exists()
    third = submit(client, token, supersedes=second).json()["judgment"]
    assert [judgment.pk for judgment in changed_after_curves(study)] == [third]


def test_a_study_may_show_curves_to_nobody_or_at_once(study: Study, client: Client) -> None:
    token = token_of(client, study)
    Study.objects.update(curves=Curves.ALWAYS)
    assert curves_of(client, token).status_code == 200
    assert not CurvesSeen.objects.exists()
    Study.objects.update(curves=Curves.NEVER)
    submit(client, token)
    assert curves_of(client, token).status_code == 409


def test_curves_of_two_face_models_are_not_put_side_by_side(study: Study, client: Client) -> None:
    left, right = clips_of(study)
    make_analysis(left, *people_of(study))
    make_analysis(right, *people_of(study), backend="another one")
    token = token_of(client, study)
    submit(client, token)
    body = curves_of(client, token).json()
    assert (body["people"], body["scores"]) == ({}, {})
    assert "different face models" in body["note"]


def test_wrong_tracks_are_reported_once_and_taken_back(study: Study, client: Client, annotator: User) -> None:
    ada = people_of(study)[0]
    token = token_of(client, study)
    assert report(client, token, person=ada.pk).status_code == 204
    assert report(client, token, person=ada.pk, remark="It is Bo.").status_code == 204
    assert report(client, token).status_code == 204
    assert {(r.person, r.remark) for r in TrackReport.objects.all()} == {(ada, "It is Bo."), (None, "")}
    body = faces_of(client, token)
    assert (body["reported"], [person["reported"] for person in body["people"]]) == (True, [True, False])
    report(client, token, person=ada.pk, wrong=False)
    assert [r.person for r in TrackReport.objects.all()] == [None]
    assert submit(client, token).status_code == 201


def test_reports_about_strangers_are_refused(study: Study, client: Client) -> None:
    token = token_of(client, study)
    stranger = Person.objects.create(key="stranger", name="Stranger")
    assert report(client, token, person=stranger.pk).status_code == 422
    assert report(client, token, person="Ada").status_code == 422
    assert not TrackReport.objects.exists()


@pytest.mark.parametrize("what", ["faces", "curves", "reports"])
def test_a_token_is_worth_something_to_its_holder_alone(study: Study, client: Client, what: str) -> None:
    token = token_of(client, study)
    other = client_of(make_annotator(study))

    def ask(client: Client, token: str) -> int:
        method = "GET" if what == "faces" else "POST"
        path = f"/api/v1/slots/{token}/{what}"
        return client.generic(method, path, "{}", content_type="application/json").status_code

    assert (ask(other, token), ask(other, token[:-3])) == (403, 409)
    study.members.all().delete()
    assert ask(client, token) == 409


def test_asks_the_database_as_little_about_many_people_as_about_few(study: Study, client: Client) -> None:
    for clip in clips_of(study):
        make_analysis(clip, *people_of(study))
    token = token_of(client, study)
    with CaptureQueriesContext(connection) as queries:
        faces_of(client, token)
    assert len(queries) <= 8, [query["sql"] for query in queries]
