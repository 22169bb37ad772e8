"""Policies as runs: refused with a sentence before they start, followed on their page, clips of them for a study."""

import shutil
import tomllib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from config.jobs.services import job_cancel
from datasets.models import Clip, Pair
from tests.annotator.factories import make_user
from tests.training.factories import finish_policy, make_policy
from tests.training.toys import TINY_POLICY, make_release, make_toy
from training import child, views
from training.generating import NotGenerated, policy_named
from training.models import Run, RunKind, RunState
from training.reward.config import Config
from training.services import CLIPS_ALREADY, run_begin, run_create, run_finish

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def toy(once) -> Path:
    return once("toy", make_toy)


@pytest.fixture(scope="module")
def release(once, toy) -> Path:
    return once("toy-release", lambda folder: make_release(toy, folder / "release")) / "release"


@pytest.fixture(scope="module")
def tuned(once, toy, release) -> Path:
    """The folder of a finished run."""

    def make(folder: Path) -> None:
        from training.grpo.__main__ import main

        (folder / "tiny.toml").write_text(TINY_POLICY)
        arguments = ["--config", folder / "tiny.toml", "--toy", toy, "--release", release]
        assert main([str(each) for each in (folder / "run", *arguments)]) == 0

    return once("toy-policy", make) / "run"


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY_POLICY)
    return path


@pytest.fixture
def user():
    return make_user("lead", is_lead=True)


@pytest.fixture
def lead(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def run(user, tmp_path) -> Run:
    return make_policy(user, tmp_path)


def test_what_cannot_be_tuned_is_said_before_anything_starts(tmp_path, release, toy, config):
    (tmp_path / "odd.toml").write_text("updates = 2\n[sampler]\nstep = 3\n")
    fitting = {"config": config, "toy": toy}
    for arguments, options, sentence in (
        (["nobody"], fitting, "There is no release nobody"),
        ([str(release)], {**fitting, "resume": True}, "--resume needs the run's folder"),
        ([str(release)], {**fitting, "reward": tmp_path / "none"}, "There is no reward model in"),
        ([str(release)], {"config": tmp_path / "none.toml"}, "cannot be read"),
        ([str(release)], {"config": tmp_path / "odd.toml"}, "sampler.step is not a setting"),
    ):
        with pytest.raises(CommandError, match=sentence) as refused:
            call_command("train_policy", *arguments, **options)
        assert refused.value.returncode == 2
    assert not Run.objects.exists()


def test_a_detached_run_waits_for_a_worker_and_is_found_again(tmp_path, release, toy, config):
    options = {"config": config, "toy": toy, "out": tmp_path / "run", "detach": True}
    call_command("train_policy", str(release), **options)

    run = Run.objects.get()
    assert (run.kind, run.state, run.generator_folder) == (RunKind.POLICY, RunState.QUEUED, str(toy))
    assert (run.job.kind, run.job.queue) == ("policy_train", "training")
    with pytest.raises(CommandError, match="under way"):
        call_command("train_policy", str(release), **options, resume=True)
    job_cancel(job=Job.objects.get())
    Run.objects.update(state=RunState.CANCELLED)
    with pytest.raises(CommandError, match="another configuration or release"):
        call_command("train_policy", str(release), **{**options, "toy": tmp_path}, resume=True)


@pytest.mark.slow
@pytest.mark.one_database
def test_a_cancelled_run_goes_on_to_the_same_weights(tmp_path, release, toy, config, tuned, monkeypatch):
    """The run that went straight on and the one that was stopped end with the same bytes."""
    import torch

    stopped = tmp_path / "stopped"
    call_command("train_policy", str(release), config=config, toy=toy, out=stopped, detach=True)
    monkeypatch.setattr(child, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(child, "where_is", cancel_after_an_update)
    run_jobs(queue="training")
    monkeypatch.undo()
    assert Run.objects.get().state == RunState.CANCELLED
    assert (stopped / "last.pt").is_file()
    assert not (stopped / "results.json").exists()

    call_command("train_policy", str(release), config=config, toy=toy, out=stopped, resume=True)

    assert Run.objects.get().state == RunState.FINISHED
    one, other = (torch.load(each / "last.pt", weights_only=True) for each in (tuned, stopped))
    assert all(torch.equal(one["weights"][name], other["weights"][name]) for name in one["weights"])
    assert (tuned / "results.json").read_bytes() == (stopped / "results.json").read_bytes()


def cancel_after_an_update(folder: Path) -> child.Where:
    """Say where a run is, and ask for its end once it has written something down."""
    if (folder / "last.pt").is_file():
        job_cancel(job=Job.objects.get(kind="policy_train"))
    return child.Where("policy", 1)


def test_a_policys_page_has_curves_guards_and_clips_of_base_and_now(lead, run):
    run_begin(run=run)
    page = lead.get(f"/runs/{run.pk}/").content.decode()

    assert "Tunes a generator on the people of a folder, rewarded by plain similarity" in page
    assert page.count('class="learning"') == 3  # KL was not a number
    assert "0.100 → <strong>0.300</strong>" in page
    assert "2 of 2 · 3 groups skipped" in page
    assert f"/runs/{run.pk}/sheets/2.png" in page
    assert 'hx-trigger="every 3s"' in page
    assert "Generate clips" not in page
    sheet = lead.get(f"/runs/{run.pk}/sheets/2.png")
    assert (sheet.headers["Content-Type"], sheet.content[:4]) == ("image/png", b"\x89PNG")
    assert lead.get(f"/runs/{run.pk}/sheets/1.png").status_code == 404


def test_a_guard_that_stopped_a_run_is_named(lead, run):
    (Path(run.folder) / "stopped.txt").write_text("motion fell from 0.05 to 0.01\n")
    assert (
        "A guard stopped it: motion fell from 0.05 to 0.01." in lead.get(f"/runs/{run.pk}/").content.decode()
    )


def test_a_finished_policy_shows_what_the_judge_says(lead, run):
    finish_policy(run)
    page = lead.get(f"/runs/{run.pk}/").content.decode()

    assert "On people whom no training saw" in page
    assert "0.400 to 0.600" in page
    assert "won of decided" in page
    assert "forgives an exchange of two people" in page


def test_a_policy_is_described_on_a_finished_reward_model_and_takes_its_release(lead, user, tmp_path):
    reward = run_create(release_folder=tmp_path / "release", config=Config(), created_by=user)
    form = {"reward": reward.pk, "method": "nft_toy.toml", "updates": 7, "seed": 3}
    assert lead.post("/runs/new/policy/", form).status_code == 422  # it is not finished
    Run.objects.update(state=RunState.FINISHED)
    assert f"/runs/new/policy/?reward={reward.pk}" in lead.get(f"/runs/{reward.pk}/").content.decode()
    assert (
        f'value="{reward.pk}" selected' in lead.get(f"/runs/new/policy/?reward={reward.pk}").content.decode()
    )

    lead.post("/runs/new/policy/", form)

    run = Run.objects.get(kind=RunKind.POLICY)
    assert (run.release_folder, run.reward_folder) == (reward.release_folder, reward.folder)
    config = tomllib.loads(run.config)
    assert (config["updates"], config["seed"], config["objective"]["method"]) == (7, 3, "nft")
    assert Job.objects.get().kind == "policy_train"


def test_clips_are_asked_for_once_at_a_time_and_of_a_finished_policy_alone(lead, run):
    assert "whose run is finished" in lead.post(f"/runs/{run.pk}/clips", follow=True).content.decode()
    finish_policy(run)
    lead.post(f"/runs/{run.pk}/clips")
    assert Job.objects.get().params == {"run": run.pk, "prompts": 24, "seeds": 2}
    assert CLIPS_ALREADY in lead.post(f"/runs/{run.pk}/clips", follow=True).content.decode()


@pytest.mark.slow
@pytest.mark.one_database
def test_clips_of_base_and_policy_become_pairs_that_a_study_can_be_made_of(
    lead, user, tmp_path, release, toy, tuned, monkeypatch
):
    run = run_create(
        kind=RunKind.POLICY, release_folder=release, config=TINY_POLICY, generator_folder=toy,
        folder=tmp_path / "run", created_by=user,
    )  # fmt: skip
    shutil.copytree(tuned, run.folder)
    run_begin(run=run)
    run_finish(run=run, state=RunState.FINISHED)
    monkeypatch.setattr(views, "BLIND_PROMPTS", 2)
    monkeypatch.setattr(views, "BLIND_SEEDS", 1)
    lead.post(f"/runs/{run.pk}/clips")
    run_jobs(queue="training")

    job = Job.objects.get(kind="policy_clips")
    assert (job.state, job.result["problems"]) == (JobState.SUCCEEDED, [])
    assert Pair.objects.count() == job.result["pairs"] == 2
    assert {clip.generator for clip in Clip.objects.all()} == {"toy base", f"toy run-{run.pk}"}
    page = lead.get(f"/runs/{run.pk}/").content.decode()
    assert "2 pairs are in the library" in page
    link = f"/studies/new/?generators=toy%20base&amp;generators=toy%20run-{run.pk}&amp;name="
    assert link in page
    form = lead.get(link.replace("&amp;", "&") + "Which%3F").content.decode()
    assert 'value="Which?"' in form


def test_a_policy_is_named_by_number_folder_or_base(run, tmp_path):
    assert policy_named("base") == ("base", None)
    assert policy_named(str(run.pk)) == (f"run-{run.pk}={run.folder}", tmp_path / "toy")
    for wrong in ("999", str(tmp_path)):
        with pytest.raises(NotGenerated):
            policy_named(wrong)


def test_a_study_needs_two_policies(tmp_path, toy, release):
    with pytest.raises(CommandError, match="give two policies or more"):
        call_command("generate", toy=toy, out=tmp_path / "out", prompts=str(release), ab_study="blind")
