"""Which comparisons are in which batch: a function of the seed, the stage and the step, so that a resumed run draws the
same ones, and nothing of it needs to be kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.reward.config import Training
from training.reward.corpus import Comparison


@dataclass(frozen=True, eq=False)
class Pools:
    """Rows by what they are for, and how often each is drawn.

    Attributes:
        human, automatic: Comparisons.
        weights: By origin, against 1.
    """

    human: Sequence[Comparison]
    automatic: Sequence[Comparison]
    weights: Mapping[str, float]

    def chances(self, rows: Sequence[Comparison]) -> NDArray[np.float64]:
        weights = np.array([self.weights.get(row.origin, 1.0) for row in rows], float)
        return weights / weights.sum()


def automatic_share(strategy: str, step: int, steps: int) -> float | None:
    """Return the share of automatic rows in a batch; nothing where rows are drawn by weight alone.

    smooth: alpha_t = (1 + cos(pi t / T)) / 2, from 1 down to 0 (Identity-GRPO).
    """
    if strategy == "smooth":
        return 0.5 * (1 + math.cos(math.pi * step / max(steps, 1)))
    return {"human": 0.0, "automatic": 1.0, "random": 0.5}.get(strategy)


def draw_rows(
    pools: Pools, training: Training, strategy: str, stage: int, step: int, steps: int
) -> list[Comparison]:
    """Return one batch of comparisons, without repeats where there are enough."""
    rng = np.random.default_rng([training.seed, stage, step])
    share = automatic_share(strategy, step, steps)
    if share is None:
        return _drawn(rng, pools, [*pools.human, *pools.automatic], training.batch)
    if not pools.human or not pools.automatic:
        share = float(bool(pools.automatic)) if not pools.human else 0.0
    count = int(rng.binomial(training.batch, share))
    return _drawn(rng, pools, pools.automatic, count) + _drawn(
        rng, pools, pools.human, training.batch - count
    )


def _drawn(
    rng: np.random.Generator, pools: Pools, rows: Sequence[Comparison], count: int
) -> list[Comparison]:
    if count == 0:
        return []
    chances = pools.chances(rows)
    again = count > int((chances > 0).sum())
    return [rows[int(i)] for i in rng.choice(len(rows), count, replace=again, p=chances)]


def swapped(rows: Sequence[Comparison], rng: np.random.Generator) -> list[Comparison]:
    """Return the rows with a and b exchanged in half of them."""
    return [
        replace(row, a=row.b, b=row.a, label=row.label[::-1], people=row.people[:, ::-1].copy())
        if flip
        else row
        for row, flip in zip(rows, rng.random(len(rows)) < 0.5, strict=True)
    ]
