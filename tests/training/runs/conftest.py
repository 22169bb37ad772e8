"""The small release and configuration of the reward's tests, and a home for runs."""

from pathlib import Path

import pytest

from tests.training.reward.conftest import simulated, tiny
from training.reward.config import Config, toml_text

__all__ = ["simulated", "tiny"]


@pytest.fixture(autouse=True)
def runs_root(settings, tmp_path) -> Path:
    settings.RUNS_ROOT = str(tmp_path / "runs")
    return Path(settings.RUNS_ROOT)


@pytest.fixture
def configured(tiny: Config, tmp_path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(toml_text(tiny.as_dict()))
    return path
