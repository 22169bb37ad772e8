"""The model card that a run writes: what it was trained on, what came out, what it is not for."""

from __future__ import annotations

from training.reward.config import Config
from training.reward.corpus import Corpus
from training.reward.evaluation import Evaluation
from training.reward.training import Trained


def card_text(corpus: Corpus, config: Config, trained: Trained, evaluations: dict[str, Evaluation]) -> str:
    """Return README.md of a model's folder."""
    rows = {split: len(each) for split, each in corpus.comparisons.items()}
    origins = sorted({row.origin for each in corpus.comparisons.values() for row in each})
    kept = (
        f"The teacher kept {trained.kept:,} of {trained.automatic:,} automatic rows "
        f"({trained.kept / max(trained.automatic, 1):.0%})."
        if trained.kept is not None
        else "No teacher filtered its rows."
    )
    tables = "\n\n".join(
        f"### {name}\n\n```\n{evaluation.text()}\n```" for name, evaluation in evaluations.items()
    )
    simulated = (
        "\n**Some of its preferences are simulated: it has not learned from people alone.**\n"
        if {"simulated"} & set(origins)
        else ""
    )
    return f"""---
license: {corpus.licence}
tags: [reward-model, identity, video]
---

# Identity reward

Says how well a clip keeps the faces of the people who should be in it, from their identity tracks. Made by
`python -m training.reward.train`; load it by `RewardModel.from_pretrained(folder)`.
{simulated}
## Data

- release: {corpus.name}, sha256 {corpus.checksum}
- embeddings: {corpus.backend}; tracks of another embedder are refused
- comparisons: {", ".join(f"{split} {count:,}" for split, count in rows.items())}; origins {", ".join(origins)}
- splits are by people: nobody is in two of them
- strategy {config.training.strategy}, seed {config.training.seed}, best step {trained.best_step} of {trained.steps}
- {kept}

## Results

{tables or "No split was left to measure on."}

Intervals: 95 %, bootstrap over groups of people. Scores are defined up to a shift: differences alone mean something.

## Limits

It sees faces only as its embedder does, and reads no prompt. It was measured on the release above and on nothing else.
Terms: the release's ({corpus.licence}), and those of the embedder's weights.
"""
