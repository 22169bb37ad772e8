"""What a video generator must offer to be sampled, tuned and compared; the loop knows nothing else of it.

A generator encodes a prompt and its references once, gives the velocity of latents at a sigma, and decodes
latents to frames. It says which latent slots it generates: slots that carry references along never count in
log-probabilities.

Convention as in `training.grpo.sde`: sigma 1 is noise, 0 is data, the velocity is noise - data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class GeneratorError(Exception):
    """A sentence for a person to read: weights missing or of another layout, a prompt that does not fit."""


@dataclass(frozen=True)
class Prompt:
    """What is asked for.

    Attributes:
        id: names the prompt; groups of samples are told apart by their place in a plan, not by this.
        text: may be empty where a generator knows no text.
        references: for each person, in order, pictures (H, W, 3) uint8 RGB. Sizes may differ.
    """

    id: str
    text: str
    references: tuple[tuple[NDArray, ...], ...]


@dataclass(frozen=True)
class Guidance:
    """How far to go beyond the unconditional velocity; 1 takes the conditional one and costs no second pass.

    Attributes:
        text: for the prompt.
        references: for the people, where a generator guides on them apart from the text.
    """

    text: float = 1.0
    references: float = 1.0


@dataclass(frozen=True)
class Conditions:
    """N encoded prompts: tensors whose first axis is N. A generator pads rows with fewer people or references."""

    tensors: dict[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.tensors.values())))

    @property
    def device(self) -> torch.device:
        """Where the tensors lie, and the latents that go with them."""
        return next(iter(self.tensors.values())).device

    def to(self, device: torch.device) -> Conditions:
        """Return the conditions on another device."""
        return Conditions({name: held.to(device) for name, held in self.tensors.items()})

    def taken(self, rows: Sequence[int]) -> Conditions:
        """Return the conditions of some rows, repeated where `rows` repeats."""
        index = torch.as_tensor(rows, device=self.device)
        return Conditions({name: held.index_select(0, index) for name, held in self.tensors.items()})


class Generator(Protocol):
    """A flow-matching video generator.

    Attributes:
        network: what is tuned: its trainable parameters are those with `requires_grad`.
        lora_targets: names of the linear layers that low-rank adapters go on.
        most_people: that a prompt may name.
    """

    @property
    def network(self) -> nn.Module: ...
    @property
    def lora_targets(self) -> tuple[str, ...]: ...
    @property
    def most_people(self) -> int: ...

    def encode(self, prompts: Sequence[Prompt]) -> Conditions:
        """Encode texts and references, once for all samples of a prompt. GeneratorError says what does not fit."""
        ...

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        """Return the shape of one sample's latents, slots of references included."""
        ...

    def generated(self, conditions: Conditions) -> Tensor:
        """Return which latent elements are generated: boolean, (N or 1, ...), broadcasts to (N, *latent_shape)."""
        ...

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        """Return the guided velocity, as latents (N, *latent_shape); sigma (N,). Reference slots may hold anything."""
        ...

    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        """Return frames (N, T, H, W, 3) uint8."""
        ...

    def save(self, folder: Path) -> None:
        """Write what differs from the base: adapters, or all weights."""
        ...
