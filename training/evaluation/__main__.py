"""Measure tuned policies beside their base, on people of a release whom no training saw.

    python -m training.evaluation RUN... --toy TOY --release RELEASE [--reward DIR] [--out FOLDER]

Prints a table by the judge's encoder, base and tuned, without and with guidance; FOLDER (the run's own for a single
run) gets results.json. Ends with 0, or with 2 and a sentence.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import torch

from training.evaluation.clip_score import ClipScore
from training.evaluation.tables import markdown, results_write, rows_of
from training.evaluation.toy import compare
from training.generators.prompts import prompts_of_release
from training.generators.protocol import GeneratorError
from training.generators.toy.faces import IdentityReward, ToyFaces
from training.grpo.config import ConfigError
from training.grpo.update import TrainingError
from training.reward.errors import RewardError
from training.reward.model import RewardModel

PROMPTS, SEEDS, GUIDANCE = 40, 4, 2.5


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--toy", type=Path, required=True, help="folder of python -m training.generators.toy")
    parser.add_argument("--release", type=Path, required=True, help="whose prompts and people are taken")
    parser.add_argument("--split", default="test")
    parser.add_argument("--reward", type=Path, help="a reward model, to show what it says beside the judge")
    parser.add_argument("--prompts", type=int, default=PROMPTS, help="at most")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="clips of each prompt")
    parser.add_argument("--guidance", type=float, default=GUIDANCE)
    parser.add_argument("--clip", help="a CLIP for CLIPScore, by folder or Hub id; left out without one")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    out = given.out or (given.runs[0] if len(given.runs) == 1 else None)
    try:
        table = evaluate(
            {run.name: run for run in given.runs}, given.toy, given.release, split=given.split, reward=given.reward,
            prompts=given.prompts, seeds=given.seeds, guidance=given.guidance, clip=given.clip, out=out,
        )  # fmt: skip
    except (GeneratorError, ConfigError, TrainingError, RewardError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table)
    return 0


def evaluate(
    runs: Mapping[str, Path],
    toy: Path,
    release: Path,
    *,
    split: str = "test",
    reward: Path | None = None,
    prompts: int = PROMPTS,
    seeds: int = SEEDS,
    guidance: float = GUIDANCE,
    clip: str | None = None,
    out: Path | None = None,
) -> str:
    """Measure runs by name, write results.json to `out`, and return the table as Markdown."""
    asked = prompts_of_release(release, split, most=prompts)
    scored = reward_of(reward, toy) if reward else None
    clip_score = ClipScore.load(clip) if clip else None
    numbers = range(1_000, 1_000 + seeds)  # apart from those that clips are generated with by hand
    cells, _ = compare(
        toy, runs, asked, seeds=numbers, guidances=(1.0, guidance), reward=scored, clip_score=clip_score
    )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        about = {
            "prompts": len(asked),
            "seeds": seeds,
            "release": release.name,
            "judge": "the toy's judge encoder",
        }
        results_write(out, rows_of(cells, split=split, seed=numbers.start), about)
    return markdown(cells)


def reward_of(folder: Path, toy: Path) -> IdentityReward:
    """Return a reward model of the toy's encoder: a run's folder, or its model's. RewardError, GeneratorError."""
    model = folder / "model" if (folder / "model").is_dir() else folder
    return IdentityReward(RewardModel.from_pretrained(model), ToyFaces.load(toy / "reward.pt"))


if __name__ == "__main__":
    sys.exit(main())
