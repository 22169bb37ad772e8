"""The loop: the first ratio, restarts, guards, and what it says when it cannot go on."""

import fcntl
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.grpo.killed import AT, CONFIG
from tests.training.grpo.worlds import mixture_task, prompts, small, upper_reward
from training.grpo.train import load_policy, train
from training.grpo.update import TrainingError


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def records(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("batch", [96, 7])
@pytest.mark.parametrize("ratio", ["plain", "normalised"])
def test_the_ratio_is_exactly_one_before_the_first_step(tmp_path, batch, ratio):
    train(mixture_task(), small(updates=2, groups={"batch": batch}, objective={"ratio": ratio}), tmp_path)
    for record in records(tmp_path):
        assert record["first_ratio_away"] == 0
        assert record["replay_drift"] == 0
        assert record["ratio_away"] > 0  # at the later steps of the window, after optimiser steps


def test_the_kl_to_the_base_is_zero_at_the_start_and_grows(tmp_path):
    train(
        mixture_task(), small(updates=3, optimiser={"step_after": "update"}, objective={"kl": 0.1}), tmp_path
    )
    first, *later = [record["kl"] for record in records(tmp_path)]
    assert first == 0
    assert all(kl > 0 for kl in later)


def states(folder: Path) -> dict[str, torch.Tensor]:
    held = torch.load(folder / "last.pt", weights_only=True)
    optimiser = {
        f"optimiser/{number}/{name}": value
        for number, moments in held["optimiser"]["state"].items()
        for name, value in moments.items()
    }
    weights = {
        f"{kind}/{name}": t
        for kind in ("weights", "average", "old", "base")
        for name, t in held[kind].items()
    }
    return weights | optimiser


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    train(mixture_task(), small(**CONFIG), folder)
    torch.set_num_threads(threads)
    return folder


@pytest.mark.parametrize("moment", ["reward", "record", "save"])
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, whole, moment):
    found = subprocess.run(
        [sys.executable, "-m", "tests.training.grpo.killed", str(tmp_path), moment], timeout=300, check=False
    )
    assert found.returncode == -signal.SIGKILL
    assert torch.load(tmp_path / "last.pt", weights_only=True)["done"] == AT
    train(mixture_task(), small(**CONFIG), tmp_path)
    assert (tmp_path / "metrics.jsonl").read_text() == (whole / "metrics.jsonl").read_text()
    timed = [json.loads(line)["update"] for line in (tmp_path / "timings.jsonl").read_text().splitlines()]
    assert timed == list(range(len(records(whole))))
    expected = states(whole)
    assert expected.keys() == states(tmp_path).keys()
    assert all(torch.equal(value, expected[name]) for name, value in states(tmp_path).items())
    for number in (0, 2, 4):
        name = f"evaluation/{number:05d}.npy"
        assert np.array_equal(np.load(tmp_path / name), np.load(whole / name))


def test_a_constant_reward_is_skipped_and_counted(tmp_path):
    task = replace(mixture_task(), reward=lambda frames, asked: {"reward": torch.ones(len(frames))})
    train(task, small(updates=1), tmp_path)
    assert records(tmp_path)[0]["flat_groups"] == 4
    assert records(tmp_path)[0]["skipped"] == 1
    held = torch.load(tmp_path / "last.pt", weights_only=True)
    assert all(torch.equal(held["weights"][name], value) for name, value in held["base"].items())


def test_a_flat_group_does_not_move_the_others(tmp_path):
    def partly(frames, asked):
        flat = torch.tensor([prompt.id == "0" for prompt in asked])
        return {"reward": torch.where(flat, 1.0, upper_reward(frames, asked)["reward"])}

    train(replace(mixture_task(), reward=partly), small(updates=2), tmp_path)
    assert [record["flat_groups"] for record in records(tmp_path)] == [1, 1]
    assert records(tmp_path)[0]["first_ratio_away"] == 0


def test_a_reward_that_is_no_number_stops_with_the_last_checkpoint_kept(tmp_path):
    calls = []

    def breaking(frames, asked):
        calls.append(1)
        reward = upper_reward(frames, asked)["reward"]
        return {"reward": reward if len(calls) < 3 else torch.full_like(reward, float("nan"))}

    with pytest.raises(TrainingError, match="update 2, group 8, member 0 is not a number"):
        train(replace(mixture_task(), reward=breaking), small(updates=5), tmp_path)
    assert torch.load(tmp_path / "last.pt", weights_only=True)["done"] == 2


def test_a_limit_that_stays_broken_stops_the_run_and_says_why(tmp_path):
    guards = {"diversity_least": 0.9, "patience": 2}
    reason = train(mixture_task(), small(updates=40, guards=guards), tmp_path)
    assert reason is not None
    assert reason.startswith("diversity fell from")
    assert "2 updates in a row" in reason
    assert (tmp_path / "stopped.txt").read_text().strip() == reason
    done = len(records(tmp_path))
    assert done < 40
    assert train(mixture_task(), small(updates=40, guards=guards), tmp_path) == reason  # it stays stopped
    assert len(records(tmp_path)) == done


def test_a_folder_in_use_is_refused(tmp_path):
    with (tmp_path / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(TrainingError, match="in use by another process"):
            train(mixture_task(), small(updates=1), tmp_path)


def test_a_folder_of_another_configuration_is_refused(tmp_path):
    train(mixture_task(), small(updates=1), tmp_path)
    with pytest.raises(TrainingError, match="another configuration"):
        train(mixture_task(), small(updates=1, seed=5), tmp_path)


def test_prompts_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(TrainingError, match="no prompt"):
        train(replace(mixture_task(), prompts=()), small(), tmp_path)
    (one,) = prompts(1)
    crowd = replace(one, references=one.references * 2)
    with pytest.raises(TrainingError, match="names 2 people; this generator takes 1"):
        train(replace(mixture_task(), prompts=(crowd,)), small(), tmp_path)


def test_a_tuned_policy_is_the_moving_average(tmp_path):
    train(mixture_task(), small(updates=3, optimiser={"average": 0.9}), tmp_path)
    held = torch.load(tmp_path / "last.pt", weights_only=True)
    generator = mixture_task().generator
    load_policy(generator, small(updates=3), tmp_path)
    for name, value in generator.network.named_parameters():
        assert torch.equal(value, held["average"][name])
        assert not torch.equal(value, held["weights"][name])
    with pytest.raises(TrainingError, match="no checkpoint yet"):
        load_policy(generator, small(), tmp_path / "other")
