"""Muon: momentum whose matrix updates are made orthogonal, so that every direction moves alike.

K. Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"; the step's size as
Moonlight scales it (arXiv 2502.16982), so that AdamW's learning rates fit. torch.optim.Muon does the same in
bfloat16 matrix by matrix, which on a CPU takes half as long as a whole training step of the toy; here
matrices of one shape go through the Newton-Schulz iteration together, in float32.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

_A, _B, _C = 3.4445, -4.7750, 2.0315  # coefficients that rise fastest at 0; singular values end in 0.7 to 1.2


class Muon(torch.optim.Optimizer):
    """For matrices; everything else belongs to another optimiser. Nesterov momentum, no weight decay."""

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, iterations: int = 5
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "iterations": iterations})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # nothing here evaluates a closure
        for group in self.param_groups:
            shapes: dict[tuple[int, int], list[nn.Parameter]] = defaultdict(list)
            for held in group["params"]:
                if held.grad is not None:
                    shapes[min(held.shape), max(held.shape)].append(held)
            for (short, long), parameters in shapes.items():
                moved = torch.stack([self._momentum(held, group["momentum"]) for held in parameters])
                size = group["lr"] * 0.2 * long**0.5
                for held, update in zip(parameters, orthogonal(moved, group["iterations"]), strict=True):
                    held.sub_(update if held.shape == (short, long) else update.T, alpha=size)

    def _momentum(self, held: nn.Parameter, decay: float) -> Tensor:
        """Return the update before it is made orthogonal, lying down."""
        state, gradient = self.state[held], held.grad
        assert gradient is not None
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(held)
        state["momentum"].lerp_(gradient, 1 - decay)
        moved = gradient.lerp(state["momentum"], decay)
        return moved if moved.shape[0] <= moved.shape[1] else moved.T


def orthogonal(matrices: Tensor, iterations: int = 5) -> Tensor:
    """Return (N, short, long) matrices with singular values near 1 and the same singular vectors, about."""
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(iterations):
        square = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=_B, alpha=_C), x, beta=_A)
    return x
