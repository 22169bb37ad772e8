"""The command and the worker, each with a real child process."""

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from config.jobs.models import Job, JobState
from config.jobs.runner import run_jobs
from config.jobs.services import job_cancel
from training import child
from training.models import Run, RunState
from training.reward.errors import RewardError
from training.reward.process import folder_locked
from training.services import run_create, run_enqueue

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_S = 300

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_the_command_trains_and_leaves_a_model(simulated, configured, tmp_path):
    out = tmp_path / "run"
    call_command("train_reward", str(simulated), config=configured, out=out)

    run = Run.objects.get()
    assert (run.state, Path(run.folder)) == (RunState.FINISHED, out)
    assert {"accuracy", "log loss"} <= {row["name"] for row in run.results}
    assert (out / "model" / "model.safetensors").is_file()


def test_what_cannot_be_trained_on_is_said_before_anything_starts(tmp_path, simulated):
    for arguments, sentence in (
        (["nobody"], "There is no release nobody"),
        ([str(simulated), "--resume"], "--resume needs the run's folder"),
        ([str(simulated), "--set", "loss.theta=0"], "loss.theta is more than 1"),
        ([str(simulated), "--config", str(tmp_path / "none.toml")], "cannot be read"),
    ):
        with pytest.raises(CommandError, match=sentence) as refused:
            call_command("train_reward", *arguments)
        assert refused.value.returncode == 2
    assert not Run.objects.exists()


def test_without_torch_a_run_says_what_is_missing(simulated, monkeypatch):
    monkeypatch.setattr("training.work.find_spec", lambda name: None)

    with pytest.raises(CommandError, match=r"needs torch, .* pip install -r requirements/training.txt"):
        call_command("train_reward", str(simulated))

    assert Run.objects.get().state == RunState.FAILED


def test_detached_it_is_left_to_the_workers(simulated, configured, capsys):
    call_command("train_reward", str(simulated), "--config", str(configured), "--detach")

    assert Job.objects.get().state == JobState.QUEUED
    assert "is queued; its folder is" in capsys.readouterr().out


@pytest.mark.slow
def test_a_worker_says_what_the_child_refused(tmp_path, tiny):
    (tmp_path / "empty").mkdir()
    run = run_create(release_folder=tmp_path / "empty", config=tiny)
    run_enqueue(run=run)

    run_jobs(queue="training")

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "is not a release: it has no release.json" in run.error
    assert Job.objects.get().error == run.error


@pytest.mark.slow
def test_a_cancelled_job_ends_its_child_and_can_be_resumed(simulated, tiny, monkeypatch):
    monkeypatch.setattr(child, "BEAT_SECONDS", 0.2)
    config = tiny.with_values(["training.steps=100000", "training.patience=100000"])
    run = run_create(release_folder=simulated, config=config)
    run_enqueue(run=run)
    where_is = child.where_is

    def cancel_after_a_step(folder):
        where = where_is(folder)
        if where.step > 4:
            job_cancel(job=Job.objects.get())
        return where

    monkeypatch.setattr(child, "where_is", cancel_after_a_step)
    run_jobs(queue="training")

    run.refresh_from_db()
    assert (run.state, run.stage) == (RunState.CANCELLED, "model")
    assert run.step > 4
    assert Job.objects.get().state == JobState.CANCELLED
    assert not [p for p in psutil.Process().children() if "training.reward.train" in " ".join(p.cmdline())]
    assert (Path(run.folder) / "checkpoint.pt").is_file()


@pytest.mark.slow
def test_a_child_ends_when_its_worker_is_killed(simulated, configured, tmp_path):
    command = [sys.executable, "-m", "training.reward.train", str(simulated), "--config", str(configured)]
    command += ["--out", str(tmp_path / "run"), "--tied", "--set", "training.steps=100000"]
    command += ["--set", "training.patience=100000"]
    parent = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({command!r}, stderr=subprocess.DEVNULL)"],
        cwd=ROOT,
    )
    until = time.monotonic() + PATIENCE_S
    while not (tmp_path / "run" / "checkpoint.pt").exists() and time.monotonic() < until:
        time.sleep(0.05)
    started = psutil.Process(parent.pid).children()
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()

    gone, alive = psutil.wait_procs(started, timeout=PATIENCE_S)

    assert gone
    assert not alive


def test_a_folder_is_one_process_at_a_time(tmp_path):
    with (
        folder_locked(tmp_path),
        pytest.raises(RewardError, match="Another process trains in"),
        folder_locked(tmp_path),
    ):
        pass


def test_where_a_run_is_stands_in_its_last_whole_line(tmp_path):
    assert child.where_is(tmp_path) == ("", 0)
    lines = [json.dumps({"stage": "teacher", "step": step}) for step in range(400)]
    (tmp_path / "metrics.jsonl").write_text("\n".join(lines) + '\n{"stage": "mo')

    assert child.where_is(tmp_path) == ("teacher", 399)


def test_a_child_gets_none_of_the_sites_secrets(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setenv("DATABASE_URL", "y")

    assert not {"SECRET_KEY", "DATABASE_URL"} & child._environment().keys()
    assert "PATH" in child._environment()


def test_the_reward_that_looks_at_pictures_is_another_module_with_the_same_command(tmp_path):
    out, config = tmp_path / "run", ROOT / "training/configs/reward_vlm.toml"
    call_command("train_reward", str(tmp_path), config=config, values=["steps=7"], out=out, detach=True)

    run = Run.objects.get()
    assert tomllib.loads(run.config)["vlm"]["steps"] == 7
    command = child._reward_command(run, out, out / "wanted.toml")
    assert command[1:3] == ["-m", "training.reward.vlm.train"]
