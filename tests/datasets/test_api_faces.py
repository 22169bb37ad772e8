"""The faces of clips over the API: for leads alone, machine and lead apart, at a fixed number of queries."""

import pytest

from datasets.services.analysis import track_correct
from tests.datasets.factories import make_analysis, make_clip, make_person

pytestmark = pytest.mark.django_db

URL = "/api/v1/tracks"


def test_a_lead_reads_the_faces_of_a_clip(lead_client, lead) -> None:
    ada = make_person("Ada")
    clip = make_clip(ada)
    analysis = make_analysis(clip, None)
    track_correct(track=analysis.face_tracks.get(number=0), person=None, by=lead)
    read = lead_client.get(f"{URL}/{clip.pk}").json()
    assert (read["clip"], read["state"], read["score"]) == (clip.pk, "ready", 0.8)
    said = [(face["person"], face["machine_person"], face["is_corrected"]) for face in read["face_tracks"]]
    assert said == [(None, ada.key, True), (None, None, False)]
    (kept,) = read["identity_tracks"]
    assert (kept["person"], kept["threshold"], kept["curve"]["own"]) == (ada.key, 0.36, [0.8, 0.8])


def test_for_others_there_are_none(outsider_client, client) -> None:
    clip = make_clip()
    make_analysis(clip, None)
    assert outsider_client.get(URL).json()["results"] == []
    assert outsider_client.get(f"{URL}/{clip.pk}").status_code == 404
    assert client.get(f"{URL}/{clip.pk}").status_code == 403


@pytest.mark.parametrize("clip", ["0", "x", 10**30])
def test_a_clip_without_faces_is_not_there(lead_client, clip) -> None:
    assert lead_client.get(f"{URL}/{clip}").status_code == 404


def test_many_clips_cost_no_more_queries_than_one(lead_client, django_assert_max_num_queries) -> None:
    ada = make_person("Ada")
    wanted = [make_clip(ada) for _ in range(9)]
    for clip in wanted:
        make_analysis(clip, None)
    make_analysis(make_clip(make_person("Bo")))
    with django_assert_max_num_queries(9):
        read = lead_client.get(f"{URL}?clip__subjects__key={ada.key}").json()["results"]
    assert {each["clip"] for each in read} == {clip.pk for clip in wanted}


@pytest.mark.parametrize("clip", ["0", "x", 10**30])
def test_a_filter_that_names_no_clip_is_refused(lead_client, clip) -> None:
    assert lead_client.get(f"{URL}?clip={clip}").status_code == 422
