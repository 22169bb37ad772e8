"""The two-stage recipe: a teacher learns from people, filters automatic rows, and the model learns from both.

As published of Identity-GRPO: rows that the teacher agrees with are kept (48 % there), and the share of automatic rows
falls as a cosine. Here a row is agreed with when the teacher gives its label at least `confidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from training.reward.checks import usable
from training.reward.config import Config
from training.reward.corpus import Comparison, Corpus
from training.reward.losses import tie_log_probabilities
from training.reward.sampling import Pools

TEACHER, MODEL = "teacher", "model"


@dataclass(frozen=True, eq=False)
class Stage:
    """One stretch of training with weights of its own.

    Attributes:
        name: teacher or model.
        number: Its place, part of every random draw.
        strategy: How batches are mixed.
        steps: At most.
    """

    name: str
    number: int
    strategy: str
    steps: int


def stages_of(config: Config) -> list[Stage]:
    """Return the stages of a run, in order."""
    training = config.training
    model = Stage(MODEL, 1, training.strategy, training.steps)
    if training.strategy != "smooth":
        return [model]
    return [Stage(TEACHER, 0, "human", training.teacher_steps), model]


def pools_of(corpus: Corpus, config: Config) -> Pools:
    """Return the training rows by what they are for; strategies leave out what they do not use."""
    rows = usable(corpus, config, "train")
    human = [row for row in rows if row.origin in config.data.human]
    automatic = [row for row in rows if row.origin in config.data.automatic]
    strategy = config.training.strategy
    return Pools(
        human if strategy != "automatic" else [],
        automatic if strategy != "human" else [],
        config.data.weights,
    )


def stopping_rows(corpus: Corpus, config: Config) -> list[Comparison]:
    """Return the validation rows that training stops by: human ones where there are any."""
    rows = usable(corpus, config, "validation")
    return [row for row in rows if row.origin in config.data.human] or rows


def recipe_rows(corpus: Corpus, config: Config) -> dict[str, list[Comparison]]:
    """Return, by recipe, the validation rows whose known answer is that its copy is the worse one; watched only."""
    found: dict[str, list[Comparison]] = {}
    for row in usable(corpus, config, "validation"):
        edited = [known for known in (corpus.known[row.a], corpus.known[row.b]) if known.recipe]
        if row.origin in config.data.automatic and row.choice != 1 and len(edited) == 1:
            found.setdefault(edited[0].recipe, []).append(row)
    return dict(sorted(found.items()))


def agreed(
    rows: Sequence[Comparison], rewards: torch.Tensor, log_theta: float, confidence: float
) -> list[int]:
    """Return the places of rows whose label the teacher gives at least this probability.

    Args:
        rows: Comparisons.
        rewards: The teacher's, of each clip of the corpus.
        log_theta: Of the ties.
        confidence: 0 to 1.
    """
    if not rows:
        return []
    places = torch.tensor([[row.a, row.b] for row in rows])
    difference = rewards[places[:, 0]] - rewards[places[:, 1]]
    given = tie_log_probabilities(difference, torch.tensor(log_theta)).exp()
    own = given[torch.arange(len(rows)), torch.tensor([row.choice for row in rows])]
    return torch.nonzero(own >= confidence).flatten().tolist()
