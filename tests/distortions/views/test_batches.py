from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from config.jobs.models import Job
from distortions.catalogue import CATALOGUE
from distortions.models import Batch, BatchState, Preview, ResultState
from distortions.services.previews import preview_create, strip_put
from tests.annotator.factories import make_user
from tests.datasets.factories import make_analysis, make_clip, make_person, make_reference
from tests.distortions.factories import make_batch, make_distortion, make_truth

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> Client:
    client = Client()
    client.force_login(make_user("lead", is_lead=True))
    return client


@pytest.fixture
def clip():
    clip = make_clip(make_person("Ada"), make_person("Ben"), prompt="Two friends")
    make_analysis(clip)
    return clip


def form(**values):
    """Return what a browser posts of the form as it comes, less the names of fields that say nothing."""
    weights = {f"recipe_{name}": 0 for name in CATALOGUE} | {f"severity_{s}": 1 for s in range(1, 6)}
    return {
        "name": "Some drifts", "count": 6, "controls_per_cent": 0, "tries": 2, "seed": 3, "longest_side": 640,
        "recipe_geometry_drift": 1, "schedule_linear": 1, "pair_clean": 1,
        **{name: value for name, value in weights.items() if name != "recipe_geometry_drift"},
        **values,
    }  # fmt: skip


def test_a_batch_is_described_and_started(lead, clip):
    response = lead.post("/batches/new/", form())
    batch = Batch.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/batches/{batch.pk}/")
    assert batch.created_by.username == "lead"
    assert batch.config["recipes"] == {"geometry_drift": 1.0}
    assert batch.distortions.count() == 6
    assert b"Some drifts" in lead.get(f"/batches/{batch.pk}/").content


def test_started_twice_it_is_one_batch_and_says_so(lead, clip):
    lead.post("/batches/new/", form())
    response = lead.post("/batches/new/", form(), follow=True)
    assert Batch.objects.count() == 1
    assert "was started before" in response.content.decode()


def test_a_form_that_makes_no_sense_says_why(lead, clip):
    response = lead.post("/batches/new/", form(recipe_geometry_drift=0))
    assert response.status_code == 422
    assert "No recipe has a weight" in response.content.decode()
    assert not Batch.objects.exists()


def test_without_clips_whose_faces_are_known_nothing_starts(lead):
    make_clip()
    response = lead.post("/batches/new/", form())
    assert response.status_code == 422
    assert "Its faces were not looked for yet" in response.content.decode()


def test_the_plan_is_shown_before_the_batch_has_a_name(lead, clip):
    response = lead.get("/batches/new/plan", form(name="", count=4000))
    assert response.status_code == 200
    page = response.content.decode()
    assert "Start the batch" in page
    assert "4,000" in page
    assert f'value="{clip.pk}" checked' in page


def test_donors_are_shown_with_what_is_known_of_their_consent(lead, clip):
    make_reference(make_person("Cleo", consent="Signed in May."))
    page = lead.get("/batches/new/").content.decode()
    assert "Cleo (Signed in May.)" in page


def test_a_preview_asks_a_worker_and_shows_what_comes(lead, clip):
    response = lead.post("/batches/new/preview", form(clip=clip.pk, severity=2))
    preview = Preview.objects.get()
    assert [strip.recipe for strip in preview.strips.all()] == ["geometry_drift"]
    assert (preview.clip, preview.severity) == (clip, 2)
    assert Job.objects.get(kind="distortion_preview").key == str(preview.pk)
    assert f'hx-get="/batches/previews/{preview.uid}/"' in response.content.decode()
    strip_put(strip=preview.strips.get(), sentence="The clip has no face.")
    page = lead.get(f"/batches/previews/{preview.uid}/").content.decode()
    assert "The clip has no face." in page
    assert "hx-get" not in page


def test_a_preview_needs_a_clip_whose_faces_are_known(lead):
    response = lead.post("/batches/new/preview", form(clip=make_clip().pk, severity=2))
    assert response.status_code == 422
    assert not Preview.objects.exists()


def test_old_previews_are_forgotten(lead, clip):
    old = preview_create(clip=clip, recipes=["swap"], severity=3)
    strip_put(strip=old.strips.get(), picture="distortions/previews/old/swap.jpg")
    Preview.objects.update(created_at=timezone.now() - timedelta(days=2))
    new = preview_create(clip=clip, recipes=["swap"], severity=3)
    assert list(Preview.objects.all()) == [new]
    assert Job.objects.get(kind="files_discard").params == {"names": ["distortions/previews/old/swap.jpg"]}


def test_a_running_batch_asks_for_itself_again(lead, clip):
    lead.post("/batches/new/", form())
    batch = Batch.objects.get()
    part = lead.get(f"/batches/{batch.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 3s"' in part
    assert "of 6 results" in part


def test_a_page_that_watched_a_batch_is_loaded_anew_at_its_end(lead):
    batch = make_batch(state=BatchState.FINISHED)
    response = lead.get(f"/batches/{batch.pk}/", headers={"HX-Request": "true"})
    assert response.headers["HX-Refresh"] == "true"
    assert "hx-get" not in lead.get(f"/batches/{batch.pk}/").content.decode()


@pytest.mark.parametrize(
    ("action", "state"), [("pause", BatchState.PAUSED), ("cancel", BatchState.CANCELLED)]
)
def test_a_batch_is_stopped(lead, clip, action, state):
    lead.post("/batches/new/", form())
    batch = Batch.objects.get()
    lead.post(f"/batches/{batch.pk}/{action}")
    batch.refresh_from_db()
    assert batch.state == state
    response = lead.post(f"/batches/{batch.pk}/resume", follow=True)
    batch.refresh_from_db()
    is_final = state == BatchState.CANCELLED
    assert batch.state == (BatchState.CANCELLED if is_final else BatchState.RUNNING)
    assert ("cancelled by now" in response.content.decode()) is is_final


def test_results_are_shown_by_state_and_recipe(lead):
    batch = make_batch(state=BatchState.FINISHED)
    make_distortion(batch, clip=make_clip())
    make_distortion(batch, recipe="swap", severity=3, state=ResultState.REFUSED, refused_for="seam")
    page = lead.get(f"/batches/{batch.pk}/?state=refused").content.decode()
    assert f"/batches/{batch.pk}/2/" in page
    assert 'id="result-1"' not in page
    assert "It does not look like film." in page


def test_a_result_shows_its_numbers_and_its_curve(lead):
    person = make_person("Ada")
    clip = make_clip(person)
    row = make_distortion(
        clip=clip,
        truth=make_truth(person.key, frames=48, params={"amount": 0.4}),
        curve={"frames": [0, 10, 47], "change": [0.0, 0.31, None]},
        tries=[
            {"seed": 8, "passed": True, "similarity": 0.8, "sentences": [], "checks": [
                {"name": "change", "value": 0.31, "passed": True, "sentence": ""},
                {"name": "correlation", "value": None, "passed": True, "sentence": ""},
            ]}
        ],
    )  # fmt: skip
    page = lead.get(f"/batches/{row.batch_id}/{row.number}/").content.decode()
    assert "Ada" in page
    assert "change of the face" in page
    assert "does not apply" in page
    assert 'class="curve"' in page
    assert 'data-go="5"' in page
    assert f"/library/{clip.pk}/playback.mp4" in page


def test_a_result_that_was_refused_has_no_player(lead):
    row = make_distortion(state=ResultState.REFUSED, refused_for="donor", tries=[
        {"seed": 8, "passed": False, "stopped": "donor", "checks": [], "sentences": ["None of 6 donors fits."]}
    ])  # fmt: skip
    page = lead.get(f"/batches/{row.batch_id}/{row.number}/").content.decode()
    assert "None of 6 donors fits." in page
    assert "data-compare" not in page
