"""Tune a policy in a run folder: python -m training.grpo RUN --config training/configs/grpo_toy.toml --toy FOLDER

Goes on where the run stopped. `torchrun --nproc-per-node N -m training.grpo …` shares each update's groups
over N processes.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch

from training.generators.protocol import GeneratorError
from training.generators.toy.task import load_toy
from training.grpo.config import ConfigError, read_config
from training.grpo.train import Task, train
from training.grpo.update import TrainingError


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.grpo", description="Tune a video generator on a reward."
    )
    parser.add_argument("run", type=Path, help="folder of the run; made, or gone on with")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument(
        "--toy", type=Path, required=True, help="folder made by python -m training.generators.toy"
    )
    parser.add_argument("--updates", type=int, help="stop after so many updates of this call")
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if "WORLD_SIZE" in os.environ:
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        toy = load_toy(given.toy)
        task = Task(toy.generator, toy.train, toy.reward, toy.validation, toy.judge)
        stopped = train(task, read_config(given.config), given.run, updates=given.updates)
    except (ConfigError, GeneratorError, TrainingError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 1
    if stopped:
        print(f"stopped: {stopped}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
