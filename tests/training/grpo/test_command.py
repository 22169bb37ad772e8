"""`python -m training.grpo` on a release and a reward model: what it refuses, what it skips, what it leaves."""

import fcntl
import json
from pathlib import Path

import pytest
import torch

from tests.training.toys import TINY_POLICY, make_release, make_toy
from training.generators.toy.faces import ToyFaces
from training.grpo.__main__ import main
from training.reward.config import Config, Data, Network
from training.reward.model import RewardModel
from training.reward.network import IdentityReward


@pytest.fixture(scope="module")
def toy(once) -> Path:
    return once("toy", make_toy)


@pytest.fixture(scope="module")
def release(once, toy) -> Path:
    return once("toy-release", lambda folder: make_release(toy, folder / "release")) / "release"


@pytest.fixture
def arguments(tmp_path, toy, release) -> list[str]:
    (tmp_path / "tiny.toml").write_text(TINY_POLICY)
    options = ["--config", tmp_path / "tiny.toml", "--toy", toy, "--release", release]
    return [str(each) for each in (tmp_path / "run", *options)]


def reward_model(folder: Path, backend: str) -> Path:
    """A model that says the same of every clip."""
    config = Config(network=Network(width=8, heads=2, blocks=1, queries=2), data=Data(steps=6))
    network = IdentityReward(config.network, 64)
    for value in network.parameters():
        torch.nn.init.zeros_(value)
    RewardModel(network, config, backend, 64).save(folder / "model", "")
    return folder


def test_a_reward_model_of_another_embedder_is_refused_before_anything_is_made(tmp_path, arguments, capsys):
    other = reward_model(tmp_path / "reward", "hog@1+dlib@19")

    assert main([*arguments, "--reward", str(other)]) == 2
    assert (
        "trained on embeddings of dlib@19; these tracks have embeddings of toy-encoder"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "run").exists()


def test_a_reward_that_tells_nothing_apart_is_skipped_and_counted(tmp_path, arguments, toy):
    constant = reward_model(tmp_path / "reward", ToyFaces.load(toy / "reward.pt").backend)

    assert main([*arguments, "--reward", str(constant), "--updates", "1"]) == 0

    row = json.loads((tmp_path / "run" / "metrics.jsonl").read_text())
    assert (row["flat_groups"], row["skipped"]) == (2.0, 1.0)
    assert not (tmp_path / "run" / "results.json").exists()  # one update of two: not done yet


def test_a_folder_that_another_process_holds_is_left_alone(tmp_path, arguments, capsys):
    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert main(arguments) == 2
    assert "is in use by another process" in capsys.readouterr().err


def test_a_folder_without_weights_is_named(tmp_path, arguments, capsys):
    arguments[arguments.index("--toy") + 1] = str(tmp_path / "none")
    assert main(arguments) == 2
    assert "is missing: make it with python -m training.generators.toy" in capsys.readouterr().err
