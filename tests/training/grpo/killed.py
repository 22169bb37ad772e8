"""A run that kills its own process: `python -m tests.training.grpo.killed FOLDER reward|save|record`."""

import os
import signal
import sys
from pathlib import Path

import torch

from tests.training.grpo.worlds import mixture_task, small
from training.grpo import train as loop

AT = 3
CONFIG = {"updates": 6, "evaluate_every": 2, "optimiser": {"average": 0.9}, "objective": {"kl": 0.01}}


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    folder, moment = Path(sys.argv[1]), sys.argv[2]
    torch.set_num_threads(1)
    run = loop.Run(mixture_task(), small(**CONFIG), folder)
    while run.done < AT:
        run.advance()
    if moment == "reward":
        run._reward = die  # type: ignore[method-assign, assignment]
    elif moment == "record":  # the line is written, the checkpoint is not
        run._keep = die  # type: ignore[method-assign]
    else:  # in the middle of the checkpoint
        (folder / "last.partial").write_bytes(b"half of it")
        run._keep = die  # type: ignore[method-assign]
    run.advance()


if __name__ == "__main__":
    main()
