"""A clip's faces in its page: states, corrections by a lead alone, the search in one clip and in many."""

import json

import pytest
from django.urls import reverse

from config.jobs.models import Job, JobState
from datasets.models import FaceTrack, TrackCorrection
from datasets.services.analysis import analysis_fail, clips_analyse_later
from tests.datasets.factories import make_analysis, make_clip, make_person

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ada():
    return make_person("Ada")


@pytest.fixture
def clip(ada):
    clip = make_clip(ada)
    make_analysis(clip, None)
    return clip


def url(name: str, *args) -> str:
    return reverse(f"datasets:{name}", args=args)


def face(number: int) -> FaceTrack:
    return FaceTrack.objects.get(number=number)


def test_outsiders_get_404_and_change_nothing(outsider_client, clip) -> None:
    for name in ("clip-faces", "clip-overlay", "clip-strips"):
        assert outsider_client.get(url(name, clip.pk)).status_code == 404
    assert outsider_client.post(url("clip-faces-find", clip.pk)).status_code == 404
    assert outsider_client.post(url("face-correct", clip.pk, 1)).status_code == 404
    assert outsider_client.post(url("face-take-back", clip.pk, 1)).status_code == 404
    assert outsider_client.post(url("clips-faces-find")).status_code == 404
    assert not Job.objects.exists()
    assert not TrackCorrection.objects.exists()


def test_the_page_and_the_fragment_show_the_lanes(lead_client, clip) -> None:
    page = lead_client.get(url("clip", clip.pk)).content.decode()
    part = lead_client.get(url("clip-faces", clip.pk), headers=HTMX).content.decode()
    for text in (page, part):
        assert 'data-name="Ada"' in text
        assert "Face 1: Ada, frames 0 to 47; similarity 0.80" in text
        assert "How well each face is kept" in text
        assert "YuNet and SFace" in text
    assert "<html" in page
    assert "<html" not in part


def test_the_page_costs_few_queries(lead_client, clip, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(19):
        lead_client.get(url("clip", clip.pk))


def test_a_face_is_said_to_be_nobodys_and_the_machines_answer_stays(lead_client, lead, clip) -> None:
    reply = lead_client.post(url("face-correct", clip.pk, 0), {"person": ""}, headers=HTMX)
    assert reply.status_code == 200
    text = reply.content.decode()
    assert "Matching again" in text
    assert "machine: Ada" in text
    assert (face(0).person, face(0).machine_person.name, face(0).correction.by) == (None, "Ada", lead)
    assert Job.objects.get().params == {"clip": clip.pk}

    text = lead_client.post(url("face-take-back", clip.pk, 0), headers=HTMX).content.decode()
    assert "machine: Ada" not in text
    assert face(0).person.name == "Ada"
    assert not TrackCorrection.objects.exists()


def test_what_cannot_be_is_said_in_a_sentence(lead_client, clip, ada) -> None:
    cem = make_person("Cem")
    reply = lead_client.post(url("face-correct", clip.pk, 1), {"person": cem.key}, headers=HTMX)
    assert reply.status_code == 422
    assert "Cem is not among the people of this clip" in reply.content.decode()
    lead_client.post(url("face-correct", clip.pk, 0), {"person": ada.key}, headers=HTMX)
    reply = lead_client.post(url("face-correct", clip.pk, 1), {"person": ada.key}, headers=HTMX)
    assert reply.status_code == 422
    assert "Another face is Ada at the same time" in reply.content.decode()
    assert face(1).person is None


@pytest.mark.parametrize(("number", "person"), [(9, ""), (0, "nobody-of-that-key")])
def test_no_such_face_and_no_such_person(lead_client, clip, number, person) -> None:
    assert lead_client.post(url("face-correct", clip.pk, number), {"person": person}).status_code == 404
    assert not TrackCorrection.objects.exists()


def test_the_part_is_sent_when_the_job_has_moved_on_and_not_before(lead_client, clip) -> None:
    clips_analyse_later(clip_ids=[clip.pk])
    ask = f"{url('clip-faces', clip.pk)}?job="
    assert lead_client.get(f"{ask}queued", headers=HTMX).status_code == 204
    Job.objects.update(state=JobState.SUCCEEDED)
    done = lead_client.get(f"{ask}queued", headers=HTMX)
    assert done.status_code == 200
    assert "hx-trigger" not in done.content.decode()


def test_a_clip_that_nobody_looked_at_offers_to(lead_client, settings) -> None:
    settings.ANALYSE_CLIPS = True
    clip = make_clip()
    assert "Find faces" in lead_client.get(url("clip", clip.pk)).content.decode()
    reply = lead_client.post(url("clip-faces-find", clip.pk), headers=HTMX)
    assert "waiting for a worker" in reply.content.decode()
    assert lead_client.post(url("clip-faces-find", clip.pk))["Location"] == url("clip", clip.pk)
    assert Job.objects.filter(kind="clip_analyse").count() == 1


def test_a_site_without_vision_says_so(lead_client, settings) -> None:
    settings.ANALYSE_CLIPS = False
    assert "requirements/vision.txt" in lead_client.get(url("clip", make_clip().pk)).content.decode()


def test_a_failed_search_says_why(lead_client) -> None:
    clip = make_clip()
    analysis_fail(clip=clip, backend="", error="The playback copy is gone.")
    text = lead_client.get(url("clip", clip.pk)).content.decode()
    assert "The playback copy is gone." in text
    assert "Look again" in text


def test_an_analysis_with_subjects_that_could_not_be_looked_for(lead_client) -> None:
    clip = make_clip(make_person("Ada"))
    analysis = make_analysis(
        clip, strips_file="", notes=["Ada cannot be looked for: there is no usable reference."]
    )
    analysis.identity_tracks.all().delete()
    text = lead_client.get(url("clip", clip.pk)).content.decode()
    assert "Ada cannot be looked for" in text
    assert "Not looked for" in text
    assert lead_client.get(url("clip-strips", clip.pk)).status_code == 404


def test_boxes_come_as_json(lead_client, clip) -> None:
    reply = lead_client.get(url("clip-overlay", clip.pk))
    overlay = json.loads(reply.getvalue())
    assert (reply["Content-Type"], len(overlay["tracks"])) == ("application/json", 2)


def test_names_are_escaped(lead_client) -> None:
    clip = make_clip(make_person('<b>"Ada"</b>'))
    make_analysis(clip)
    assert '<b>"Ada"' not in lead_client.get(url("clip", clip.pk)).content.decode()
