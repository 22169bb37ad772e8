"""The losses against values worked by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from training.reward.losses import localisation_loss, preference_loss, tie_log_probabilities
from training.reward.network import soft_minimum

LN5 = torch.tensor(math.log(5.0))


def test_probabilities_of_a_tie_at_theta_five():
    """At d = 0: 1/6, 2/3, 1/6; at d = ln 5: P(a) is a half."""
    even, ahead = tie_log_probabilities(torch.tensor([0.0, math.log(5.0)]), LN5).exp()

    assert_close(even, torch.tensor([1 / 6, 2 / 3, 1 / 6]))
    # s(-2 ln 5) = 1/26, and (25 - 1) / 2 / 26 is what is left for a tie.
    assert_close(ahead, torch.tensor([1 / 2, 12 / 26, 1 / 26]))


@pytest.mark.parametrize("theta", [1.001, 1.5, 5.0, 80.0])
def test_the_three_add_up_to_one(theta):
    difference = torch.linspace(-30, 30, 61, dtype=torch.float64)

    total = (
        tie_log_probabilities(difference, torch.tensor(math.log(theta), dtype=torch.float64)).exp().sum(-1)
    )

    assert_close(total, torch.ones_like(total))


def test_a_preference_costs_its_cross_entropy_by_weight():
    difference = torch.tensor([0.0, math.log(5.0), 7.0])
    label = torch.tensor([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5], [math.nan] * 3])
    weight = torch.tensor([1.0, 3.0, 9.0])

    loss = preference_loss(difference, label, LN5, weight)

    first, second = -math.log(2 / 3), -0.5 * math.log(1 / 2) - 0.5 * math.log(1 / 26)
    assert loss.item() == pytest.approx((first + 3 * second) / 4, rel=1e-6)


def test_preferences_that_nobody_has_cost_nothing():
    label = torch.full((2, 3), math.nan)

    assert preference_loss(torch.ones(2), label, LN5, torch.ones(2)).item() == 0


def test_lost_moments_weigh_as_much_as_kept_ones():
    logit = torch.tensor([2.0, 2.0, 2.0, 2.0, 9.0])
    kept = torch.tensor([1.0, 1.0, 1.0, 0.0, math.nan])

    loss = localisation_loss(logit, kept)

    good, bad = math.log1p(math.exp(-2)), math.log1p(math.exp(2))
    assert loss.item() == pytest.approx(0.5 * good + 0.5 * bad, rel=1e-6)


def test_a_soft_minimum_lies_between_least_and_mean():
    values = torch.tensor([[0.0, math.log(3.0), 99.0]])
    counted = torch.tensor([[True, True, False]])
    raw_tau = torch.tensor(math.log(math.expm1(1 - 0.05)))  # tau is 1

    # -ln((1 + 1/3) / 2) = ln 1.5
    assert_close(soft_minimum(values, raw_tau, counted), torch.tensor([math.log(1.5)]))
    assert soft_minimum(values, torch.tensor(60.0), counted).item() == pytest.approx(
        math.log(3) / 2, abs=0.01
    )
    assert soft_minimum(values, torch.tensor(-60.0), counted).item() == pytest.approx(0, abs=0.05)
