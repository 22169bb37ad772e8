"""Muon: updates of matrices made orthogonal."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from training.generators.toy.muon import Muon, orthogonal


def test_an_orthogonal_update_keeps_directions_and_evens_out_their_sizes():
    torch.manual_seed(0)
    left, right = torch.linalg.qr(torch.randn(6, 6))[0], torch.linalg.qr(torch.randn(9, 9))[0][:6]
    sizes = torch.tensor([3.0, 1.0, 0.5, 0.3, 0.2, 0.1])
    matrix = (left * sizes) @ right
    found = left.T @ orthogonal(matrix[None])[0] @ right.T
    assert (found.diagonal() > 0.6).all()
    assert (found.diagonal() < 1.3).all()
    torch.testing.assert_close(found, found.diagonal().diag(), atol=1e-4, rtol=0)


def test_matrices_step_by_the_same_amount_lying_or_standing():
    torch.manual_seed(0)
    lying = nn.Parameter(torch.zeros(4, 10))
    standing = nn.Parameter(torch.zeros(10, 4))
    lying.grad = torch.randn(4, 10)
    standing.grad = lying.grad.T.clone()
    optimiser = Muon([lying, standing, nn.Parameter(torch.ones(3, 3))], lr=0.01)
    optimiser.step()
    torch.testing.assert_close(lying, standing.T)
    assert (lying * lying.grad).sum() < 0
    assert lying.square().mean().sqrt().item() == pytest.approx(0.2 * 0.01, rel=0.2)  # what AdamW's would be


def test_it_goes_on_bit_for_bit():
    def steps(matrix: nn.Parameter, optimiser: Muon, first: int, last: int) -> None:
        for number in range(first, last):
            matrix.grad = torch.sin(matrix.detach() * 7 + number)
            optimiser.step()

    start = torch.arange(12.0).reshape(3, 4)
    whole, parts = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    steps(whole, Muon([whole], lr=0.1), 0, 4)
    first = Muon([parts], lr=0.1)
    steps(parts, first, 0, 2)
    second = Muon([parts], lr=0.1)
    second.load_state_dict(first.state_dict())
    steps(parts, second, 2, 4)
    assert torch.equal(whole, parts)
