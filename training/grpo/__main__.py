"""Tune a policy in a run folder: python -m training.grpo RUN --config training/configs/grpo_toy.toml --toy FOLDER

Goes on where the run stopped. `torchrun --nproc-per-node N -m training.grpo …` shares each update's groups
over N processes.

By itself it takes the toy's own people, and its direct reward: similarity by the reward's encoder. With `--release`
prompts and people are the release's (train to tune on, validation to look at, test to measure at the end:
results.json); with `--reward` clips are scored by a reward model that `train_reward` made of a release.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch

from training.evaluation.__main__ import evaluate, reward_of
from training.evaluation.sheets import references_keep
from training.evaluation.tables import RESULTS
from training.evaluation.toy import Judge
from training.generators.prompts import prompts_of_release
from training.generators.protocol import GeneratorError, Prompt
from training.generators.toy.faces import ToyFaces
from training.generators.toy.generator import load_generator
from training.generators.toy.task import ToyJudge, ToyReward, load_toy
from training.grpo.config import ConfigError, read_config
from training.grpo.train import Task, train
from training.grpo.update import TrainingError
from training.reward.errors import RewardError
from training.reward.process import end_with_parent

REFUSED = 2
HELD_OUT = 40


def main(arguments: list[str] | None = None) -> int:
    given = _parse(arguments)
    if given.tied:
        end_with_parent()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        config = read_config(given.config)
        task = _task(given)
        references_keep(given.run, _shown(task.held_out))
        stopped = train(task, config, given.run, updates=given.updates)
        if stopped:
            print(f"stopped: {stopped}")
        is_done = stopped or (given.run / "final.json").is_file()
        if given.release and is_done and not (given.run / RESULTS).is_file():
            print(
                evaluate({"tuned": given.run}, given.toy, given.release, reward=given.reward, out=given.run)
            )
    except (ConfigError, GeneratorError, TrainingError, RewardError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return 0


def _task(given: argparse.Namespace) -> Task:
    """Put together generator, prompts, reward and judge."""
    if given.release is None:
        toy = load_toy(given.toy, seed=given.base)
        reward = reward_of(given.reward, given.toy) if given.reward else toy.reward
        return Task(toy.generator, toy.train, reward, toy.validation, toy.judge)
    if given.base:
        raise ConfigError("--base names a base of the toy's own world: leave it out with --release")
    scored = (
        reward_of(given.reward, given.toy)
        if given.reward
        else ToyReward(ToyFaces.load(given.toy / "reward.pt").encoder)
    )
    train_on, held_out = (
        tuple(each.prompt for each in prompts_of_release(given.release, split, most=most))
        for split, most in (("train", None), ("validation", HELD_OUT))
    )
    judge = ToyJudge(Judge.load(given.toy / "judge.pt").encoder)
    return Task(load_generator(given.toy / "base.pt"), train_on, scored, held_out, judge)


def _shown(prompts: tuple[Prompt, ...]) -> list[list]:
    return [[own[0] for own in prompt.references] for prompt in prompts]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.grpo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", type=Path, help="folder of the run; made, or gone on with")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument(
        "--toy", type=Path, required=True, help="folder made by python -m training.generators.toy"
    )
    parser.add_argument("--base", type=int, default=0, help="seed of the base to start from")
    parser.add_argument("--release", type=Path, help="whose prompts and people are taken")
    parser.add_argument("--reward", type=Path, help="a reward model's folder, or its run's")
    parser.add_argument("--updates", type=int, help="stop after so many updates of this call")
    parser.add_argument(
        "--tied", action="store_true", help="end when the process that started this one is gone"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
