"""What each update samples: a list of (update, group, member, prompt, seed), drawn from the run's seed alone.

Nothing depends on how many processes share the work, on batches or on where a run was resumed. Groups carry
an id of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.grpo.config import PolicyConfig


@dataclass(frozen=True)
class Row:
    """One sample.

    Attributes:
        group: id, unique in the run. member: 0 to members - 1. prompt: place in the list of prompts.
        initial_seed: of the noise that it starts from. step_seed: of the noise of its steps.
    """

    update: int
    group: int
    member: int
    prompt: int
    initial_seed: int
    step_seed: int


@dataclass(frozen=True)
class UpdatePlan:
    """The rows of an update, members of a group side by side, and the steps that carry noise."""

    update: int
    rows: tuple[Row, ...]
    window: tuple[int, ...]


def plan_update(config: PolicyConfig, update: int, prompts: int) -> UpdatePlan:
    """Plan one update. Every prompt comes once before one comes again, in an order drawn anew each time."""
    rows = []
    for place in range(config.groups.groups):
        group = update * config.groups.groups + place
        turn, position = divmod(group, prompts)
        prompt = int(np.random.default_rng([config.seed, 1, turn]).permutation(prompts)[position])
        for member in range(config.groups.members):
            start = 0 if config.groups.initial_noise == "same" else member
            rows.append(
                Row(
                    update,
                    group,
                    member,
                    prompt,
                    _seed(config, 2, group, start),
                    _seed(config, 3, group, member),
                )
            )
    return UpdatePlan(update, tuple(rows), _window(config, update))


def rows_of_rank(plan: UpdatePlan, rank: int, ranks: int) -> tuple[Row, ...]:
    """Return the rows of every `ranks`-th group: a group is never split over processes."""
    return tuple(row for row in plan.rows if row.group % ranks == rank)


def evaluation_rows(prompts: int, seed: int) -> tuple[Row, ...]:
    """Return one row a prompt with seeds that no update uses; the same at every evaluation."""
    config = PolicyConfig(seed=seed)
    return tuple(Row(-1, p, 0, p, _seed(config, 4, p, 0), _seed(config, 5, p, 0)) for p in range(prompts))


def seed_of(config: PolicyConfig, *numbers: int) -> int:
    """Return a seed for other draws of an update."""
    return _seed(config, 6, *numbers)


def _window(config: PolicyConfig, update: int) -> tuple[int, ...]:
    steps, window = config.sampler.steps, config.window
    if not window.size:
        return tuple(range(steps - 1))
    start = int(np.random.default_rng([config.seed, 7, update]).integers(window.first, window.last + 1))
    return tuple(range(start, start + window.size))


def _seed(config: PolicyConfig, *numbers: int) -> int:
    """Hash numbers of 0 and more to 63 bits."""
    return int(np.random.SeedSequence([config.seed, *numbers]).generate_state(1, np.uint64)[0] >> 1)
