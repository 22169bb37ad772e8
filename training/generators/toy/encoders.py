"""Two small face encoders for pictures of 32 x 24 pixels, trained apart: one for the reward, one for the judge.

Faces this small are below what dlib and its like detect. The two have another architecture, other people,
another seed and other augmentation each, so that what pleases one by a flaw of its own need not please the
other.

Both map (B, 32, 24, 3) uint8 to unit vectors (B, 64): trained by InfoNCE (van den Oord et al. 2018, arXiv
1807.03748) on two views of each person, one against all others in the batch.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.generators.protocol import GeneratorError
from training.generators.toy.pool import HEIGHT, WIDTH, Pool
from training.generators.toy.world import draw_views

FEATURES = (64, 128)  # channels of the two maps that the generator's projector reads
_TEMPERATURE = 0.1


class RewardEncoder(nn.Module):
    """Plain convolutions. Its maps also describe references to the generator."""

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, 2, 1), nn.GELU())
        self.middle = nn.Sequential(
            nn.Conv2d(32, FEATURES[0], 3, 2, 1), nn.GroupNorm(4, FEATURES[0]), nn.GELU()
        )
        self.top = nn.Sequential(nn.Conv2d(*FEATURES, 3, 2, 1), nn.GroupNorm(4, FEATURES[1]), nn.GELU())
        self.head = nn.Linear(FEATURES[1] * 12, width)

    def maps(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return (B, 64, 8, 6) and (B, 128, 4, 3)."""
        middle = self.middle(self.stem(_scaled(pictures)))
        return middle, self.top(middle)

    def forward(self, pictures: Tensor) -> Tensor:
        return functional.normalize(self.head(self.maps(pictures)[1].flatten(1)), dim=1)


class JudgeEncoder(nn.Module):
    """A mixer of 4 x 4 patches (Tolstikhin et al. 2021, arXiv 2105.01601)."""

    def __init__(self, width: int = 64, dim: int = 96, depth: int = 3) -> None:
        super().__init__()
        tokens = HEIGHT * WIDTH // 16
        self.embed = nn.Conv2d(3, dim, 4, 4)
        self.across = nn.ModuleList(_mlp(tokens, 64) for _ in range(depth))
        self.within = nn.ModuleList(_mlp(dim, 2 * dim) for _ in range(depth))
        self.head = nn.Linear(dim * tokens, width)

    def forward(self, pictures: Tensor) -> Tensor:
        x = self.embed(_scaled(pictures)).flatten(2).transpose(1, 2)
        for across, within in zip(self.across, self.within, strict=True):
            x = x + across(x.transpose(1, 2)).transpose(1, 2)
            x = x + within(x)
        return functional.normalize(self.head(x.flatten(1)), dim=1)


Encoder = TypeVar("Encoder", RewardEncoder, JudgeEncoder)


def load_encoder(path: Path, kind: type[Encoder]) -> Encoder:
    """Read an encoder, ready to use. GeneratorError says that it is missing, or of another layout."""
    if not path.is_file():
        raise GeneratorError(
            f"{path} is missing: make it with python -m training.generators.toy {path.parent} --shipped"
        )
    encoder = kind()
    try:
        encoder.load_state_dict(torch.load(path, weights_only=True))
    except (RuntimeError, KeyError, AttributeError, TypeError) as error:
        reason = str(error).splitlines()[0]
        raise GeneratorError(f"{path} is no encoder of this version of the toy: {reason}") from error
    return encoder.eval().requires_grad_(False)


def train_encoder(
    encoder: nn.Module, pool: Pool, *, steps: int, seed: int, people: int = 160, shift: int = 0,
    kept: Path | None = None, until: float = float("inf"),
) -> bool:  # fmt: skip
    """Train in place, and return whether all steps are done.

    Args:
        people: in a batch, each seen twice.
        shift: pixels by which views are moved at most, an augmentation.
        kept: file that a run in parts goes on from, bit for bit: every step has a seed of its own.
        until: `time.monotonic()` at which to stop and keep what there is.
    """
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps, pct_start=0.15)
    parts: dict[str, Any] = {"encoder": encoder, "optimiser": optimiser, "schedule": schedule}
    step = 0
    if kept is not None and kept.is_file():
        held = torch.load(kept, weights_only=True)
        step = held["step"]
        for name, part in parts.items():
            part.load_state_dict(held[name])
    while step < steps and time.monotonic() < until:
        rng = np.random.default_rng([seed, 0xE2C, step])
        loss = _contrast(encoder, pool, min(people, len(pool)), shift, rng)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        step += 1
        if kept is not None and step % 25 == 0:
            partial = kept.with_suffix(".partial")
            torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, partial)
            partial.rename(kept)
    return step >= steps


def _contrast(encoder: nn.Module, pool: Pool, people: int, shift: int, rng: np.random.Generator) -> Tensor:
    """Return InfoNCE over two views of some people, both ways."""
    places = rng.choice(len(pool), people, replace=False)
    first, second = (_moved(draw_views(pool, places, rng), shift, rng) for _ in range(2))
    similar = encoder(torch.from_numpy(first)) @ encoder(torch.from_numpy(second)).T / _TEMPERATURE
    right = torch.arange(people)
    return (functional.cross_entropy(similar, right) + functional.cross_entropy(similar.T, right)) / 2


@torch.no_grad()
def retrieval(encoder: nn.Module, pool: Pool, seed: int = 0) -> dict[str, float]:
    """Tell how well people are told apart from two views: top-1 share, cosines of the same and of others."""
    rng = np.random.default_rng([seed, 0x7E7])
    places = np.arange(len(pool))
    first, second = (encoder(torch.from_numpy(draw_views(pool, places, rng))) for _ in range(2))
    cosines = (first @ second.T).numpy()
    other = cosines[~np.eye(len(pool), dtype=bool)]
    return {
        "top1": float((cosines.argmax(1) == places).mean()),
        "same": float(np.diag(cosines).mean()),
        "other": float(other.mean()),
        "other_sd": float(other.std()),
    }


def _scaled(pictures: Tensor) -> Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W) from -1 to 1."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def _moved(pictures: np.ndarray, shift: int, rng: np.random.Generator) -> np.ndarray:
    """Move all pictures of a view by the same few pixels, edges repeated."""
    if not shift:
        return pictures
    padded = np.pad(pictures, ((0, 0), (shift, shift), (shift, shift), (0, 0)), mode="edge")
    y, x = rng.integers(2 * shift + 1, size=2)
    return np.ascontiguousarray(padded[:, y : y + HEIGHT, x : x + WIDTH])


def _mlp(size: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(size), nn.Linear(size, hidden), nn.GELU(), nn.Linear(hidden, size))
