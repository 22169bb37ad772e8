"""What the model is taught by. Pure functions of tensors, tested against values worked by hand.

Bradley-Terry with ties (Rao and Kupper 1967; as used for video rewards in VideoAlign): with d the difference of scores
and theta > 1, P(a) = s(d - ln theta), P(b) = s(-d - ln theta), P(tie) = (theta^2 - 1) s(d - ln theta) s(-d - ln theta),
s the logistic function; the three add up to 1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.reward.batches import Batch
from training.reward.network import Output

NEIGHBOURS = 0.5
"""Weight of the distance between neighbouring moments in `preservation_loss`."""


def tie_log_probabilities(difference: Tensor, log_theta: Tensor) -> Tensor:
    """Return log P(a), log P(tie), log P(b) as (N, 3) for differences of scores (N,) and ln theta > 0."""
    a = functional.logsigmoid(difference - log_theta)
    b = functional.logsigmoid(-difference - log_theta)
    # theta^2 - 1 = exp(2 ln theta) - 1, exact for small ln theta too.
    tie = torch.expm1(2 * log_theta).log() + a + b
    return torch.stack([a, tie, b], dim=-1)


def preference_loss(difference: Tensor, label: Tensor, log_theta: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted mean cross-entropy of soft labels (N, 3), NaN rows left out, 0 if none is left."""
    known = torch.isfinite(label).all(-1)
    entropy = -(torch.nan_to_num(label) * tie_log_probabilities(difference, log_theta)).sum(-1)
    counted = weight * known
    return (entropy * counted).sum() / counted.sum().clamp(min=1e-6)


def localisation_loss(kept_logit: Tensor, kept: Tensor) -> Tensor:
    """Return the mean cross-entropy of the curve (…, T) against how far faces are kept (…, T), NaN left out.

    Kept and lost moments weigh the same altogether: most moments of most clips are kept.
    """
    known = torch.isfinite(kept)
    target = torch.nan_to_num(kept)
    each = functional.binary_cross_entropy_with_logits(kept_logit, target, reduction="none")
    good, bad = known * target, known * (1 - target)
    share = 0.5 / good.sum().clamp(min=1.0) * good + 0.5 / bad.sum().clamp(min=1.0) * bad
    return (each * share).sum()


def routing_loss(output: Output, batch: Batch, kept: Tensor, kind: str) -> Tensor:
    """Return the router's loss over faces that are known to be their person's; background is never among them.

    Args:
        output: Of the model.
        batch: The clips.
        kept: (B, P, T), more than 0.9 where the face is its person's; NaN, unknown, is left out.
        kind: cross_entropy over identities, mse of the probabilities, or none.
    """
    routes = output.routes
    counted = batch.present & batch.has_person[..., None] & (torch.nan_to_num(kept) > 0.9)
    counted = counted & (batch.has_person.sum(1) > 1)[:, None, None]
    number = counted.sum().clamp(min=1)
    people = torch.arange(routes.shape[1])[None, :, None].expand(routes.shape[:3])
    if kind == "none":
        return routes.sum() * 0
    if kind == "cross_entropy":
        each = functional.cross_entropy(routes.flatten(0, 2), people.flatten(), reduction="none")
        return (each.reshape(counted.shape) * counted).sum() / number
    target = functional.one_hot(people, routes.shape[1]).to(routes.dtype)
    return (((routes.softmax(-1) - target) ** 2).mean(-1) * counted).sum() / number


def preservation_loss(output: Output, batch: Batch, kept: Tensor) -> Tensor:
    """Return the mean cosine distance of kept faces to their person plus half of that between neighbouring moments."""
    counted = batch.present & batch.has_person[..., None] & (torch.nan_to_num(kept) > 0.9)
    to_person = 1 - (output.faces * output.identities[:, :, None]).sum(-1)
    between = 1 - (output.faces[:, :, 1:] * output.faces[:, :, :-1]).sum(-1)
    both = counted[:, :, 1:] & counted[:, :, :-1]
    person = (to_person * counted).sum() / counted.sum().clamp(min=1)
    return person + NEIGHBOURS * (between * both).sum() / both.sum().clamp(min=1)
