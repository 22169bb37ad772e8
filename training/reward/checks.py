"""What training refuses before it starts, each with a sentence that says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from training.reward.config import Config
from training.reward.corpus import Comparison, Corpus
from training.reward.errors import BadCorpus, RewardError

DISK = 200 * 2**20
"""Bytes that a run may need: two checkpoints and the model."""


def check_corpus(corpus: Corpus, config: Config) -> None:
    """Refuse a corpus that cannot teach anything, or that would be learned by heart.

    Raises:
        BadCorpus: with the reason.
    """
    check_splits(corpus)
    rows = usable(corpus, config, "train")
    if not rows:
        reason = " ".join(corpus.left_out) or "The split train is empty."
        raise BadCorpus(f"{corpus.name} leaves nothing to learn from. {reason}")
    decided = {row.choice for row in rows}
    if not decided & {0, 2}:
        raise BadCorpus(
            f"All {len(rows)} comparisons of {corpus.name} are ties: nothing tells better from worse. Judge pairs that "
            "differ, or add distorted clips."
        )
    if not usable(corpus, config, "validation"):
        raise BadCorpus(
            f"{corpus.name} has no comparisons in its split validation, by which training is stopped: release it with "
            "splits such as 80/10/10, with people who share no comparison with the rest."
        )
    _check_strategy(corpus, config, rows)
    if not all(np.isfinite(clip.likeness).all() for clip in corpus.clips):
        raise BadCorpus(f"{corpus.name} has embeddings that are no numbers: analyse its clips again.")


def check_splits(corpus: Corpus) -> None:
    """Refuse splits that share somebody."""
    seen: dict[str, str] = {}
    for split, rows in corpus.comparisons.items():
        for person in {
            person for row in rows for place in (row.a, row.b) for person in corpus.clips[place].people
        }:
            if seen.setdefault(person, split) != split:
                raise BadCorpus(
                    f"{person} is in the splits {seen[person]} and {split} of {corpus.name}, so results would be too "
                    "good: release it again with splits made by Likeness."
                )


def check_disk(folder: Path) -> None:
    """Refuse a folder on a full disk."""
    free = shutil.disk_usage(folder).free
    if free < DISK:
        raise RewardError(
            f"{folder} has {free / 2**20:.0f} MB left, a run needs {DISK / 2**20:.0f} MB: free some, or choose another "
            "folder by --out."
        )


def usable(corpus: Corpus, config: Config, split: str) -> list[Comparison]:
    """Return a split's comparisons that a configuration learns from or stops by."""
    return [
        row
        for row in corpus.comparisons.get(split, ())
        if not corpus.held_out(row, config.data.holdout_recipes)
        and config.data.weights.get(row.origin, 1.0) > 0
    ]


def _check_strategy(corpus: Corpus, config: Config, rows: Sequence[Comparison]) -> None:
    parts: Mapping[str, tuple[str, ...]] = {"human": config.data.human, "automatic": config.data.automatic}
    needed = {
        "human": ("human",),
        "automatic": ("automatic",),
        "random": ("human", "automatic"),
        "smooth": ("human", "automatic"),
        "all": (),
    }[config.training.strategy]
    origins = {row.origin for row in rows}
    for part in needed:
        if not origins & set(parts[part]):
            raise BadCorpus(
                f"The strategy {config.training.strategy} needs {part} rows ({', '.join(parts[part])}), and "
                f"{corpus.name} has {', '.join(sorted(origins))} in train: choose another by "
                "--set training.strategy=all, or add such rows."
            )
