"""All losses of a batch of comparisons, each switched by its weight."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from training.reward.batches import Batch
from training.reward.config import Loss
from training.reward.corpus import Comparison, Known
from training.reward.losses import (
    localisation_loss,
    preference_loss,
    preservation_loss,
    routing_loss,
)
from training.reward.network import IdentityReward


class Objective(nn.Module):
    """The losses and theta, which may be learned."""

    def __init__(self, loss: Loss) -> None:
        super().__init__()
        self.loss = loss
        # theta = 1 + exp(x): above 1 whatever x is.
        self.raw_theta = nn.Parameter(torch.tensor(math.log(loss.theta - 1)), requires_grad=loss.learn_theta)

    @property
    def log_theta(self) -> Tensor:
        return torch.log1p(self.raw_theta.exp())

    def forward(
        self, model: IdentityReward, rows: Sequence[Comparison], batch: Batch, known: Sequence[Known]
    ) -> dict[str, Tensor]:
        """Return each loss by name, weighted, and their sum as "loss".

        Args:
            model: The model.
            rows: N comparisons.
            batch: Their 2N clips, first all a, then all b.
            known: What is known of every clip of the corpus, by place.
        """
        n = len(rows)
        output = model(batch)
        label = torch.tensor([row.label for row in rows], dtype=torch.float32)
        weight = torch.tensor([row.weight for row in rows], dtype=torch.float32)
        kept = _padded(
            [known[row.a].kept for row in rows] + [known[row.b].kept for row in rows], output.curve.shape
        )
        losses: dict[str, Tensor] = {}
        loss, log_theta = self.loss, self.log_theta
        if loss.overall:
            difference = output.reward[:n] - output.reward[n:]
            losses["overall"] = loss.overall * preference_loss(difference, label, log_theta, weight)
        if loss.person:
            people = _padded([row.people for row in rows], (n, output.person.shape[1], 3))
            difference = (output.person[:n] - output.person[n:]).flatten()
            each = weight[:, None].expand(-1, people.shape[1]).flatten()
            losses["person"] = loss.person * preference_loss(
                difference, people.flatten(0, 1), log_theta, each
            )
        if loss.localisation:
            losses["localisation"] = loss.localisation * localisation_loss(output.kept, kept)
        if loss.routing and loss.routing_kind != "none":
            losses["routing"] = loss.routing * routing_loss(output, batch, kept, loss.routing_kind)
        if loss.preservation:
            losses["preservation"] = loss.preservation * preservation_loss(output, batch, kept)
        losses["loss"] = torch.stack(list(losses.values())).sum()
        return losses


def _padded(arrays: Sequence[np.ndarray], shape: Sequence[int]) -> Tensor:
    """Return arrays of different numbers of people as one tensor, NaN where there is nobody."""
    padded = np.full((len(arrays), *shape[1:]), np.nan, np.float32)
    for place, array in enumerate(arrays):
        padded[place, : len(array)] = array
    return torch.from_numpy(padded)
