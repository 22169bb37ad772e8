"""Whether the loop finds what it is paid for, and nothing when it is paid at random."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.grpo.worlds import Mixture, mixture_task, shown, small
from training.grpo.train import train

MANY_STEPS = {"step_after": "window"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def share_after(folder: Path, **changes: Any) -> tuple[float, float]:
    """The share of held-out samples about the paid Gaussian, before and after training."""
    train(mixture_task(), small(**changes), folder)
    first = json.loads((folder / "metrics.jsonl").read_text().splitlines()[0])
    return first["judge/share"], json.loads((folder / "final.json").read_text())["judge/share"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="grpo"),
        pytest.param({"objective": {"ratio": "normalised", "clip": 0.05}}, id="normalised ratio"),
        pytest.param({"window": {"size": 2, "first": 0, "last": 3}}, id="window"),
        pytest.param({"updates": 50, "objective": {"method": "nft", "nft_slope": 0.02}}, id="nft"),
        pytest.param(
            {"updates": 50, "objective": {"method": "sft"}, "optimiser": {"step_after": "update"}}, id="sft"
        ),
    ],
)
def test_the_paid_gaussian_is_found(tmp_path, changes):
    before, after = share_after(tmp_path, **changes)
    assert before == pytest.approx(0.5, abs=0.1)  # 256 samples: three standard errors
    assert after > 0.9


def test_shuffled_rewards_teach_nothing(tmp_path):
    before, after = share_after(tmp_path, objective={"shuffle_rewards": True})
    assert after == pytest.approx(before, abs=0.12)


def test_a_bandit_of_one_step_finds_the_best_arm(tmp_path):
    """Two steps of the sampler, the first with noise: one action. Four arms are four intervals of the result."""
    edges, pay = torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([0.3, 0.1, 0.2, 1.0])

    def reward(frames, asked):
        return {"reward": pay[torch.bucketize(shown(frames), edges)]}

    def judge(frames, asked):
        arms = torch.bucketize(shown(frames), edges)
        return {f"arm{arm}": (arms == arm).float().mean().item() for arm in range(4)}

    task = replace(mixture_task(), generator=Mixture(centre=0.0, std=1.0), reward=reward, judge=judge)
    train(task, small(updates=60, sampler={"steps": 2}, optimiser={"learning_rate": 0.004}), tmp_path)
    first = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[0])
    last = json.loads((tmp_path / "final.json").read_text())
    assert first["judge/arm3"] < 0.25
    assert last["judge/arm3"] > 0.9
    rewards = [json.loads(line)["reward"] for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert np.mean(rewards[-5:]) > np.mean(rewards[:5]) + 0.4
