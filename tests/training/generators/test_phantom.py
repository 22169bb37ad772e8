"""Phantom's layout, guidance and key names against a plain re-derivation; one update of its adapters."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.generators.plain_wan import (
    SIZES,
    needs_diffusers,
    plain_forward,
    published_weights,
    tiny_network,
    tiny_texts,
    tiny_vae,
)
from training.generators.phantom import PhantomGenerator, load_published
from training.generators.protocol import GeneratorError, Guidance, Prompt
from training.generators.wan import NEGATIVE, Canvas, letterbox, timesteps

pytestmark = needs_diffusers
CANVAS = Canvas(5, 32, 48)


def pictures(count: int, seed: int = 0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.integers(0, 256, (20, 16, 3), dtype=np.uint8) for _ in range(count))


def prompt(people: int = 2, each: int = 1, seed: int = 0) -> Prompt:
    held = pictures(people * each, seed)
    return Prompt("p", "two people talk", tuple(held[i * each : (i + 1) * each] for i in range(people)))


@pytest.fixture(scope="module")
def phantom() -> PhantomGenerator:
    return PhantomGenerator(tiny_network(), tiny_vae(), tiny_texts, CANVAS)


@torch.no_grad()
def test_one_pass_is_the_published_network_written_out(phantom):
    weights = published_weights(phantom.network)
    x, text = torch.randn(16, 4, 4, 6, generator=torch.Generator().manual_seed(1)), tiny_texts(["hello"])[0]
    expected = plain_forward(weights, x, 700, text, SIZES["num_attention_heads"], SIZES["freq_dim"])
    found = phantom.network(x[None], torch.tensor([700]), text[None], return_dict=False)[0][0]
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    "guidance", [Guidance(7.5, 5.0), Guidance(1.0, 1.0), Guidance(4.0, 1.0), Guidance(1.0, 3.0)]
)
def test_guidance_is_three_passes_with_references_behind_the_video(phantom, guidance):
    weights, asked = published_weights(phantom.network), prompt()
    conditions = phantom.encode([asked])
    latents = torch.randn(1, *phantom.latent_shape(conditions), generator=torch.Generator().manual_seed(2))
    known = torch.cat(
        [phantom.space.encode(letterbox(person[0], CANVAS)[None])[0] for person in asked.references], dim=1
    )

    def once(references: torch.Tensor, text: str) -> torch.Tensor:
        x = torch.cat([latents[0], references], dim=1)
        found = plain_forward(
            weights, x, 600, tiny_texts([text])[0], SIZES["num_attention_heads"], SIZES["freq_dim"]
        )
        return found[:, : latents.shape[2]]

    empty, unsaid, full = once(0 * known, NEGATIVE), once(known, NEGATIVE), once(known, asked.text)
    expected = empty + guidance.references * (unsaid - empty) + guidance.text * (full - unsaid)
    found = phantom.velocity(latents, torch.tensor([0.6]), conditions, guidance)[0]
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-3)


@torch.no_grad()
def test_rows_of_other_reference_counts_share_a_batch(phantom):
    prompts = [prompt(1), prompt(2, 2, seed=1), prompt(2, seed=2)]
    together = phantom.encode(prompts)
    latents = torch.randn(3, *phantom.latent_shape(together), generator=torch.Generator().manual_seed(3))
    sigma = torch.tensor([0.9, 0.5, 0.3])
    found = phantom.velocity(latents, sigma, together, Guidance(7.5, 5.0))
    for row, one in enumerate(prompts):
        alone = phantom.velocity(latents[[row]], sigma[[row]], phantom.encode([one]), Guidance(7.5, 5.0))
        torch.testing.assert_close(found[row : row + 1], alone, atol=1e-4, rtol=1e-3)


@torch.no_grad()
def test_exchanged_references_change_the_velocity(phantom):
    asked = prompt()
    turned = replace(asked, references=asked.references[::-1])
    latents = torch.randn(1, 16, 2, 4, 6, generator=torch.Generator().manual_seed(4))
    a, b = (
        phantom.velocity(latents, torch.tensor([0.8]), phantom.encode([p]), Guidance())
        for p in (asked, turned)
    )
    assert (a - b).abs().max() > 1e-4


def test_published_weights_load_with_nothing_left_over(phantom):
    held = published_weights(phantom.network)
    assert "blocks.0.self_attn.q.weight" in held
    assert "blocks.1.norm3.bias" in held
    other = tiny_network(seed=5)
    load_published(other, held)
    assert all(
        torch.equal(value, phantom.network.state_dict()[name]) for name, value in other.state_dict().items()
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda held: held.pop("head.head.weight"), r"missing \['proj_out.weight'\]"),
        (
            lambda held: held.update({"blocks.0.extra.weight": torch.zeros(1)}),
            r"unknown \['blocks.0.extra.weight'\]",
        ),
        (
            lambda held: held.update({"patch_embedding.bias": torch.zeros(3)}),
            r"shape \['patch_embedding.bias'\]",
        ),
    ],
)
def test_weights_of_another_layout_are_named(phantom, change, sentence):
    held = published_weights(phantom.network)
    change(held)
    with pytest.raises(GeneratorError, match=sentence):
        load_published(tiny_network(seed=6), held)


def test_what_does_not_fit_is_said():
    for frames, height in ((32, 32), (5, 40)):
        with pytest.raises(GeneratorError):
            Canvas(frames, height, 48)
    generator = PhantomGenerator(tiny_network(), tiny_vae(), tiny_texts, CANVAS)
    with pytest.raises(GeneratorError, match="has no reference"):
        generator.encode([Prompt("p", "", ())])
    with pytest.raises(GeneratorError, match="has 6 references; this generator takes at most 4"):
        generator.encode([prompt(2, 3)])


def test_the_letterbox_is_white_and_keeps_proportions():
    found = letterbox(np.zeros((20, 10, 3), np.uint8), CANVAS)
    assert found.shape == (3, 1, 32, 48)
    assert (found[:, 0, :, 16:32] == -1).all()
    assert (found[:, 0, :, :16] == 1).all()
    assert (found[:, 0, :, 32:] == 1).all()


def test_timesteps_are_cut_and_not_rounded():
    assert timesteps(torch.tensor([1.0, 0.99967, 0.9995, 0.5, 0.001, 0.999])).tolist() == [
        1000,
        999,
        999,
        500,
        1,
        999,
    ]
