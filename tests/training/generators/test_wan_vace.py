"""VACE's conditions against diffusers' own pipeline, slots of references, and a whole update on tiny random weights."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.generators.plain_wan import needs_diffusers, tiny_network, tiny_texts, tiny_vace, tiny_vae
from tests.training.generators.test_phantom import CANVAS, prompt
from training.generators.adapters import load_adapters, save_adapters
from training.generators.phantom import PhantomGenerator
from training.generators.protocol import GeneratorError, Guidance
from training.generators.wan import letterbox
from training.generators.wan_vace import VaceGenerator
from training.grpo.config import Optimiser, config_of
from training.grpo.policy import add_adapters
from training.grpo.train import Task, load_policy, train

pytestmark = needs_diffusers


@pytest.fixture(scope="module")
def vace() -> VaceGenerator:
    return VaceGenerator(tiny_vace(), tiny_vae(), tiny_texts, CANVAS)


def pipeline_of(generator: VaceGenerator):
    import diffusers

    scheduler = diffusers.FlowMatchEulerDiscreteScheduler()
    return diffusers.WanVACEPipeline(None, None, generator.space.vae, scheduler, generator.network)


@torch.no_grad()
def test_the_control_tensor_is_the_pipelines(vace):
    asked = prompt()
    pipeline = pipeline_of(vace)
    # The pipeline letterboxes by another filter: give it pictures that already have the canvas's size.
    images = [
        Image.fromarray(
            ((letterbox(p[0], CANVAS)[:, 0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
        )
        for p in asked.references
    ]
    video, mask, references = pipeline.preprocess_conditions(
        None, None, images, 1, CANVAS.height, CANVAS.width, CANVAS.frames, torch.float32, "cpu"
    )
    known = pipeline.prepare_video_latents(video, mask, references, None, "cpu")
    expected = torch.cat([known, pipeline.prepare_masks(mask, references)], dim=1)[0]
    turned = VaceGenerator(vace.network, vace.space.vae, tiny_texts, CANVAS, reverse=True)
    torch.testing.assert_close(turned.control(asked), expected, atol=1e-5, rtol=1e-4)
    ours = vace.control(asked)
    torch.testing.assert_close(ours[:, 0], expected[:, 1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(ours[:, 2:], expected[:, 2:], atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_the_cached_empty_video_is_a_direct_encode(vace):
    vace.control(prompt())
    direct = vace.space.encode(torch.zeros(1, 3, CANVAS.frames, CANVAS.height, CANVAS.width))[0]
    control = vace.control(prompt(seed=3))
    assert torch.equal(control[:16, 2:], direct)
    assert torch.equal(control[16:32, 2:], direct)
    assert (control[32:, 2:] == 1).all()  # 1 generates
    assert (control[16:, :2] == 0).all()


@torch.no_grad()
def test_guidance_is_on_the_text_and_batches_may_mix_counts(vace):
    prompts = [prompt(1), prompt(2, seed=1)]
    together = vace.encode(prompts)
    assert vace.latent_shape(together) == (16, 4, 4, 6)
    assert vace.generated(together).flatten().tolist() == [False, False, True, True]
    latents = torch.randn(2, 16, 4, 4, 6, generator=torch.Generator().manual_seed(1))
    sigma = torch.tensor([0.9, 0.4])
    found = vace.velocity(latents, sigma, together, Guidance(4.5))
    assert (found[0, :, 0] == 0).all()  # a slot that this row does not have
    alone = vace.velocity(latents[:1, :, 1:], sigma[:1], vace.encode(prompts[:1]), Guidance(4.5))
    torch.testing.assert_close(found[:1, :, 1:], alone, atol=1e-4, rtol=1e-3)
    unguided = vace.velocity(latents, sigma, together, Guidance(1.0))
    assert (found - unguided).abs().max() > 1e-4


@torch.no_grad()
def test_decoded_frames_leave_the_reference_slots_out(vace):
    conditions = vace.encode([prompt()])
    latents = torch.randn(1, *vace.latent_shape(conditions), generator=torch.Generator().manual_seed(1))
    frames = vace.decode(latents, conditions)
    assert frames.shape == (1, CANVAS.frames, CANVAS.height, CANVAS.width, 3)
    changed = latents.clone()
    changed[:, :, :2] = 9
    assert torch.equal(vace.decode(changed, conditions), frames)


CONFIG = {
    "updates": 2, "evaluate_every": 2,
    "sampler": {"steps": 3, "guidance_text": 2.0, "guidance_references": 2.0},
    "groups": {"groups": 2, "members": 2, "batch": 4},
    "window": {"size": 1},
    "optimiser": {"rank": 2, "learning_rate": 1e-2},
    "guards": {"patience": 9, "copying_most": 0.0},
}  # fmt: skip


def bright(frames, prompts):
    return {"reward": frames.float().mean((1, 2, 3, 4)) / 255}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["vace", "phantom"])
def test_rollout_reward_update_save_and_load(tmp_path, kind):

    def fresh():
        if kind == "vace":
            return VaceGenerator(tiny_vace(), tiny_vae(), tiny_texts, CANVAS)
        return PhantomGenerator(tiny_network(), tiny_vae(), tiny_texts, CANVAS)

    task = Task(fresh(), (prompt(1), prompt(2, seed=1)), bright)
    train(task, config_of(CONFIG), tmp_path / "run")
    records = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [record["first_ratio_away"] for record in records] == [0, 0]
    assert records[0]["kl"] == 0
    assert records[1]["kl"] > 0
    assert all(record["reward_spread"] > 0 for record in records)
    # The tuned policy in a fresh base gives the run's own velocity; adapters of another rank are refused.
    tuned = fresh()
    load_policy(tuned, config_of(CONFIG), tmp_path / "run")
    tuned.save(tmp_path / "kept")
    again = fresh()
    add_adapters(again.network, again.lora_targets, Optimiser(rank=2), seed=9)
    load_adapters(again.network, tmp_path / "kept")
    conditions = tuned.encode([prompt(seed=7)])
    latents = torch.randn(1, *tuned.latent_shape(conditions), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found, base, reread = (
            g.velocity(latents, torch.tensor([0.7]), conditions, Guidance(2.0))
            for g in (tuned, fresh(), again)
        )
    assert torch.equal(found, reread)
    assert not torch.equal(found, base)
    other = fresh()
    add_adapters(other.network, other.lora_targets, Optimiser(rank=3), seed=0)
    with pytest.raises(GeneratorError, match="another network or rank"):
        load_adapters(other.network, tmp_path / "kept")
    save_adapters(other.network, tmp_path / "other")
    with pytest.raises(GeneratorError, match="is missing"):
        load_adapters(other.network, tmp_path / "nowhere")


def test_adapters_sit_on_all_attention_and_nothing_else():
    network = tiny_vace()
    add_adapters(network, VaceGenerator.lora_targets, Optimiser(rank=2), seed=0)
    trained = {name.split(".lora_")[0] for name, p in network.named_parameters() if p.requires_grad}
    assert len(trained) == 4 * 2 * (2 + 2)  # four layers, two attentions, blocks and vace_blocks
    assert all(".attn1." in name or ".attn2." in name for name in trained)
    assert np.all([p.requires_grad == ("lora_" in name) for name, p in network.named_parameters()])
