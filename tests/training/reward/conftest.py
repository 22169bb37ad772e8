"""One small release of simulated tracks, and one model trained on it for a moment, for all tests here."""

from pathlib import Path

import pytest

from benchmarks.simulated_release import Setting, simulate
from training.reward.config import Config, config_of
from training.reward.corpus import Corpus, corpus_read
from training.reward.model import RewardModel
from training.reward.train import train

TINY = {
    "data": {"steps": 6},
    "network": {"width": 8, "heads": 2, "blocks": 1, "queries": 2},
    "training": {
        "strategy": "all",
        "steps": 12,
        "teacher_steps": 6,
        "batch": 8,
        "validate_every": 4,
        "checkpoint_every": 4,
        "threads": 1,
    },
}


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated") / "release"
    simulate(folder, Setting(groups=14, sources=2, copies=2, judged=4, dimension=16, splits="50/25/25"))
    return folder


@pytest.fixture(scope="session")
def tiny() -> Config:
    return config_of(TINY)


@pytest.fixture(scope="session")
def corpus(simulated, tiny) -> Corpus:
    return corpus_read(simulated, tiny.data)


@pytest.fixture(scope="session")
def run(simulated, tiny, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "tiny"
    train(simulated, tiny, folder, verify=False)
    return folder


@pytest.fixture(scope="session")
def model(run) -> RewardModel:
    return RewardModel.from_pretrained(run / "model")
