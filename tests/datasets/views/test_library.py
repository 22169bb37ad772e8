"""The library's grid: filtered by its URL, paged, for leads alone."""

import pytest
from django.urls import reverse

from config.jobs.models import Job
from datasets.models import Clip, ClipAnalysis, ClipState, FaceTrack
from datasets.services.analysis import analysis_fail
from tests.datasets.factories import make_analysis, make_clip, make_person

pytestmark = pytest.mark.django_db

URL = "/library/"
HTMX = {"HX-Request": "true"}


def shown(response) -> set[int]:
    return {clip.pk for clip in response.context["page"]}


@pytest.mark.parametrize(
    "name",
    ["datasets:clips", "datasets:upload", "datasets:people", "jobs:jobs"],
)
def test_only_leads_see_it(name: str, client, outsider_client, lead_client) -> None:
    url = reverse(name)
    assert lead_client.get(url).status_code == 200
    assert outsider_client.get(url).status_code == 404
    assert client.get(url).status_code == 302


def test_an_empty_library_says_what_to_do(lead_client) -> None:
    assert b"No clips yet" in lead_client.get(URL).content


def test_each_filter_narrows_it(lead_client) -> None:
    jo = make_person("Jo")
    vace = make_clip(jo, generator="vace", prompt="They dance in the rain.")
    real = make_clip(origin="real", source_name="holiday.mov")
    refused = make_clip(state=ClipState.REFUSED, refusal="It is no video.", poster_file="")
    make_clip(state=ClipState.REMOVED, file="", playback_file="", poster_file="", filmstrip_file="")
    assert shown(lead_client.get(URL)) == {vace.pk, real.pk, refused.pk}
    for query, expected in [
        (f"person={jo.key}", {vace.pk}),
        ("generator=vace", {vace.pk}),
        ("origin=real", {real.pk}),
        ("state=refused", {refused.pk}),
        ("text=DANCE", {vace.pk}),
        ("text=holiday", {real.pk}),
        (f"text={real.sha256[:10]}", {real.pk}),
        ("generator=vace&origin=real", set()),
    ]:
        assert shown(lead_client.get(f"{URL}?{query}")) == expected, query


@pytest.mark.parametrize(
    "query",
    ["person=nobody", "generator=none", "state=odd", "page=x", "page=99", "page=-1", "text=%00", "text=%ff"],
)
def test_a_filter_that_is_none_is_no_error(lead_client, query: str) -> None:
    make_clip()
    assert lead_client.get(f"{URL}?{query}").status_code == 200


def test_htmx_gets_the_grid_alone(lead_client) -> None:
    clip = make_clip(generator="vace")
    whole, part = lead_client.get(URL), lead_client.get(URL, headers=HTMX)
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert shown(part) == {clip.pk}


def test_a_page_of_many_clips_costs_few_queries(lead_client, django_assert_max_num_queries) -> None:
    people = [make_person() for _ in range(3)]
    for _ in range(70):
        make_clip(*people)
    with django_assert_max_num_queries(9):
        response = lead_client.get(f"{URL}?text=mp4")
    assert len(shown(response)) == 60
    assert b"page=2&amp;text=mp4" in response.content or b"text=mp4&amp;page=2" in response.content
    assert len(shown(lead_client.get(f"{URL}?text=mp4&page=2"))) == 10


def test_it_asks_again_while_clips_are_prepared(lead_client) -> None:
    make_clip()
    assert b"every 3s" not in lead_client.get(URL).content
    make_clip(state=ClipState.PENDING)
    assert b"every 3s" in lead_client.get(URL).content


def test_the_filter_knows_what_was_found_of_faces(lead_client) -> None:
    jo = make_person("Jo")
    found, empty, missing, failed, new = (make_clip(jo) for _ in range(5))
    make_analysis(found)
    make_analysis(empty).face_tracks.all().delete()
    make_analysis(missing).face_tracks.update(person=None)
    analysis_fail(clip=failed, backend="", error="Not a video.")
    pending = make_clip(state=ClipState.PENDING, playback_file="", poster_file="", frames=None)
    for value, expected in [
        ("found", {found.pk, missing.pk}),
        ("none", {empty.pk}),
        ("missing", {missing.pk, empty.pk}),
        ("failed", {failed.pk}),
        ("new", {new.pk}),
        ("", {found.pk, empty.pk, missing.pk, failed.pk, new.pk, pending.pk}),
    ]:
        assert shown(lead_client.get(f"{URL}?faces={value}")) == expected, value


def test_cards_say_calmly_what_was_found(lead_client) -> None:
    jo = make_person("Jo")
    make_analysis(make_clip(jo), score=0.71)
    assert "0.71" in lead_client.get(URL).content.decode()
    FaceTrack.objects.update(person=None)
    assert "1 missing" in lead_client.get(URL).content.decode()
    FaceTrack.objects.all().delete()
    ClipAnalysis.objects.update(score=None)
    Clip.objects.get().clip_subjects.all().delete()
    assert "no face" in lead_client.get(URL).content.decode()


def test_the_cards_of_many_analysed_clips_cost_no_more_queries(
    lead_client, django_assert_max_num_queries
) -> None:
    jo = make_person("Jo")
    for _ in range(20):
        make_analysis(make_clip(jo), None)
    with django_assert_max_num_queries(13):
        lead_client.get(URL)


def test_faces_are_looked_for_in_the_clips_that_the_filter_shows(lead_client, lead) -> None:
    wanted = [make_clip(generator="vace").pk for _ in range(3)]
    make_clip(generator="phantom")
    make_clip(generator="vace", state=ClipState.REFUSED, refusal="No.")
    page = lead_client.get(f"{URL}?generator=vace&page=1").content.decode()
    assert "Find faces in these 3 clips" in page
    assert 'action="/library/faces?generator=vace"' in page
    reply = lead_client.post("/library/faces?generator=vace", {"again": "on"})
    job = Job.objects.get()
    assert reply["Location"] == reverse("jobs:job", args=[job.uid])
    assert job.params == {"clips": wanted, "backend": "", "again": True}
    assert (job.created_by, job.progress_total, job.label) == (lead, 3, "3 clips of the library")


def test_no_job_for_no_clip(lead_client) -> None:
    make_clip(state=ClipState.REFUSED, refusal="No.")
    assert b"Find faces in" not in lead_client.get(URL).content
    assert lead_client.post("/library/faces")["Location"] == URL
    assert not Job.objects.exists()
