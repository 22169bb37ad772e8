"""Weights under several values: on a CPU a swap must not train the average."""

import pytest
import torch
from torch import nn

from training.grpo.policy import Policy, average_decay, blend_into


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))


def test_swapping_in_and_out_restores_weights_bit_for_bit():
    policy = Policy(network())
    before, average = policy.snapshot(), {name: held + 1 for name, held in policy.base.items()}
    kept = {name: held.clone() for name, held in average.items()}
    with policy.using(average):
        assert all(torch.equal(held, average[name]) for name, held in policy.parameters.items())
    assert all(torch.equal(held, before[name]) for name, held in policy.parameters.items())
    with torch.no_grad():
        for held in policy.parameters.values():
            held.add_(5)
    assert all(torch.equal(average[name], value) for name, value in kept.items())
    assert all(torch.equal(policy.base[name], value) for name, value in before.items())


def test_an_error_inside_puts_the_weights_back():
    policy = Policy(network())
    before = policy.snapshot()
    with pytest.raises(RuntimeError), policy.using({name: held * 0 for name, held in policy.base.items()}):
        raise RuntimeError
    assert all(torch.equal(held, before[name]) for name, held in policy.parameters.items())


def test_gradients_after_a_swap_are_those_of_the_current_weights():
    held = network()
    policy, x = Policy(held), torch.ones(2, 3)
    held(x).sum().backward()
    expected = [p.grad.clone() for p in policy.parameters.values() if p.grad is not None]
    held.zero_grad()
    with policy.using({name: value * 0 for name, value in policy.base.items()}):
        assert (held(x) == 0).all()
    held(x).sum().backward()
    found = [p.grad for p in policy.parameters.values() if p.grad is not None]
    assert len(found) == 4
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_the_average_warms_up():
    assert [average_decay(0.9, n) for n in (0, 1, 8, 80, 1000)] == pytest.approx([0.1, 2 / 11, 0.5, 0.9, 0.9])
    policy = Policy(network())
    target = {name: torch.zeros_like(held) for name, held in policy.base.items()}
    blend_into(target, policy, 0.75)
    assert all(torch.allclose(target[name], policy.base[name] / 4) for name in target)


def test_other_weights_and_a_frozen_network_are_refused():
    with pytest.raises(ValueError, match="another network"):
        Policy(network()).load({})
    with pytest.raises(ValueError, match="no parameter to train"):
        Policy(network().requires_grad_(False))
