"""Losses on numbers worked out by hand, by quadrature and by torch.distributions."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.grpo.loss import (
    clipped_surrogate,
    flow_matching,
    forward_process,
    kl_to_base,
    log_ratio,
    normalised_log_ratio,
    old_policy_decay,
)
from training.grpo.sde import Noise, Transition, flow_sigmas, log_probability, transition

EVERYTHING = torch.ones(1, dtype=torch.bool)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_clipped_surrogate_by_hand():
    log_ratios = torch.log(torch.tensor([1.3, 1.3, 0.6, 0.6, 1.05])).requires_grad_()
    found = clipped_surrogate(log_ratios, torch.tensor([1.0, -1.0, 1.0, -1.0, 2.0]), clip=0.2)
    assert found.loss.item() == pytest.approx((-1.2 + 1.3 - 0.6 + 0.8 - 2.1) / 5)
    assert found.clipped == pytest.approx(2 / 5)
    found.loss.backward()
    assert (log_ratios.grad == 0).tolist() == [True, False, False, True, False]
    assert found.ratios.tolist() == pytest.approx([1.3, 1.3, 0.6, 0.6, 1.05])


def test_advantages_of_zero_give_no_gradient_and_count_as_unclipped():
    log_ratios = torch.tensor([0.5, -0.5], requires_grad=True)
    found = clipped_surrogate(log_ratios, torch.zeros(2), clip=0.1)
    found.loss.backward()
    assert log_ratios.grad.tolist() == [0.0, 0.0]
    assert found.clipped == 0


def quadrature(slope: float) -> tuple[Transition, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A step of a linear 1-D policy v = slope x from x = 0.8, its results at Gauss-Hermite nodes, their weights."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    x = torch.full((24, 1), 0.8, dtype=torch.float64)
    theta = torch.tensor(slope, dtype=torch.float64, requires_grad=True)
    reached = transition(x, theta * x, flow_sigmas(8, 3.0), 3, Noise())
    results = reached.mean.detach() + reached.std * torch.tensor(nodes)[:, None]
    return reached, results, torch.tensor(weights / weights.sum()), theta


def test_the_surrogates_gradient_is_that_of_the_expected_reward():
    def reward(x: torch.Tensor) -> torch.Tensor:
        return torch.sin(2 * x)[:, 0]

    def expected(slope: float) -> float:
        _, results, weights, _ = quadrature(slope)
        return float((weights * reward(results)).sum())

    slope, h = -0.4, 1e-4
    wanted = (expected(slope + h) - expected(slope - h)) / (2 * h)
    reached, results, weights, theta = quadrature(slope)
    old = log_probability(results, reached, EVERYTHING).detach()
    for sign in (1, -1):
        advantages = sign * len(weights) * weights * (reward(results) - expected(slope))
        loss = clipped_surrogate(log_ratio(results, reached, old, EVERYTHING), advantages, clip=0.2).loss
        (gradient,) = torch.autograd.grad(loss, theta, retain_graph=True)
        assert float(gradient) == pytest.approx(-sign * wanted, rel=2e-3)


def moved(
    delta: float, size: int, samples: int = 64, std: float = 0.4
) -> tuple[Transition, Transition, torch.Tensor]:
    """An old step, one whose mean moved by `delta` stds in each element, and results of the old one."""
    old = Transition(normal(samples, size), std, -0.1)
    signs = torch.sign(normal(samples, size, seed=1))
    new = replace(old, mean=old.mean + delta * std * signs)
    return old, new, old.mean + std * normal(samples, size, seed=2)


def test_a_mean_reduced_ratio_is_biased_and_normalising_mends_it():
    delta, size, samples = 0.05, 4000, 64
    old, new, results = moved(delta, size, samples)
    before = log_probability(results, old, EVERYTHING)
    plain = log_ratio(results, new, before, EVERYTHING)
    error = delta / math.sqrt(size)
    assert float(plain.mean()) == pytest.approx(-(delta**2) / 2, abs=3 * error / math.sqrt(samples))
    assert float(plain.std()) == pytest.approx(error, rel=0.3)
    normalised = normalised_log_ratio(results, new, before, old.mean, EVERYTHING)
    assert abs(float(normalised.mean())) < 3 * old.std * error / math.sqrt(samples)
    # Free of the standard deviation: it is mean(z (mu - mu_old)).
    direct = ((results - old.mean) / old.std * (new.mean - old.mean)).mean(1)
    torch.testing.assert_close(normalised, direct, atol=1e-6, rtol=1e-3)


def test_both_ratios_are_exactly_one_before_the_first_update():
    old, _, results = moved(0.0, 100)
    before = log_probability(results, old, EVERYTHING)
    assert (torch.exp(log_ratio(results, old, before, EVERYTHING)) == 1).all()
    assert (torch.exp(normalised_log_ratio(results, old, before, old.mean, EVERYTHING)) == 1).all()


def test_kl_is_that_of_two_normal_distributions_and_zero_at_the_start():
    old, new, _ = moved(0.3, 50)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(new.mean, new.std), torch.distributions.Normal(old.mean, old.std)
    ).mean(1)
    torch.testing.assert_close(kl_to_base(new, old.mean, EVERYTHING), expected)
    assert (kl_to_base(old, old.mean, EVERYTHING) == 0).all()


def test_kl_and_forward_losses_leave_reference_slots_out():
    keep = torch.tensor([[False, True, True]])
    clean, noise, v, old, base = normal(5, 4, 3)
    poisoned = torch.where(keep, v, float("nan")).requires_grad_()
    loss = kl_to_base(Transition(poisoned, 0.3, -0.1), old, keep) + flow_matching(
        poisoned, clean, noise, keep
    )
    assert torch.isfinite(loss).all()
    whole = flow_matching(v[:, 1:], clean[:, 1:], noise[:, 1:], EVERYTHING)
    torch.testing.assert_close(flow_matching(poisoned, clean, noise, keep), whole)
    sigma = torch.full((4,), 0.6)
    forward = forward_process(
        poisoned, old, base, clean=clean, noised=0.4 * clean + 0.6 * noise, sigma=sigma,
        advantages=torch.ones(4), keep=keep,
    )  # fmt: skip
    (gradient,) = torch.autograd.grad((loss + forward.loss).sum(), poisoned)
    assert (gradient[:, 0] == 0).all()
    assert (gradient[:, 1:] != 0).all()


@pytest.mark.parametrize("beta", [1.0, 0.1])
def test_the_forward_loss_starts_as_fine_tuning_weighted_by_advantage(beta):
    clean, noise, old = normal(3, 5, 6)
    sigma = torch.tensor([0.3, 0.5, 0.7, 0.9, 0.6])
    noised = (1 - sigma[:, None]) * clean + sigma[:, None] * noise
    advantages = torch.tensor([5.0, -5.0, 0.0, 2.0, 9.0])  # the last is beyond the bound
    v = old.clone().requires_grad_()
    parts = forward_process(
        v,
        old,
        old,
        clean=clean,
        noised=noised,
        sigma=sigma,
        advantages=advantages,
        keep=EVERYTHING,
        beta=beta,
    )
    parts.loss.sum().backward()
    found_clean = noised - sigma[:, None] * old
    weight = (found_clean - clean).abs().mean(1, keepdim=True)
    share = torch.tensor([1.0, 0.0, 0.5, 0.7, 1.0])[:, None]
    expected = -(2 * share - 1) * 5 * 2 * sigma[:, None] * (found_clean - clean) / weight / 6
    torch.testing.assert_close(v.grad, expected, atol=1e-6, rtol=1e-4)
    assert (v.grad[2].abs() < 1e-6).all()
    # At the largest advantage it is fine-tuning's gradient, times 5 sigma^2 / weight.
    tuned = old.clone().requires_grad_()
    flow_matching(tuned, clean, noise, EVERYTHING).sum().backward()
    torch.testing.assert_close(v.grad[0], tuned.grad[0] * 5 * sigma[0] ** 2 / weight[0], atol=1e-6, rtol=1e-4)


def test_the_forward_loss_pulls_to_the_base():
    clean, noise, old, v = normal(4, 2, 3)
    sigma = torch.tensor([0.5, 0.5])
    common = {
        "clean": clean,
        "noised": (clean + noise) / 2,
        "sigma": sigma,
        "advantages": sigma,
        "keep": EVERYTHING,
    }
    free = forward_process(v, old, old, **common, base_weight=0.0)
    held = forward_process(v, old, old, **common, base_weight=2.0)
    torch.testing.assert_close(held.loss - free.loss, 2 * ((v - old) ** 2).mean(1))


def test_the_old_policy_lags_as_scheduled():
    assert [old_policy_decay(n) for n in (0, 1, 100, 500, 9000)] == pytest.approx([0, 0.001, 0.1, 0.5, 0.5])
