"""Low-rank adapters on disk: what a tuned policy adds to its base."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from training.generators.protocol import GeneratorError


def save_adapters(network: nn.Module, folder: Path) -> None:
    """Write the trainable parameters, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    held = {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}
    partial = folder / "adapters.partial"
    torch.save(held, partial)
    partial.rename(folder / "adapters.pt")


def load_adapters(network: nn.Module, folder: Path) -> None:
    """Read adapters into a network that already has the layers for them. GeneratorError names what does not fit."""
    path = folder / "adapters.pt"
    if not path.is_file():
        raise GeneratorError(f"{path} is missing")
    held = torch.load(path, weights_only=True)
    wanted = {name: p for name, p in network.named_parameters() if p.requires_grad}
    odd = sorted(held.keys() ^ wanted.keys())
    if odd or any(held[name].shape != wanted[name].shape for name in held):
        raise GeneratorError(
            f"{path} was made for another network or rank: {', '.join(odd[:3]) or 'shapes differ'}"
        )
    with torch.no_grad():
        for name, value in held.items():
            wanted[name].copy_(value)
