"""One process of a run that several share: `python -m tests.training.grpo.shared_run FOLDER RANK RANKS`."""

import sys
from pathlib import Path

import torch

from tests.training.grpo.worlds import mixture_task, small
from training.grpo.train import train

CONFIG = {"updates": 2, "objective": {"kl": 0.01}, "optimiser": {"average": 0.9}}


def main() -> None:
    folder, rank, ranks = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=ranks
    )
    train(mixture_task(), small(**CONFIG), folder / "run")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
