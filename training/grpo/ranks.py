"""The processes that share an update. One needs none of it; under torchrun or accelerate sums go over all.

Groups are dealt to processes whole. Gradients are sums over samples divided by the global count, so that
any number of processes gives what one gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, distributed


def rank() -> int:
    return distributed.get_rank() if _shared() else 0


def ranks() -> int:
    return distributed.get_world_size() if _shared() else 1


def summed(values: Tensor) -> Tensor:
    """Return the sum over processes."""
    if _shared():
        values = values.clone()
        distributed.all_reduce(values)
    return values


def averaged(numbers: Mapping[str, float]) -> dict[str, float]:
    """Return the mean over processes of each number, so that all of them decide alike."""
    means = summed(torch.tensor(list(numbers.values()), dtype=torch.float64)) / ranks()
    return dict(zip(numbers, means.tolist(), strict=True))


def sum_gradients(parameters: Iterable[Tensor]) -> None:
    """Sum gradients over processes in one message; a process whose groups were all dropped adds zeros."""
    if not _shared():
        return
    parameters = list(parameters)
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters])
    distributed.all_reduce(flat)
    for held, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        held.grad = part.view_as(held).clone()


def _shared() -> bool:
    return distributed.is_available() and distributed.is_initialized()
