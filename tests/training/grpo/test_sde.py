"""Steps of the sampler: marginals, edges, log-probabilities, and what reference slots may not do."""

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from training.grpo.sde import (
    Kind,
    Noise,
    Transition,
    diffusion,
    draw,
    flow_sigmas,
    kept_mean,
    log_probability,
    sensitivity,
    transition,
)

MEAN, STD = 1.5, 0.5  # of the data in the Gaussian world
EVERYTHING = torch.ones(1, dtype=torch.bool)
SDES = [Noise("flow_grpo", 0.7), Noise("constant", 0.3), Noise("linear", 1.0)]


def gaussian_velocity(x: Tensor, s: float) -> Tensor:
    """The exact velocity between N(0, 1) and N(MEAN, STD^2)."""
    variance = (1 - s) ** 2 * STD**2 + s**2
    return -MEAN + (s - (1 - s) * STD**2) / variance * (x - (1 - s) * MEAN)


def end_of_sampling(sigmas: tuple[float, ...], noise: Noise | None) -> tuple[float, float]:
    """Mean and standard deviation after all steps: each is linear in x, so both follow exactly, without sampling."""
    mean, variance = 0.0, 1.0
    for step in range(len(sigmas) - 1):
        x = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
        reached = transition(x, gaussian_velocity(x, sigmas[step]), sigmas, step, noise)
        at_zero, at_one = reached.mean.flatten().tolist()
        mean = at_zero + (at_one - at_zero) * mean
        variance = (at_one - at_zero) ** 2 * variance + reached.std**2
    return mean, math.sqrt(variance)


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (None, (0.445, 0.486, 0.496)),
        (Noise("flow_grpo", 0.7), (0.467, 0.492, 0.499)),
        (Noise("constant", 0.3), (0.450, 0.487, 0.497)),
        (Noise("linear", 1.0), (0.453, 0.488, 0.497)),
        (Noise("preserving", 0.8), (0.358, 0.387, 0.398)),
        (Noise("preserving", 1e-4), (0.445, 0.486, 0.496)),
    ],
)
def test_marginals_of_a_gaussian(noise, expected):
    for steps, std in zip((25, 100, 400), expected, strict=True):
        assert end_of_sampling(flow_sigmas(steps, 3.0), noise) == pytest.approx((MEAN, std), abs=6e-4)


@pytest.mark.parametrize("noise", SDES)
@pytest.mark.parametrize("first", [1.0, 0.999, 1 - 1e-6])
def test_noise_converges_to_the_marginals_of_the_ode(noise, first):
    for steps, tolerance in ((25, 0.03), (400, 0.004)):
        sigmas = flow_sigmas(steps, 3.0, first)
        assert end_of_sampling(sigmas, noise)[1] == pytest.approx(
            end_of_sampling(sigmas, None)[1], abs=tolerance
        )


@pytest.mark.parametrize("noise", [*SDES, Noise("preserving", 0.8)])
@pytest.mark.parametrize("first", [1.0, 0.999, 1 - 1e-6])
@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0, 16.0])
def test_the_first_step_is_bounded_and_the_last_is_clean(noise, first, shift):
    sigmas = flow_sigmas(25, shift, first)
    x = torch.ones(1, 1)
    stds = [transition(x, x, sigmas, step, noise).std for step in range(25)]
    assert 0 < stds[0] <= 1
    assert all(0 < std <= 1 for std in stds[:-1])
    assert stds[-1] == 0


def test_the_first_step_of_flow_grpo_adds_its_level():
    assert transition(
        EVERYTHING.float(), EVERYTHING.float(), flow_sigmas(25, 3.0), 0, Noise()
    ).std == pytest.approx(0.7)


def test_sigmas_are_those_of_the_published_schedulers():
    assert flow_sigmas(4) == (1.0, 0.75, 0.5, 0.25, 0.0)
    assert flow_sigmas(25, 3.0, 0.999)[0] == pytest.approx(0.99967, abs=1e-5)
    falling = flow_sigmas(25, 16.0)
    assert all(a > b for a, b in itertools.pairwise(falling))
    for wrong in ((0, 3.0, 1.0), (5, 0.0, 1.0), (5, 3.0, 1.5)):
        with pytest.raises(ValueError, match="no schedule"):
            flow_sigmas(*wrong)


@pytest.mark.parametrize("kind", ["flow_grpo", "constant", "linear"])
def test_little_noise_is_eulers_step(kind: Kind):
    generator = torch.Generator().manual_seed(1)
    x, v, z = torch.randn(3, 4, 5, 6, generator=generator)
    sigmas = flow_sigmas(10, 3.0)
    for step in range(9):
        euler = x + v * (sigmas[step + 1] - sigmas[step])
        assert torch.equal(transition(x, v, sigmas, step, Noise(kind, 0.0)).mean, euler)
        level = 1e-3 / diffusion(sigmas, step, Noise(kind, 1.0))  # so that g = 1e-3
        little = transition(x, v, sigmas, step, Noise(kind, level))
        result = draw(little, z, euler, EVERYTHING)
        assert ((result - euler).abs() <= 1e-5 + 1e-3 * z.abs()).all()


@pytest.mark.parametrize("noise", [*SDES, Noise("preserving", 0.8)])
def test_log_probabilities_are_those_of_the_normal_distribution(noise):
    generator = torch.Generator().manual_seed(2)
    x, v, z = torch.randn(3, 4, 5, 6, generator=generator)
    reached = transition(x, v, flow_sigmas(10, 3.0), 3, noise)
    result = draw(reached, z, x, EVERYTHING)
    expected = torch.distributions.Normal(reached.mean, reached.std).log_prob(result).mean((1, 2))
    torch.testing.assert_close(log_probability(result, reached, EVERYTHING), expected, atol=2e-6, rtol=1e-6)


def test_the_expected_log_probability_is_the_negative_entropy():
    z = torch.randn(4, 50_000, generator=torch.Generator().manual_seed(3))
    reached = Transition(torch.zeros_like(z), 0.3, -0.1)
    found = log_probability(draw(reached, z, z, EVERYTHING), reached, EVERYTHING)
    assert found.tolist() == pytest.approx([-math.log(0.3) - 1.4189] * 4, abs=0.02)


def test_a_step_of_the_ode_has_no_density():
    with pytest.raises(ValueError, match="leave it out of the window"):
        log_probability(torch.zeros(1, 1), Transition(torch.zeros(1, 1), 0.0, -0.1), EVERYTHING)


def with_references(video: Tensor, references: int, filled: float) -> tuple[Tensor, Tensor]:
    """Put reference slots before the video in time; return latents and which slots are generated."""
    latents = torch.cat([torch.full((len(video), references, 3), filled), video], dim=1)
    return latents, torch.arange(latents.shape[1]).reshape(1, -1, 1) >= references


@pytest.mark.parametrize("references", [0, 1, 4])
def test_reference_slots_count_in_nothing(references):
    video, v, z = torch.randn(3, 2, 5, 3, generator=torch.Generator().manual_seed(4))
    alone = transition(video, v, flow_sigmas(10, 3.0), 2, Noise())
    result = draw(alone, z, video, EVERYTHING)
    expected = log_probability(result, alone, EVERYTHING)
    for filled in (0.0, 7.0, float("nan")):
        latents, keep = with_references(video, references, filled)
        velocity = with_references(v, references, filled)[0].requires_grad_()
        reached = transition(latents, velocity, flow_sigmas(10, 3.0), 2, Noise())
        found = log_probability(with_references(result, references, -filled)[0], reached, keep)
        torch.testing.assert_close(found, expected)
        (gradient,) = torch.autograd.grad(found.sum(), velocity)
        assert (gradient[:, :references] == 0).all()
        assert (gradient[:, references:] != 0).all()


def test_reference_slots_take_the_step_of_the_ode():
    x, v, z = torch.randn(3, 2, 5, 3, generator=torch.Generator().manual_seed(5))
    keep = torch.arange(5).reshape(1, -1, 1) >= 2
    sigmas = flow_sigmas(10, 3.0)
    ode = transition(x, v, sigmas, 2, None).mean
    result = draw(transition(x, v, sigmas, 2, Noise()), z, ode, keep)
    assert torch.equal(result[:, :2], ode[:, :2])
    assert (result[:, 2:] != ode[:, 2:]).all()


def test_rows_may_keep_different_slots():
    values = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    keep = torch.tensor([[True, False, True], [False, False, True]])
    assert kept_mean(values, keep).tolist() == [2.0, 6.0]


@pytest.mark.parametrize("noise", SDES)
def test_sensitivity_is_the_gradient_of_the_log_probability(noise):
    sigmas = flow_sigmas(10, 3.0)
    found = []
    for step in range(9):
        v = torch.zeros(1, 1, requires_grad=True)
        reached = transition(torch.ones(1, 1), v, sigmas, step, noise)
        density = log_probability(reached.mean.detach() + reached.std, reached, EVERYTHING)
        found.append(abs(torch.autograd.grad(density.sum(), v)[0].item()))
    assert found == pytest.approx([sensitivity(sigmas, step, noise) for step in range(9)], rel=1e-4)


def test_impossible_noise_is_refused():
    impossible: list[tuple[Any, float]] = [
        ("sde", 0.7), ("constant", -1.0), ("preserving", 1.5), ("flow_grpo", float("nan"))
    ]  # fmt: skip
    for kind, level in impossible:
        with pytest.raises(ValueError, match="noise"):
            Noise(kind, level)
