"""Sampling: the ODE without a window, the same sample in any batch, shared and own noise, reference slots."""

import itertools

import torch
from torch import Tensor

from tests.training.grpo.worlds import Mixture, prompts, small
from training.generators.protocol import Conditions, Guidance
from training.grpo.plan import evaluation_rows, plan_update
from training.grpo.rollout import roll_out


class WithReference(Mixture):
    """One slot of a reference before the generated one; the reference moves the velocity of both."""

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        return (2,)

    def generated(self, conditions: Conditions) -> Tensor:
        return torch.tensor([[False, True]])

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        reference = super().velocity(latents[:, :1], sigma, conditions, guidance)
        return torch.cat([reference, super().velocity(latents[:, 1:], sigma, conditions, guidance)], dim=1)

    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        return super().decode(latents[:, 1:], conditions)


def test_without_a_window_it_is_eulers_method_bit_for_bit():
    config, generator = small(), Mixture()
    conditions = generator.encode(prompts(4))
    plan = plan_update(config, 0, 4)
    found = roll_out(generator, conditions, plan.rows, config.sampler, batch=96)
    x = torch.stack([torch.randn((1, 1), generator=_seeded(row.initial_seed)) for row in plan.rows])[:, 0]
    sigmas = config.sampler.sigmas
    with torch.no_grad():
        for s, to in itertools.pairwise(sigmas):
            x = x + generator.velocity(x, torch.full((len(x),), s), conditions, Guidance()) * (to - s)
    assert torch.equal(found.clean, x)
    assert found.before.shape == (96, 0)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_does_not_depend_on_the_batch():
    config, generator = small(), Mixture()
    conditions, plan = generator.encode(prompts(4)), plan_update(config, 3, 4)
    whole, parts = (
        roll_out(generator, conditions, plan.rows, config.sampler, window=plan.window, batch=batch)
        for batch in (96, 5)
    )
    # Matrix products of other shapes may differ in the last bit.
    torch.testing.assert_close(whole.clean, parts.clean)
    torch.testing.assert_close(whole.log_probabilities, parts.log_probabilities)
    again = roll_out(generator, conditions, plan.rows[10:20], config.sampler, window=plan.window, batch=96)
    torch.testing.assert_close(whole.clean[10:20], again.clean)


def test_members_start_from_their_own_noise_or_from_one():
    for initial, distinct in (("different", 96), ("same", 4)):
        config = small(groups={"initial_noise": initial})
        rows = plan_update(config, 0, 4).rows
        generator = Mixture()
        found = roll_out(
            generator, generator.encode(prompts(4)), rows, config.sampler, window=(0, 1, 2), batch=96
        )
        assert len(found.before[:, 0].unique()) == distinct
        assert len(found.clean.unique()) == 96


def test_what_stands_in_reference_slots_counts_in_nothing():
    config, generator = small(), WithReference()
    conditions, rows = generator.encode(prompts(4)), plan_update(config, 0, 4).rows
    window = (0, 1, 2)
    found = roll_out(generator, conditions, rows, config.sampler, window=window, batch=96)
    # The reference slot follows the ODE from where it started.
    plain = roll_out(generator, conditions, rows, config.sampler, batch=96)
    assert torch.equal(found.clean[:, 0], plain.clean[:, 0])
    assert (found.clean[:, 1] != plain.clean[:, 1]).all()
    assert found.log_probabilities.shape == (96, 3)


def test_evaluation_uses_seeds_of_its_own():
    config = small()
    training = {row.initial_seed for update in range(5) for row in plan_update(config, update, 4).rows}
    evaluation = {row.initial_seed for row in evaluation_rows(64, config.seed)}
    assert len(evaluation) == 64
    assert not training & evaluation
