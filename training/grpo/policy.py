"""The weights of a policy: what is trained, what it started from, what sampled, and the moving average.

All are dictionaries of clones. `.cpu()` and `.detach()` of a tensor on the CPU are the same memory: a
backup made that way is no backup, and swapping an average in and out would train the average.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from training.grpo.config import Optimiser

Weights = dict[str, Tensor]


class Policy:
    """A network's trainable parameters under several values.

    Attributes:
        parameters: by name, those with `requires_grad`.
        base: their values at the start, the base policy.
    """

    def __init__(self, network: nn.Module) -> None:
        self.parameters = {name: held for name, held in network.named_parameters() if held.requires_grad}
        if not self.parameters:
            raise ValueError("the network has no parameter to train")
        self.base = self.snapshot()

    def snapshot(self) -> Weights:
        """Return clones of the current values."""
        return {name: held.detach().clone() for name, held in self.parameters.items()}

    @torch.no_grad()
    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take over values."""
        if weights.keys() != self.parameters.keys():
            raise ValueError("these weights are of another network or another choice of trained layers")
        for name, held in self.parameters.items():
            held.copy_(weights[name])

    @contextmanager
    def using(self, weights: Weights) -> Iterator[None]:
        """Compute with other values, without gradient, and put the current ones back bit for bit."""
        current = {name: held.data for name, held in self.parameters.items()}
        try:
            for name, held in self.parameters.items():
                held.data = weights[name]
            with torch.no_grad():
                yield
        finally:
            for name, held in self.parameters.items():
                held.data = current[name]


@torch.no_grad()
def blend_into(target: Weights, policy: Policy, decay: float) -> None:
    """target <- decay target + (1 - decay) current."""
    for name, held in policy.parameters.items():
        target[name].lerp_(held, 1 - decay)


def average_decay(most: float, updates: int) -> float:
    """Return the decay of the moving average after some updates: it warms up as (1 + n) / (10 + n)."""
    return min(most, (1 + updates) / (10 + updates))


def add_adapters(network: nn.Module, targets: tuple[str, ...], optimiser: Optimiser, seed: int) -> None:
    """Freeze a network and put low-rank adapters (peft) on the layers in `targets`; rank 0 trains all weights."""
    if optimiser.rank == 0:
        return
    from peft import LoraConfig, inject_adapter_in_model  # a heavy import that full-weight runs do without

    network.requires_grad_(False)
    torch.manual_seed(seed)
    config = LoraConfig(
        r=optimiser.rank,
        lora_alpha=optimiser.alpha,
        target_modules=list(targets),
        init_lora_weights="gaussian",
    )
    inject_adapter_in_model(config, network)
