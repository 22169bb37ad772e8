"""Phantom on diffusers' WanTransformer3DModel: clean reference latents behind the video in time, two guidances.

The network is Wan's text-to-video one. At every call its input is the noisy video followed by the clean
latents of all references, under one timestep; what it says of the reference frames is cut off. So the
latents that are sampled are the video's alone: no reference slot takes noise or counts anywhere. Guidance
has weights of its own for references and text:

    v = v(0, null) + g_references (v(ref, null) - v(0, null)) + g_text (v(ref, text) - v(ref, null))

with 0 for empty (zero) reference slots and null for the negative prompt; 5 and 7.5 as published. Phantom,
arXiv 2502.11079. Positions are counted from the first frame, so where references lie depends on the clip's
length: sample at the length trained at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.generators.protocol import Conditions, GeneratorError, Guidance, Prompt
from training.generators.wan import (
    LORA_TARGETS,
    NEGATIVE,
    Canvas,
    LatentSpace,
    TextEncoder,
    by_count,
    letterbox,
    load_part,
    pictures_of,
    text_encoder,
    timesteps,
)

PUBLISHED_GUIDANCE = Guidance(text=7.5, references=5.0)
_MOST_REFERENCES = 4


class PhantomGenerator:
    """Phantom-Wan, 1.3B or 14B."""

    lora_targets: tuple[str, ...] = LORA_TARGETS
    most_people = 4

    def __init__(self, network: nn.Module, vae: nn.Module, texts: TextEncoder, canvas: Canvas) -> None:
        self.network: Any = network
        self.space, self.texts, self.canvas = LatentSpace(vae), texts, canvas

    @torch.no_grad()
    def encode(self, prompts: Sequence[Prompt]) -> Conditions:
        known = [self._references(prompt) for prompt in prompts]
        most = max(one.shape[1] for one in known)
        padded = [nn.functional.pad(one, (0, 0, 0, 0, 0, most - one.shape[1])) for one in known]
        held = Conditions(
            {
                "known": torch.stack(padded),
                "references": torch.tensor([one.shape[1] for one in known]),
                "text": self.texts([prompt.text for prompt in prompts]),
                "negative": self.texts([NEGATIVE]).expand(len(prompts), -1, -1).contiguous(),
            }
        )
        return held.to(self.network.device)

    def _references(self, prompt: Prompt) -> Tensor:
        """Return (16, references, h, w): each picture one latent frame, encoded alone."""
        pictures = pictures_of(prompt, _MOST_REFERENCES)
        return torch.cat([self.space.encode(letterbox(p, self.canvas)[None]) for p in pictures], dim=2)[0]

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        return (16, self.canvas.latent_frames, *self.canvas.latent_size)

    def generated(self, conditions: Conditions) -> Tensor:
        return torch.ones(1, 1, 1, 1, 1, dtype=torch.bool, device=conditions.device)

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        result = torch.zeros_like(latents)
        for count, rows in by_count(conditions.tensors["references"]):
            told = conditions.taken(rows).tensors
            found = self._guided(latents[rows], sigma[rows], told, told["known"][:, :, :count], guidance)
            result = result.index_copy(0, torch.tensor(rows, device=latents.device), found)
        return result

    def _guided(
        self, latents: Tensor, sigma: Tensor, told: Mapping[str, Tensor], known: Tensor, guidance: Guidance
    ) -> Tensor:
        full = self._pass(latents, known, sigma, told["text"])
        if guidance.text == 1 and guidance.references == 1:
            return full
        unsaid = self._pass(latents, known, sigma, told["negative"])
        found = unsaid + guidance.text * (full - unsaid)
        if guidance.references != 1:
            empty = self._pass(latents, torch.zeros_like(known), sigma, told["negative"])
            found = found + (guidance.references - 1) * (unsaid - empty)
        return found

    def _pass(self, latents: Tensor, known: Tensor, sigma: Tensor, text: Tensor) -> Tensor:
        dtype = self.network.dtype
        found: Tensor = self.network(
            hidden_states=torch.cat([latents, known], dim=2).to(dtype), timestep=timesteps(sigma),
            encoder_hidden_states=text.to(dtype), return_dict=False,
        )[0]  # fmt: skip
        return found[:, :, : latents.shape[2]].float()

    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        return self.space.decode(latents)

    def save(self, folder: Path) -> None:
        from training.generators.adapters import save_adapters

        save_adapters(self.network, folder)


_BLOCK_PARTS = {
    "self_attn.q": "attn1.to_q", "self_attn.k": "attn1.to_k", "self_attn.v": "attn1.to_v",
    "self_attn.o": "attn1.to_out.0", "self_attn.norm_q": "attn1.norm_q", "self_attn.norm_k": "attn1.norm_k",
    "cross_attn.q": "attn2.to_q", "cross_attn.k": "attn2.to_k", "cross_attn.v": "attn2.to_v",
    "cross_attn.o": "attn2.to_out.0", "cross_attn.norm_q": "attn2.norm_q", "cross_attn.norm_k": "attn2.norm_k",
    # The norm before cross-attention is called norm3 in the published files and norm2 in diffusers.
    "norm3": "norm2", "ffn.0": "ffn.net.0.proj", "ffn.2": "ffn.net.2", "modulation": "scale_shift_table",
}  # fmt: skip
_OTHER_PARTS = {
    "patch_embedding": "patch_embedding",
    "text_embedding.0": "condition_embedder.text_embedder.linear_1",
    "text_embedding.2": "condition_embedder.text_embedder.linear_2",
    "time_embedding.0": "condition_embedder.time_embedder.linear_1",
    "time_embedding.2": "condition_embedder.time_embedder.linear_2",
    "time_projection.1": "condition_embedder.time_proj",
    "head.head": "proj_out",
    "head.modulation": "scale_shift_table",
}  # fmt: skip


def diffusers_name(published: str) -> str:
    """Return diffusers' name of a tensor of the published layout. KeyError when there is none."""
    block = re.fullmatch(r"(blocks\.\d+)\.(.+?)(\.weight|\.bias)?", published)
    if block:
        return f"{block[1]}.{_BLOCK_PARTS[block[2]]}{block[3] or ''}"
    other = re.fullmatch(r"(.+?)(\.weight|\.bias)?", published)
    assert other is not None
    return f"{_OTHER_PARTS[other[1]]}{other[2] or ''}"


def load_published(network: nn.Module, held: Mapping[str, Tensor]) -> None:
    """Load weights of the published layout, strictly. GeneratorError lists what is left over on either side."""
    renamed, unknown = {}, []
    for name, value in held.items():
        try:
            renamed[diffusers_name(name)] = value
        except KeyError:
            unknown.append(name)
    wanted = network.state_dict()
    missing = sorted(set(wanted) - set(renamed))
    misfits = [name for name in renamed if name in wanted and renamed[name].shape != wanted[name].shape]
    if unknown or missing or misfits or set(renamed) - set(wanted):
        raise GeneratorError(
            "these are not Phantom's weights for this network: "
            f"unknown {unknown[:3] or 'none'}, missing {missing[:3] or 'none'}, "
            f"of another shape {misfits[:3] or 'none'}"
        )
    network.load_state_dict(renamed)


def load_phantom(weights: Path, wan: str | Path, canvas: Canvas) -> PhantomGenerator:
    """Load the published weights (.pth, .safetensors) onto Wan T2V's parts, a folder or Hub id of diffusers."""
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

    if not weights.is_file():
        raise GeneratorError(f"{weights} is missing: put Phantom's published weights there")
    network = WanTransformer3DModel.from_config(
        WanTransformer3DModel.load_config(wan, subfolder="transformer")
    )
    if weights.suffix == ".safetensors":
        from safetensors.torch import load_file

        held = load_file(weights)
    else:
        held = torch.load(weights, weights_only=True, mmap=True)
    load_published(network, held)
    return PhantomGenerator(network, load_part(AutoencoderKLWan, wan, "vae"), text_encoder(wan), canvas)
