"""Make the toy generator, or unpack the one that comes along: see `train` and `shipped`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from training.generators.toy.network import Parts
from training.generators.toy.pool import draw_pool
from training.generators.toy.shipped import unpack
from training.generators.toy.train import SPLITS, Recipe, make


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.generators.toy", description="Make the toy generator."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--shipped", action="store_true", help="unpack the repository's weights, train nothing"
    )
    parser.add_argument("--steps", type=int, default=Recipe.steps)
    parser.add_argument("--seed", type=int, default=0, help="of the base; people and encoders are the same")
    parser.add_argument("--seconds", type=float, default=float("inf"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.shipped:
        unpack(given.folder)
        for split in ("train", "validation", "test"):
            draw_pool(given.folder / "pool", SPLITS[split])
        print("done")
        return
    done = make(given.folder, Parts(), Recipe(steps=given.steps, seed=given.seed), seconds=given.seconds)
    print("done" if done else "not finished: run it again to go on")


main()
