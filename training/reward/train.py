"""Train a reward model on a release.

    python -m training.reward.train RELEASE --config training/configs/reward_identity.toml --out RUN [--resume]

RUN gets config.toml, metrics.jsonl, checkpoint.pt, results.json, mistakes.json and model/. Ends with 0, or with 2 and a
sentence.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.reward.card import card_text
from training.reward.checks import check_corpus, check_disk
from training.reward.config import Config, config_read, toml_text
from training.reward.corpus import Corpus, corpus_read
from training.reward.errors import BadConfig, RewardError
from training.reward.evaluation import Evaluation, evaluate, fit_calibration, results_write, rows_of
from training.reward.mistakes import mistakes_of, mistakes_write
from training.reward.model import RewardModel
from training.reward.process import end_with_parent, folder_locked
from training.reward.progress import ProgressBar
from training.reward.stages import stopping_rows
from training.reward.training import METRICS, OnStep, Trained, Trainer

CONFIG = "config.toml"
MODEL = "model"


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    if options.tied:
        end_with_parent()
    try:
        config = config_read(options.config) if options.config else Config()
        config = config.with_values(options.set)
        with ProgressBar(sys.stderr) as bar:
            evaluations = train(
                options.release, config, options.out, resume=options.resume, verify=not options.unverified,
                on_step=bar.step,
            )  # fmt: skip
    except RewardError as error:
        print(error, file=sys.stderr)
        return 2
    for name, evaluation in evaluations.items():
        print(f"\n{name}\n{evaluation.text()}")
    print(f"\n{options.out / MODEL}")
    return 0


def train(
    release: Path,
    config: Config,
    folder: Path,
    *,
    resume: bool = False,
    verify: bool = True,
    on_step: OnStep | None = None,
) -> dict[str, Evaluation]:
    """Train, calibrate, evaluate, and write the run's folder.

    Raises:
        RewardError: with a sentence; see `checks`.
    """
    _make_folder(folder, config, resume=resume)
    check_disk(folder)
    with folder_locked(folder):
        return _train(release, config, folder, resume=resume, verify=verify, on_step=on_step)


def _train(
    release: Path, config: Config, folder: Path, *, resume: bool, verify: bool, on_step: OnStep | None
) -> dict[str, Evaluation]:
    corpus = corpus_read(release, config.data, verify=verify)
    check_corpus(corpus, config)
    started, worked = time.monotonic(), time.process_time()
    trained = Trainer(corpus, config, folder).run(resume=resume, on_step=on_step)
    model = RewardModel(
        trained.network,
        config,
        corpus.backend,
        corpus.dimension,
        about={
            "release": corpus.name,
            "release_sha256": corpus.checksum,
            "licence": corpus.licence,
            "origins": sorted({row.origin for rows in corpus.comparisons.values() for row in rows}),
            "seconds": round(time.monotonic() - started, 1),
            "processor_seconds": round(time.process_time() - worked, 1),
        },
    )
    model = fit_calibration(model, corpus, stopping_rows(corpus, config))
    evaluations = _evaluations(model, corpus, config)
    _write(folder, model, corpus, config, trained, evaluations)
    return {name: each.evaluation for name, each in evaluations.items()}


@dataclass(frozen=True, eq=False)
class _Measured:
    """One evaluation, and what the model got most wrong in it."""

    evaluation: Evaluation
    mistakes: list[dict[str, Any]]


def _evaluations(model: RewardModel, corpus: Corpus, config: Config) -> dict[str, _Measured]:
    """Evaluate on held-out people, and on held-out recipes where there are any; on validation without a test split."""
    found: dict[str, _Measured] = {}
    for split in ("test", "validation"):
        for name, only in (("held-out people", False), ("held-out recipes", True)):
            if only and not config.data.holdout_recipes:
                continue
            try:
                rows_of(corpus, config, split, held_out_only=only)
            except RewardError:
                continue
            found[f"{name} ({split})"] = _Measured(
                evaluate(model, corpus, config, split=split, held_out_only=only),
                mistakes_of(model, corpus, config, split=split, held_out_only=only),
            )
        if found:
            break
    return found


def _make_folder(folder: Path, config: Config, *, resume: bool) -> None:
    text = toml_text(config.as_dict())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not resume and ((folder / METRICS).exists() or (folder / MODEL).exists()):
            raise BadConfig(f"{folder} holds a run already: go on with --resume, or choose another --out.")
        if resume and (folder / CONFIG).is_file() and (folder / CONFIG).read_text(encoding="utf-8") != text:
            raise BadConfig(
                f"{folder / CONFIG} is of another configuration: --resume goes on with the same one."
            )
        (folder / CONFIG).write_text(text, encoding="utf-8")
    except OSError as error:
        raise RewardError(f"{folder} cannot be written: {error.strerror}. Choose another --out.") from error


def _write(
    folder: Path,
    model: RewardModel,
    corpus: Corpus,
    config: Config,
    trained: Trained,
    measured: dict[str, _Measured],
) -> None:
    evaluations = {name: each.evaluation for name, each in measured.items()}
    try:
        results_write(folder, evaluations)
        mistakes_write(folder, {name: each.mistakes for name, each in measured.items()})
        model.save(folder / MODEL, card_text(corpus, config, trained, evaluations))
    except OSError as error:
        raise RewardError(
            f"The model cannot be written to {folder}: {error.strerror}. Free some space, then go on with --resume."
        ) from error


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.reward.train", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("release", type=Path)
    parser.add_argument("--config", type=Path, help="TOML; what it leaves out has its default")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.NAME=VALUE")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument(
        "--unverified", action="store_true", help="do not check every byte of the release first"
    )
    parser.add_argument(
        "--tied", action="store_true", help="end when the process that started this one is gone"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
