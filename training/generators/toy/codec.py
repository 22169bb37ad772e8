"""The toy's latent space: principal components of 2 x 8 x 8 patches, a linear stand-in for a video VAE.

Pixels (B, 6, 32, 48, 3) become latents (B, CHANNELS, 3, 4, 6). Each component is divided by the root of its
standard deviation, so that strong ones stay stronger (a whitened space would spend the model on noise),
then all by one number to unit variance.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.generators.toy.pool import FRAMES, HEIGHT, WIDTH

CHANNELS = 56
FRAME_STEP, SIDE = 2, 8
GRID = (FRAMES // FRAME_STEP, HEIGHT // SIDE, 2 * WIDTH // SIDE)
_SIZE = FRAME_STEP * SIDE * SIDE * 3


class Codec(nn.Module):
    """Fitted components, as buffers: they are saved with the weights and never trained."""

    mean: Tensor
    components: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(_SIZE))
        self.register_buffer("components", torch.zeros(_SIZE, CHANNELS))
        self.register_buffer("scale", torch.ones(CHANNELS))

    @torch.no_grad()
    def fit(self, frames: Tensor) -> None:
        """Find the components of some thousand clips (N, 6, 32, 48, 3) uint8."""
        patches = patches_of(frames).flatten(0, -2)
        self.mean.copy_(patches.mean(0))
        values, vectors = torch.linalg.eigh(torch.cov((patches - self.mean).T))
        self.components.copy_(vectors[:, -CHANNELS:].flip(1))
        deviations = values[-CHANNELS:].flip(0).sqrt()
        roots = deviations.sqrt()
        self.scale.copy_(roots * (deviations / roots).square().mean().sqrt())

    def encode(self, frames: Tensor) -> Tensor:
        """Return latents (B, CHANNELS, 3, 4, 6) of frames (B, 6, 32, 48, 3), uint8."""
        codes = (patches_of(frames) - self.mean) @ self.components / self.scale
        return codes.permute(0, 4, 1, 2, 3).contiguous()

    def decode(self, latents: Tensor) -> Tensor:
        """Return frames (B, 6, 32, 48, 3) uint8."""
        codes = latents.permute(0, 2, 3, 4, 1) * self.scale
        patches = codes @ self.components.T + self.mean
        batch = len(latents)
        t, h, w = GRID
        pixels = patches.reshape(batch, t, h, w, FRAME_STEP, SIDE, SIDE, 3).permute(0, 1, 4, 2, 5, 3, 6, 7)
        pixels = pixels.reshape(batch, FRAMES, HEIGHT, 2 * WIDTH, 3)
        return ((pixels + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def patches_of(frames: Tensor) -> Tensor:
    """Cut frames into (B, 3, 4, 6, 384) float32 from -1 to 1."""
    t, h, w = GRID
    cut = frames.reshape(-1, t, FRAME_STEP, h, SIDE, w, SIDE, 3).permute(0, 1, 3, 5, 2, 4, 6, 7)
    return cut.reshape(-1, t, h, w, _SIZE).float() / 127.5 - 1


def routes_of(covers: Tensor) -> Tensor:
    """Return who each latent token shows, (B, 72) int64: 0 the person on the left, 1 on the right, 2 nobody.

    `covers` (B, 6, 32, 48) uint8, alpha. A token is a person's when they cover more than a third of it.
    """
    t, h, w = GRID
    share = covers.reshape(-1, t, FRAME_STEP, h, SIDE, w, SIDE).float().mean((2, 4, 6)) / 255
    owner = (torch.arange(w) >= w // 2).long().expand_as(share)
    return torch.where(share > 1 / 3, owner, 2).flatten(1)
