"""A run: the same twice, the same when it is killed and resumed, stopped with a sentence when it cannot go on."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.reward import train as command
from training.reward.checkpoint import NAME, checkpoint_read
from training.reward.checks import check_disk
from training.reward.config import toml_text
from training.reward.errors import BadConfig, BadModel, RewardError, TrainingStopped
from training.reward.stages import agreed
from training.reward.training import METRICS, Trainer

ROOT = Path(__file__).resolve().parents[3]
# Only ends a test that would never end.
PATIENCE_S = 300


def trained(corpus, config, folder, **options):
    folder.mkdir(exist_ok=True)
    return Trainer(corpus, config, folder).run(**options)


def same_weights(first, second) -> bool:
    a, b = first.state_dict(), second.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def smooth(tiny):
    return tiny.with_values(["training.strategy='smooth'"])


@pytest.fixture(scope="module")
def whole(corpus, smooth, tmp_path_factory):
    """A run of both stages that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, trained(corpus, smooth, folder)


def test_the_same_seed_gives_the_same_weights_and_another_does_not(corpus, tiny, tmp_path):
    first = trained(corpus, tiny, tmp_path / "first")
    again = trained(corpus, tiny, tmp_path / "again")
    other = trained(corpus, tiny.with_values(["training.seed=1"]), tmp_path / "other")

    assert same_weights(first.network, again.network)
    assert not same_weights(first.network, other.network)


@pytest.mark.parametrize("steps_done", [1, 5, 6, 11])
def test_a_run_that_was_interrupted_ends_with_the_same_weights(corpus, smooth, whole, tmp_path, steps_done):
    class Interrupted(Exception):
        pass

    seen = []

    def interrupt(stage, step, steps, loss):
        seen.append(step)
        if len(seen) == steps_done:
            raise Interrupted

    with pytest.raises(Interrupted):
        trained(corpus, smooth, tmp_path, on_step=interrupt)
    resumed = trained(corpus, smooth, tmp_path, resume=True)

    folder, undisturbed = whole
    assert same_weights(resumed.network, undisturbed.network)
    assert (tmp_path / METRICS).read_text() == (folder / METRICS).read_text()


@pytest.mark.slow
def test_a_process_that_is_killed_and_resumed_writes_the_same_model(simulated, tiny, tmp_path):
    """Killed with -9 wherever it happens to be once it has a checkpoint, of both stages and with dropout."""
    config = tiny.with_values(
        ["training.strategy='smooth'", "training.teacher_steps=40", "training.steps=60"]
    )
    (tmp_path / "config.toml").write_text(toml_text(config.as_dict()))
    killed, undisturbed = tmp_path / "killed", tmp_path / "undisturbed"

    def start(out: Path, *more: str) -> subprocess.Popen[bytes]:
        arguments = [
            str(simulated),
            "--config",
            str(tmp_path / "config.toml"),
            "--out",
            str(out),
            "--unverified",
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "training.reward.train", *arguments, *more],
            cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip

    process = start(killed)
    until = time.monotonic() + PATIENCE_S
    while not (killed / NAME).exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL, "It ended before it could be killed: give it more steps."
    assert not (killed / "model").exists()
    for run, more in ((killed, ["--resume"]), (undisturbed, [])):
        _, said = (process := start(run, *more)).communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, said.decode()

    weights = [(run / "model" / "model.safetensors").read_bytes() for run in (killed, undisturbed)]
    assert weights[0] == weights[1]
    assert (killed / METRICS).read_text() == (undisturbed / METRICS).read_text()


def test_training_lowers_the_loss(corpus, tiny, tmp_path):
    trained(corpus, tiny.with_values(["training.steps=60", "training.warmup=5"]), tmp_path)

    lines = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    losses = [line["overall"] for line in lines if "overall" in line]
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.1


def test_every_loss_can_be_switched_off(corpus, tiny, tmp_path):
    for name in ("person", "localisation", "routing"):
        trained(corpus, tiny.with_values([f"loss.{name}=0", "training.steps=1"]), tmp_path / name)
        line = json.loads((tmp_path / name / METRICS).read_text().splitlines()[0])
        assert name not in line
        assert {"overall", "loss"} <= line.keys()


def test_preservation_and_the_other_kinds_of_routing(corpus, tiny, tmp_path):
    for kind in ("mse", "none"):
        values = [f"loss.routing_kind='{kind}'", "loss.preservation=0.5", "training.steps=1"]
        trained(corpus, tiny.with_values(values), tmp_path / kind)
        line = json.loads((tmp_path / kind / METRICS).read_text().splitlines()[0])
        assert line["preservation"] > 0
        assert ("routing" in line) == (kind == "mse")


def test_theta_is_learned_on_request(corpus, tiny, tmp_path):
    learned = trained(corpus, tiny.with_values(["loss.learn_theta=true"]), tmp_path / "learned")
    fixed = trained(corpus, tiny, tmp_path / "fixed")

    assert float(fixed.objective.log_theta.detach().exp()) == pytest.approx(5)
    assert float(learned.objective.log_theta.detach().exp()) != pytest.approx(5, abs=1e-4)


def test_it_stops_when_validation_no_longer_gains(corpus, tiny, tmp_path):
    config = tiny.with_values(
        [
            "training.learning_rate=1e-9",
            "training.steps=400",
            "training.patience=2",
            "training.validate_every=1",
        ]
    )

    assert trained(corpus, config, tmp_path).steps < 400


def test_a_loss_that_is_no_number_stops_with_the_last_checkpoint(corpus, tiny, tmp_path):
    trained(corpus, tiny.with_values(["training.steps=4"]), tmp_path)
    before = checkpoint_read(tmp_path)
    broken = list(corpus.clips)
    for place, clip in enumerate(broken):
        broken[place] = replace(clip, embeddings=np.full_like(clip.embeddings, np.nan))

    with pytest.raises(TrainingStopped, match=r"no number at step 0 .* go on with\s+--resume"):
        trained(replace(corpus, clips=tuple(broken)), tiny.with_values(["training.steps=4"]), tmp_path)
    after = checkpoint_read(tmp_path)
    assert before is not None
    assert after is not None
    assert after["progress"]["step"] == before["progress"]["step"]


def test_a_checkpoint_of_another_configuration_is_refused(corpus, tiny, tmp_path):
    trained(corpus, tiny, tmp_path)

    with pytest.raises(BadModel, match="of another configuration or release"):
        trained(corpus, tiny.with_values(["training.batch=4"]), tmp_path, resume=True)


def test_a_damaged_checkpoint_is_said(corpus, tiny, tmp_path):
    (tmp_path / NAME).write_bytes(b"not a checkpoint")

    with pytest.raises(BadModel, match="cannot be read: train again without --resume"):
        trained(corpus, tiny, tmp_path, resume=True)


def test_a_full_disk_is_refused_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 2**20})())

    with pytest.raises(RewardError, match="has 1 MB left, a run needs 200 MB"):
        check_disk(tmp_path)


def test_a_run_is_not_written_over(simulated, tiny, run):
    with pytest.raises(BadConfig, match="holds a run already: go on with --resume"):
        command.train(simulated, tiny, run, verify=False)


def test_the_command_says_what_is_wrong(tmp_path, capsys):
    assert command.main([str(tmp_path), "--out", str(tmp_path / "out")]) == 2

    assert "is not a release" in capsys.readouterr().err


def test_a_teacher_keeps_what_it_agrees_with(corpus):
    rows = [row for row in corpus.comparisons["train"] if row.choice == 0][:1]
    rewards = torch.zeros(len(corpus.clips))
    assert agreed(rows, rewards, float(np.log(5)), 0.5) == []

    rewards[rows[0].a] = 2  # s(2 - ln 5) = 0.596

    assert agreed(rows, rewards, float(np.log(5)), 0.5) == [0]
    assert agreed(rows, rewards, float(np.log(5)), 0.6) == []
