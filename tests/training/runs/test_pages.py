"""The pages of runs: started from a form, followed by curves, stopped, resumed, compared; for those who may."""

import json
import tomllib
from pathlib import Path

import pytest
from django.test import Client

from config.jobs.models import Job, JobState
from datasets.models import Release, ReleaseState
from tests.annotator.factories import make_user
from training.models import Run, RunState
from training.reward.config import Config, config_of
from training.services import run_begin, run_create, run_enqueue, run_finish

pytestmark = pytest.mark.django_db

METRICS = [
    {"stage": "teacher", "step": 0, "overall": 1.0, "loss": 1.5},
    {
        "stage": "teacher",
        "step": 4,
        "validation_loss": 0.9,
        "validation_accuracy": 0.75,
        "recipes": {"swap": [0.625, 8]},
    },
    {"stage": "teacher", "step": 4, "kept": 30, "automatic": 40},
    {"stage": "model", "step": 0, "overall": 0.5, "loss": 0.75},
]


def result(judge: str, name: str, value: float) -> dict:
    where = {"evaluation": "held-out people (test)", "split": "test", "seed": 0}
    return {
        "judge": judge,
        "name": name,
        "value": value,
        "low": value - 0.05,
        "high": value + 0.05,
        "n": 80,
        **where,
    }


RESULTS = [
    result(judge, name, value)
    for judge, value in (("identity", 0.875), ("mean similarity", 0.625))
    for name in ("accuracy", "accuracy with ties", "log loss")
]


@pytest.fixture
def user():
    return make_user("lead", is_lead=True)


@pytest.fixture
def lead(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def release(user, tmp_path) -> Release:
    return Release.objects.create(
        name="faces", version=3, format="likeness", state=ReleaseState.FROZEN,
        folder=str(tmp_path / "release"), created_by=user,
    )  # fmt: skip


@pytest.fixture
def run(user, release) -> Run:
    made = run_create(release_folder=Path(release.folder), config=Config(), name="First try", created_by=user)
    Path(made.folder).mkdir(parents=True)
    (Path(made.folder) / "metrics.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in METRICS) + '{"st'
    )
    return made


def finish(run: Run) -> None:
    (Path(run.folder) / "results.json").write_text(json.dumps({"results": RESULTS}))
    run_finish(run=run, state=RunState.FINISHED)


def form(release: Release, **values) -> dict:
    return {
        "release": release.pk,
        "preset": "reward_identity.toml",
        "strategy": "all",
        "seed": 4,
        "name": "",
        "holdout_recipes": "swap, drop",
        **values,
    }


def test_a_run_is_described_and_queued(lead, release, user):
    response = lead.post("/runs/new/", form(release))

    run = Run.objects.get()
    assert (response.status_code, response.headers["Location"]) == (302, f"/runs/{run.pk}/")
    assert (run.release, run.created_by, run.name) == (release, user, "faces v3")
    config = config_of(tomllib.loads(run.config))
    assert (config.training.strategy, config.training.seed) == ("all", 4)
    assert config.data.holdout_recipes == ("swap", "drop")
    assert Job.objects.get().queue == "training"


def test_a_form_that_makes_no_sense_says_why(lead, release):
    response = lead.post("/runs/new/", form(release, seed=-1))

    assert response.status_code == 422
    assert "greater than or equal to 0" in response.content.decode()
    assert not Run.objects.exists()


def test_a_release_that_another_lead_made_is_not_offered(lead, release):
    release.created_by = make_user("another", is_lead=True)
    release.save()

    assert "faces v3" not in lead.get("/runs/new/").content.decode()
    assert lead.post("/runs/new/", form(release)).status_code == 422


def test_a_run_shows_its_stages_with_curves(lead, run):
    run_begin(run=run)
    page = lead.get(f"/runs/{run.pk}/").content.decode()

    assert "kept 30 of 40 automatic rows" in page
    assert "75.0\N{NO-BREAK SPACE}%" in page
    assert "Share of copies by swap found worse" in page
    assert "62.5\N{NO-BREAK SPACE}%" in page
    assert page.count('class="learning"') == 4  # the model has not been validated yet
    assert 'hx-trigger="every 3s"' in page


def test_the_live_part_comes_alone_and_ends_with_the_run(lead, run):
    run_begin(run=run)
    fragment = lead.get(f"/runs/{run.pk}/", headers={"HX-Request": "true"})
    assert b"<html" not in fragment.content
    assert b'id="run-live"' in fragment.content

    finish(run)

    assert lead.get(f"/runs/{run.pk}/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_finished_run_shows_the_model_beside_the_baselines(lead, run):
    finish(run)
    page = lead.get(f"/runs/{run.pk}/").content.decode()

    assert page.index("<strong>identity</strong>") < page.index("mean similarity")
    assert "87.5\N{NO-BREAK SPACE}%" in page
    assert "82.5–92.5" in page


def test_a_failed_run_says_why_and_is_resumed(lead, run):
    run_finish(run=run, state=RunState.FAILED, error="The disk is full <here>.")
    assert "The disk is full &lt;here&gt;." in lead.get(f"/runs/{run.pk}/").content.decode()

    lead.post(f"/runs/{run.pk}/resume")

    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert run.job.state == JobState.QUEUED


def test_a_queued_run_is_cancelled_and_a_finished_one_is_left(lead, run):
    run_enqueue(run=run)
    lead.post(f"/runs/{run.pk}/cancel")
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED

    finish(run)
    assert "has ended by now" in lead.post(f"/runs/{run.pk}/cancel", follow=True).content.decode()
    assert "is finished" in lead.post(f"/runs/{run.pk}/resume", follow=True).content.decode()


def test_two_runs_are_compared_by_what_differs(lead, run, user, release):
    finish(run)
    other = run_create(
        release_folder=Path(release.folder), config=Config().with_values(["loss.routing=0"]), created_by=user
    )
    page = lead.get(f"/runs/{other.pk}/?with={run.pk}").content.decode()

    assert "<code>loss.routing</code>" in page
    assert "<code>loss.theta</code>" not in page
    assert "First try, no." in page
    assert lead.get(f"/runs/{other.pk}/?with=nonsense").status_code == 200


def test_the_list_has_every_run_of_the_leads_own(lead, run):
    run_create(
        release_folder=Path("elsewhere"),
        config=Config(),
        name="Secret",
        created_by=make_user("x", is_lead=True),
    )
    run_create(release_folder=Path("elsewhere"), config=Config(), name="By command")
    page = lead.get("/runs/").content.decode()

    assert "First try" in page
    assert "By command" in page
    assert "Secret" not in page
    assert lead.get("/runs/", headers={"HX-Request": "true"}).content.lstrip().startswith(b"<section")


def test_without_runs_the_list_says_how_to_begin(lead):
    assert "Start the first run" in lead.get("/runs/").content.decode()
