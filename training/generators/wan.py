"""What VACE and Phantom share: Wan's latent space, its texts, its timesteps, references on white.

Shapes: F = 4k + 1 frames of H x W pixels, both divisible by 16, become T = k + 1 latent frames of 16
channels and H/8 x W/8. Wan 2.1, arXiv 2503.20314; parts from diffusers (AutoencoderKLWan,
WanTransformer3DModel, WanVACETransformer3DModel).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from training.generators.protocol import GeneratorError, Prompt

LORA_TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
TEXT_LENGTH = 512
NEGATIVE = (
    "overexposed, static, blurred details, subtitles, painting, still picture, grey, worst quality, low quality, ugly, "
    "deformed, extra fingers, badly drawn hands, badly drawn face, disfigured, crowded background, walking backwards"
)

# Texts to embeddings (N, TEXT_LENGTH, D), zeros after each text's end
TextEncoder = Callable[[Sequence[str]], Tensor]


@dataclass(frozen=True)
class Canvas:
    """The size of the clips that a generator makes. GeneratorError says what does not fit."""

    frames: int = 33
    height: int = 240
    width: int = 416

    def __post_init__(self) -> None:
        if self.frames < 1 or self.frames % 4 != 1:
            raise GeneratorError(f"Wan makes 4k + 1 frames (33, 49, 81), not {self.frames}")
        if min(self.height, self.width) < 16 or self.height % 16 or self.width % 16:
            raise GeneratorError(
                f"height and width must be divisible by 16, got {self.height} x {self.width}"
            )

    @property
    def latent_frames(self) -> int:
        return (self.frames - 1) // 4 + 1

    @property
    def latent_size(self) -> tuple[int, int]:
        return self.height // 8, self.width // 8


class LatentSpace:
    """Wan's autoencoder, normalised by channel."""

    def __init__(self, vae: Any) -> None:
        self.vae = vae.eval().requires_grad_(False)
        shape = (1, -1, 1, 1, 1)
        config = vae.config
        self._mean = torch.tensor(config.latents_mean).reshape(shape)
        self._std = torch.tensor(config.latents_std).reshape(shape)

    @torch.no_grad()
    def encode(self, pixels: Tensor) -> Tensor:
        """Return latents (N, 16, T, h, w) of pixels (N, 3, F, H, W) from -1 to 1: the mode, not a sample."""
        found = self.vae.encode(pixels.to(self.vae.device, self.vae.dtype)).latent_dist.mode().float()
        return (found - self._mean.to(found)) / self._std.to(found)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> Tensor:
        """Return frames (N, F, H, W, 3) uint8 of latents (N, 16, T, h, w)."""
        raw = latents.float() * self._std.to(latents) + self._mean.to(latents)
        raw = raw.to(self.vae.device, self.vae.dtype)
        # One clip at a time: decoding is where memory peaks.
        pixels = torch.cat([self.vae.decode(one, return_dict=False)[0].float() for one in raw.split(1)])
        return ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 4, 1).contiguous()


def letterbox(picture: NDArray[np.uint8], canvas: Canvas) -> Tensor:
    """Fit a picture (H, W, 3) into the canvas on white, proportions kept: (3, 1, H, W) from -1 to 1."""
    height, width = picture.shape[:2]
    scale = min(canvas.height / height, canvas.width / width)
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    small = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    placed = Image.new("RGB", (canvas.width, canvas.height), (255, 255, 255))
    placed.paste(small, ((canvas.width - size[0]) // 2, (canvas.height - size[1]) // 2))
    return torch.from_numpy(np.array(placed)).permute(2, 0, 1)[:, None].float() / 127.5 - 1


def timesteps(sigma: Tensor) -> Tensor:
    """Return what the network is told of a noise level: 1000 s cut to a whole number, as diffusers' scheduler does."""
    return (sigma.double() * 1000 + 1e-4).floor().long()


def pictures_of(prompt: Prompt, most: int) -> list[NDArray[np.uint8]]:
    """Return a prompt's references, person by person. GeneratorError when there are none or too many."""
    pictures = [picture for person in prompt.references for picture in person]
    if not pictures:
        raise GeneratorError(f"prompt {prompt.id!r} has no reference: give each person one or more pictures")
    if len(pictures) > most:
        raise GeneratorError(
            f"prompt {prompt.id!r} has {len(pictures)} references; this generator takes at most {most}"
        )
    return pictures


def by_count(counts: Tensor) -> list[tuple[int, list[int]]]:
    """Group rows by their number of references: the network's sequence has one length in a call."""
    numbers = counts.tolist()
    return [(count, [i for i, n in enumerate(numbers) if n == count]) for count in sorted(set(numbers))]


def text_encoder(folder: str | Path) -> TextEncoder:
    """Load UMT5 from a folder or Hub id in diffusers' layout (`tokenizer`, `text_encoder`)."""
    from transformers import AutoTokenizer, UMT5EncoderModel

    tokenizer = AutoTokenizer.from_pretrained(folder, subfolder="tokenizer")
    model = UMT5EncoderModel.from_pretrained(folder, subfolder="text_encoder").eval()
    return EmbeddedTexts(tokenizer, model)


class EmbeddedTexts:
    """A tokenizer and an encoder; each text is embedded once and kept."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer, self._model = tokenizer, model
        self._kept: dict[str, Tensor] = {}

    @torch.no_grad()
    def __call__(self, texts: Sequence[str]) -> Tensor:
        for text in dict.fromkeys(texts):
            if text not in self._kept:
                read = self._tokenizer(
                    " ".join(text.split()),
                    padding="max_length",
                    max_length=TEXT_LENGTH,
                    truncation=True,
                    return_tensors="pt",
                )
                found = self._model(read.input_ids, read.attention_mask).last_hidden_state[0].float()
                self._kept[text] = found * read.attention_mask[0, :, None]
        return torch.stack([self._kept[text] for text in texts])


def load_part(kind: Any, folder: str | Path, subfolder: str) -> Any:
    """Load one of diffusers' parts. GeneratorError says what is missing."""
    try:
        return kind.from_pretrained(folder, subfolder=subfolder)
    except (OSError, ValueError) as error:
        raise GeneratorError(
            f"{folder} has no {subfolder} that can be read as {kind.__name__}: {error}"
        ) from error
