"""The toy's network: a small diffusion transformer over video tokens, told of two people by their references.

Its conditioning is the one that published designs share (Ingredients, arXiv 2501.01790; Q-former: BLIP-2,
arXiv 2301.12597), small enough to read:

    references -> facial extractor (frozen; maps of two scales, pooled over a person's references)
               -> projector: QUERIES learned tokens a person attend to the maps, scale by scale
               -> [person 1] [separator] [person 2] before the video tokens, in every block's attention
               -> router: in each block every video token is given to a person or to nobody, and gets that
                  person's tokens, projected, added, times a strength from 0 to 1

Two stages: first alignment, with each person's tokens added in their half of the picture; then the router,
trained by cross-entropy from who really covers a token. Each part can be switched off (`Parts`).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.generators.toy.codec import CHANNELS, GRID
from training.generators.toy.encoders import FEATURES

PEOPLE, QUERIES = 2, 4
TOKENS = math.prod(GRID)
NOBODY = PEOPLE  # the router's last class


@dataclass(frozen=True)
class Parts:
    """Which parts of the conditioning are there, and the size of the network."""

    dim: int = 96
    blocks: int = 4
    heads: int = 4
    projector: bool = True
    separator: bool = True
    router: bool = True

    def as_dict(self) -> dict[str, int | bool]:
        return asdict(self)


class Projector(nn.Module):
    """Learned queries attend to the maps of each scale in turn; without it, the coarse map's mean fills all queries."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.read = nn.ModuleList(nn.Linear(channels, parts.dim) for channels in FEATURES)
        self.places = nn.ParameterList(nn.Parameter(0.02 * torch.randn(n, parts.dim)) for n in (48, 12))
        if parts.projector:
            self.queries = nn.Parameter(0.5 * torch.randn(QUERIES, parts.dim))
            self.attend = nn.ModuleList(
                nn.MultiheadAttention(parts.dim, parts.heads, batch_first=True) for _ in FEATURES
            )
        self.out = nn.Sequential(
            nn.LayerNorm(parts.dim),
            nn.Linear(parts.dim, 2 * parts.dim),
            nn.GELU(),
            nn.Linear(2 * parts.dim, parts.dim),
        )

    def forward(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Maps (N, 48, 64) and (N, 12, 128) of N people to (N, QUERIES, dim)."""
        read = [
            layer(held) + place
            for layer, held, place in zip(self.read, (fine, coarse), self.places, strict=True)
        ]
        if not self.parts.projector:
            return self.out(read[1].mean(1, keepdim=True)).expand(-1, QUERIES, -1)
        tokens = self.queries.expand(len(fine), -1, -1)
        for attend, scale in zip(self.attend, read[::-1], strict=True):
            tokens = tokens + attend(tokens, scale, scale, need_weights=False)[0]
        return tokens + self.out(tokens)


class SquaredReLU(nn.Module):
    """max(0, x)^2 (So et al. 2021, arXiv 2109.08668): on a CPU a tenth of what GELU costs, and learns no worse."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x).square()


class Block(nn.Module):
    """Attention over condition and video tokens, router, feed-forward; scaled and shifted by the noise level."""

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        dim = parts.dim
        self.heads, self.routed = parts.heads, parts.router
        self.modulation = nn.Linear(dim, 6 * dim)
        self.norm1, self.norm2 = (nn.LayerNorm(dim, elementwise_affine=False) for _ in range(2))
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(dim, dim) for _ in range(4))
        self.feed = nn.Sequential(nn.Linear(dim, 3 * dim), SquaredReLU(), nn.Linear(3 * dim, dim))
        self.give = nn.Linear(QUERIES * dim, dim)
        if parts.router:
            self.ask, self.offer = nn.Linear(dim, dim), nn.Linear(QUERIES * dim, dim)
            self.nobody = nn.Parameter(torch.zeros(dim))
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)

    def forward(
        self, x: Tensor, level: Tensor, people: Tensor, halves: Tensor | None, strength: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the tokens and the router's logits (B, TOKENS, PEOPLE + 1).

        Args:
            x: (B, conditions + TOKENS, dim).
            level: (B, dim).
            people: (B, PEOPLE, QUERIES dim): each person's tokens, side by side.
            halves: (TOKENS, PEOPLE) fixed routes instead of the router's.
            strength: (B, 1, 1).
        """
        a, b, c, d, e, f = self.modulation(level).unsqueeze(1).chunk(6, dim=-1)
        x = x + (1 + c) * self._attend(self.norm1(x) * (1 + a) + b)
        video = x[:, -TOKENS:]
        logits = video.new_zeros(len(x), TOKENS, PEOPLE + 1)
        if self.routed:
            offers = torch.cat([self.offer(people), self.nobody.expand(len(x), 1, -1)], dim=1)
            logits = self.ask(self.norm1(video)) @ offers.transpose(1, 2) / math.sqrt(x.shape[-1])
        routes = logits.softmax(-1)[..., :PEOPLE] if halves is None else halves.expand(len(x), -1, -1)
        video = video + strength * (routes @ self.give(people))
        x = torch.cat([x[:, :-TOKENS], video], dim=1)
        return x + (1 + f) * self.feed(self.norm2(x) * (1 + d) + e), logits

    def _attend(self, x: Tensor) -> Tensor:
        batch, length, dim = x.shape
        q, k, v = (
            layer(x).reshape(batch, length, self.heads, -1).transpose(1, 2)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return self.to_out(mixed.transpose(1, 2).reshape(batch, length, dim))


class ToyNetwork(nn.Module):
    """Velocity of latents (B, CHANNELS, 3, 4, 6), preconditioned to unit variance inside and out.

    V = s^2 + (1-s)^2;  v = x (2s - 1) / V + F(x / sqrt V) / sqrt V.
    """

    halves: Tensor

    def __init__(self, parts: Parts) -> None:
        super().__init__()
        self.parts = parts
        self.aligning = not parts.router  # the first stage of training: people are added in their halves
        dim = parts.dim
        self.projector = Projector(parts)
        self.enter, self.leave = nn.Linear(CHANNELS, dim), nn.Linear(dim, CHANNELS)
        self.places = nn.Parameter(0.02 * torch.randn(TOKENS, dim))
        self.sides = nn.Parameter(0.3 * torch.randn(PEOPLE, dim))
        self.nobody = nn.Parameter(0.02 * torch.randn(PEOPLE, QUERIES, dim))
        self.separator = nn.Parameter(0.3 * torch.randn(1, dim)) if parts.separator else None
        self.level = nn.Sequential(nn.Linear(64, dim), nn.SiLU(), nn.Linear(dim, dim), nn.SiLU())
        self.blocks = nn.ModuleList(Block(parts) for _ in range(parts.blocks))
        self.norm = nn.LayerNorm(dim)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        side = (torch.arange(TOKENS) % GRID[2]) >= GRID[2] // 2
        self.register_buffer("halves", torch.stack([~side, side], dim=1).float(), persistent=False)

    def forward(
        self, latents: Tensor, sigma: Tensor, fine: Tensor, coarse: Tensor, strength: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the velocity and each block's router logits.

        Args:
            sigma: (B,). fine: (B, PEOPLE, 48, 64). coarse: (B, PEOPLE, 12, 128).
            strength: (B,) from 0 to 1; 0 knows nobody.
        """
        batch = len(latents)
        s = sigma.reshape(-1, 1, 1)
        variance = s**2 + (1 - s) ** 2
        x = latents.flatten(2).transpose(1, 2)
        level = self.level(_waves(sigma))
        known = self.projector(fine.flatten(0, 1), coarse.flatten(0, 1)).reshape(batch, PEOPLE, QUERIES, -1)
        told = (strength > 0).reshape(-1, 1, 1, 1)
        known = torch.where(told, known, self.nobody) + self.sides[:, None]
        tokens = list(known.unbind(1))
        if self.separator is not None:
            tokens.insert(1, self.separator.expand(batch, 1, -1))
        h = torch.cat([*tokens, self.enter(x / variance.sqrt()) + self.places], dim=1)
        people, logits = known.flatten(2), []
        for block in self.blocks:
            h, routed = block(
                h, level, people, self.halves if self.aligning else None, strength.reshape(-1, 1, 1)
            )
            logits.append(routed)
        inner = self.leave(self.norm(h[:, -TOKENS:]))
        velocity = x * (2 * s - 1) / variance + inner / variance.sqrt()
        return velocity.transpose(1, 2).reshape_as(latents), logits


def _waves(sigma: Tensor) -> Tensor:
    """(B,) to (B, 64): sines and cosines of the noise level."""
    rates = torch.exp(torch.linspace(0, math.log(1000), 32, device=sigma.device))
    angles = sigma[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
