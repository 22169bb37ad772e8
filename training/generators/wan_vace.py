"""VACE on diffusers' parts: references before the video in time, told to the network through its control branch.

The control tensor has 96 channels: 16 of what is kept (references, else nothing), 16 of what is changed
(the empty video) and 64 of mask (8 x 8 pixels unshuffled; 1 = generate). The noisy latents get a slot for
each reference too; those slots are denoised, never decoded, and count in nothing (`generated`). Both
branches of guidance carry the references, so it is on the text alone.

References keep the prompt's order, as VACE's own code does; diffusers' pipeline turns it round (`reverse`
for comparison). VACE, arXiv 2503.07598.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.generators.protocol import Conditions, Guidance, Prompt
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

_MOST_REFERENCES = 8


class VaceGenerator:
    """Wan VACE, 1.3B or 14B."""

    lora_targets: tuple[str, ...] = LORA_TARGETS
    most_people = 4

    def __init__(
        self, network: nn.Module, vae: nn.Module, texts: TextEncoder, canvas: Canvas, *, reverse: bool = False
    ) -> None:
        self.network: Any = network
        self.space, self.texts, self.canvas, self.reverse = LatentSpace(vae), texts, canvas, reverse
        self._empty: Tensor | None = None  # the encoded empty video: the same for every prompt

    @torch.no_grad()
    def encode(self, prompts: Sequence[Prompt]) -> Conditions:
        controls = [self.control(prompt) for prompt in prompts]
        longest = max(control.shape[1] for control in controls)
        counts = [control.shape[1] - self.canvas.latent_frames for control in controls]
        padded = [nn.functional.pad(c, (0, 0, 0, 0, longest - c.shape[1], 0)) for c in controls]
        negative = self.texts([NEGATIVE]).expand(len(prompts), -1, -1)
        held = Conditions(
            {
                "control": torch.stack(padded),
                "references": torch.tensor(counts),
                "text": self.texts([prompt.text for prompt in prompts]),
                "negative": negative.contiguous(),
            }
        )
        return held.to(self.network.device)

    def control(self, prompt: Prompt) -> Tensor:
        """Return (96, references + T, h, w)."""
        pictures = [letterbox(picture, self.canvas) for picture in pictures_of(prompt, _MOST_REFERENCES)]
        if self.reverse:
            pictures.reverse()
        # One latent frame each, encoded alone: Wan's autoencoder looks back in time.
        known = torch.cat([self.space.encode(picture[None]) for picture in pictures], dim=2)[0]
        told = torch.cat([known, torch.zeros_like(known), known.new_zeros(64, *known.shape[1:])])
        empty = self._empty_video()
        asked = torch.cat([empty, empty, empty.new_ones(64, *empty.shape[1:])])
        return torch.cat([told, asked], dim=1)

    def _empty_video(self) -> Tensor:
        """Return (16, T, h, w): a grey clip. Kept and changed halves of a reference-only task are both this."""
        if self._empty is None:
            size = self.canvas
            self._empty = self.space.encode(torch.zeros(1, 3, size.frames, size.height, size.width))[0]
        return self._empty

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        return (16, conditions.tensors["control"].shape[2], *self.canvas.latent_size)

    def generated(self, conditions: Conditions) -> Tensor:
        slots = torch.arange(conditions.tensors["control"].shape[2], device=conditions.device).reshape(
            1, 1, -1, 1, 1
        )
        return slots >= conditions.tensors["control"].shape[2] - self.canvas.latent_frames

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        result = torch.zeros_like(latents)
        for count, rows in by_count(conditions.tensors["references"]):
            used = (
                count + self.canvas.latent_frames
            )  # slots before these are padding of rows with fewer references
            part, told = latents[rows, :, -used:], conditions.taken(rows).tensors
            control = told["control"][:, :, -used:]
            found = self._pass(part, sigma[rows], told["text"], control)
            if guidance.text != 1:
                without = self._pass(part, sigma[rows], told["negative"], control)
                found = without + guidance.text * (found - without)
            result = result.index_copy(
                0, torch.tensor(rows, device=latents.device), _padded(found, latents.shape[2])
            )
        return result

    def _pass(self, latents: Tensor, sigma: Tensor, text: Tensor, control: Tensor) -> Tensor:
        dtype = self.network.dtype
        found: Tensor = self.network(
            hidden_states=latents.to(dtype), timestep=timesteps(sigma), encoder_hidden_states=text.to(dtype),
            control_hidden_states=control.to(dtype), return_dict=False,
        )[0]  # fmt: skip
        return found.float()

    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        return self.space.decode(latents[:, :, -self.canvas.latent_frames :])

    def save(self, folder: Path) -> None:
        from training.generators.adapters import save_adapters

        save_adapters(self.network, folder)


def _padded(velocity: Tensor, slots: int) -> Tensor:
    return nn.functional.pad(velocity, (0, 0, 0, 0, slots - velocity.shape[2], 0))


def load_vace(folder: str | Path, canvas: Canvas) -> VaceGenerator:
    """Load VACE from a folder or Hub id in diffusers' layout."""
    from diffusers import AutoencoderKLWan, WanVACETransformer3DModel

    network = load_part(WanVACETransformer3DModel, folder, "transformer")
    return VaceGenerator(network, load_part(AutoencoderKLWan, folder, "vae"), text_encoder(folder), canvas)
