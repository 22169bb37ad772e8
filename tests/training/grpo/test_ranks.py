"""Two processes take the steps that one takes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.training.grpo.shared_run import CONFIG
from tests.training.grpo.worlds import mixture_task, small
from training.grpo.train import train


@pytest.mark.slow
def test_two_processes_give_what_one_gives(tmp_path: Path):
    held = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.training.grpo.shared_run", str(tmp_path), str(rank), "2"]
        )
        for rank in range(2)
    ]
    assert [process.wait(timeout=300) for process in held] == [0, 0]
    train(mixture_task(), small(**CONFIG), tmp_path / "alone")
    shared, alone = (torch.load(tmp_path / name / "last.pt", weights_only=True) for name in ("run", "alone"))
    for kind in ("weights", "average"):
        for name, value in alone[kind].items():
            torch.testing.assert_close(shared[kind][name], value, atol=1e-6, rtol=1e-4)
            assert kind == "average" or not torch.equal(value, alone["base"][name])
    records = [
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("run", "alone")
    ]
    for one, other in zip(*records, strict=True):
        assert one["reward"] == pytest.approx(other["reward"], abs=1e-6)
        assert one["kl"] == pytest.approx(other["kl"], abs=1e-6)
        assert one["flat_groups"] == other["flat_groups"]
