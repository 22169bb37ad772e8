"""Measure a trained reward model on a release, beside the baselines.

    python -m training.reward.evaluate MODEL RELEASE [--split test] [--held-out] [--out FOLDER]

Prints the table; with --out everything measured goes into results.json there, and what it gets most wrong
into mistakes.json. Ends with 0, or with 2 and a sentence.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from training.reward.checks import check_splits
from training.reward.corpus import corpus_read
from training.reward.errors import RewardError
from training.reward.evaluation import evaluate, results_write
from training.reward.mistakes import mistakes_of, mistakes_write
from training.reward.model import RewardModel


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        model = RewardModel.from_pretrained(options.model)
        corpus = corpus_read(options.release, model.config.data, verify=not options.unverified)
        check_splits(corpus)
        found = evaluate(model, corpus, model.config, split=options.split, held_out_only=options.held_out)
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
            results_write(options.out, {options.split: found})
            wrong = mistakes_of(
                model, corpus, model.config, split=options.split, held_out_only=options.held_out
            )
            mistakes_write(options.out, {options.split: wrong})
    except RewardError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{options.out} cannot be written: {error.strerror}.", file=sys.stderr)
        return 2
    print(found.text())
    for row in found.results:
        if row["judge"] == found.table[0][0] and not row["name"].startswith(("accuracy", "log loss")):
            interval = "" if row["low"] is None else f" ({row['low']:.3f} to {row['high']:.3f})"
            print(f"{row['name']:44} {row['value']:8.3f}{interval}, n = {row['n']}")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.reward.evaluate", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("model", help="a run's model folder, or a model's id on the Hub")
    parser.add_argument("release", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--held-out", action="store_true", help="only rows with recipes that were held out")
    parser.add_argument("--out", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--unverified", action="store_true", help="do not check every byte of the release first"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
