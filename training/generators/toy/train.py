"""Make the toy generator from nothing: people, two encoders, the latent space, the base model.

    python -m training.generators.toy FOLDER                    # everything, and goes on where it stopped
    python -m training.generators.toy FOLDER --seconds 240      # a part of it
    python -m training.generators.toy FOLDER --seed 1           # another base, base-1.pt, on the same people

Two stages as in Ingredients (arXiv 2501.01790): alignment, with each person's summary added in their half,
then the router. People are split by number: `SPLITS`. The judge's encoder learns from people that no other
part sees.

What matters here (measured in docs/experiments/policy.md): who somebody is gets decided at high noise, so
training draws noise levels there; the extractor is frozen and its maps are kept; batches are small, steps
many; the matrices of the blocks learn by Muon.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.generators.toy.codec import Codec, routes_of
from training.generators.toy.encoders import (
    JudgeEncoder,
    RewardEncoder,
    load_encoder,
    retrieval,
    train_encoder,
)
from training.generators.toy.generator import ToyGenerator, describe, save_generator
from training.generators.toy.muon import Muon
from training.generators.toy.network import Parts, ToyNetwork
from training.generators.toy.pool import REFERENCES, Pool, draw_pool, load_pool
from training.generators.toy.world import draw_scenes

SPLITS = {
    "train": range(1000),
    "judge": range(1000, 1400),
    "validation": range(1400, 1450),
    "test": range(1450, 1500),
}
ENCODER_STEPS = 250
_KEPT_EVERY = 200


@dataclass(frozen=True)
class Recipe:
    """How the base is trained."""

    steps: int = 1600
    alignment: float = 0.35  # share of the steps before the router
    batch: int = 20
    learning_rate: float = 1e-3
    dropout: float = 0.1  # share of clips of nobody, for guidance
    router_weight: float = 0.05
    average: float = 0.998  # decay of the moving average of weights, which is what is kept
    codec_clips: int = 1500
    seed: int = 0


def make(folder: Path, parts: Parts, recipe: Recipe, *, seconds: float = float("inf")) -> bool:
    """Make what is missing in `folder`, for at most about `seconds`; return whether all is there."""
    started = time.monotonic()
    until = started + seconds
    draw_pool(folder / "pool", range(SPLITS["test"].stop), until)
    if time.monotonic() >= until:
        return False
    pool, judges = (load_pool(folder / "pool", SPLITS[name]) for name in ("train", "judge"))
    if not _make_encoder(folder / "reward.pt", RewardEncoder, pool, seed=1, shift=0, until=until):
        return False
    if not _make_encoder(folder / "judge.pt", JudgeEncoder, judges, seed=2, shift=2, until=until):
        return False
    extractor = load_encoder(folder / "reward.pt", RewardEncoder)
    training = BaseTraining(folder, pool, extractor, parts, recipe)
    while training.step < recipe.steps and time.monotonic() - started < seconds:
        training.advance(min(_KEPT_EVERY, recipe.steps - training.step))
        training.save()
    return training.step >= recipe.steps


def base_path(folder: Path, seed: int = 0) -> Path:
    """Return the file of the base of a seed."""
    return folder / (f"base-{seed}.pt" if seed else "base.pt")


def _make_encoder(
    path: Path,
    kind: type[RewardEncoder] | type[JudgeEncoder],
    pool: Pool,
    *,
    seed: int,
    shift: int,
    until: float,
) -> bool:
    """Train an encoder, or go on with it; return whether it is done."""
    if path.is_file():
        return True
    torch.manual_seed(seed)
    encoder, kept = kind(), path.with_name(f"{path.stem}-training.pt")
    if not train_encoder(encoder, pool, steps=ENCODER_STEPS, seed=seed, shift=shift, kept=kept, until=until):
        return False
    torch.save(encoder.state_dict(), path)
    kept.unlink(missing_ok=True)
    print(f"{path.name}: {retrieval(encoder.eval(), pool)}", flush=True)
    return True


class BaseTraining:
    """Pretraining of the base, by steps: each has its own seed, so a run in parts equals a run in one."""

    def __init__(
        self, folder: Path, pool: Pool, extractor: RewardEncoder, parts: Parts, recipe: Recipe
    ) -> None:
        self.folder, self.pool, self.recipe = folder, pool, recipe
        torch.manual_seed(recipe.seed)
        self.extractor, self.codec, self.network = extractor, Codec(), ToyNetwork(parts)
        self.average = {name: held.clone() for name, held in self.network.state_dict().items()}
        self.optimisers = _optimisers_of(self.network, recipe)
        self.step = 0
        if self._checkpoint.is_file():
            self._load()
        else:
            scenes = draw_scenes(
                pool, recipe.codec_clips, np.random.default_rng([recipe.seed, 0xC0D]), sloppy=True
            )
            self.codec.fit(torch.from_numpy(scenes.frames))
        self.features = _features_of(extractor, pool)

    def advance(self, steps: int) -> None:
        started = time.monotonic()
        self.network.train()
        mean = np.mean([self._advance_one() for _ in range(steps)], axis=0)
        print(
            f"step {self.step}: flow {mean[0]:.4f}, router {mean[1]:.3f}, "
            f"{(time.monotonic() - started) / steps:.2f} s a step",
            flush=True,
        )

    def _advance_one(self) -> tuple[float, float]:
        recipe = self.recipe
        rng = np.random.default_rng([recipe.seed, self.step])
        torch.manual_seed(recipe.seed * 1_000_003 + self.step)
        scenes = draw_scenes(self.pool, recipe.batch, rng, sloppy=True)
        clean = self.codec.encode(torch.from_numpy(scenes.frames))
        noise = torch.randn_like(clean)
        sigma = torch.sigmoid(1.7 + 1.3 * torch.randn(recipe.batch))
        at = sigma.reshape(-1, 1, 1, 1, 1)
        fine, coarse = self._described(scenes.asked, rng)
        strength = torch.where(
            torch.rand(recipe.batch) < recipe.dropout, 0.0, 0.6 + 0.4 * torch.rand(recipe.batch)
        )
        self.network.aligning = self.step < recipe.alignment * recipe.steps or not self.network.parts.router
        velocity, logits = self.network((1 - at) * clean + at * noise, sigma, fine, coarse, strength)
        weight = at**2 + (1 - at) ** 2
        flow = (weight * (velocity - (noise - clean)) ** 2).mean()
        routing = torch.zeros(())
        if not self.network.aligning:
            routing = _routing_loss(logits, routes_of(torch.from_numpy(scenes.covers)), strength)
        self.network.zero_grad()
        (flow + recipe.router_weight * routing).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * _warm_then_cosine(self.step / recipe.steps)
            optimiser.step()
        self.step += 1
        decay = min(recipe.average, (1 + self.step) / (10 + self.step))
        torch._foreach_lerp_(list(self.average.values()), list(self.network.state_dict().values()), 1 - decay)
        return flow.item(), routing.item()

    def _described(self, asked: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return the maps of each clip's people, pooled over three of their references."""
        chosen = rng.permuted(np.tile(np.arange(REFERENCES), (*asked.shape, 1)), axis=2)[..., :3]
        fine, coarse = (held[asked[..., None], chosen].mean(2) for held in self.features)
        return fine, coarse

    @property
    def _checkpoint(self) -> Path:
        path = base_path(self.folder, self.recipe.seed)
        return path.with_name(f"{path.stem}-training.pt")

    def save(self) -> None:
        """Write the generator (averaged weights) and what is needed to go on."""
        averaged = ToyNetwork(self.network.parts)
        averaged.load_state_dict(self.average)
        generator = ToyGenerator(averaged, self.codec, self.extractor)
        save_generator(base_path(self.folder, self.recipe.seed), generator)
        held = {
            "step": self.step, "network": self.network.state_dict(), "average": self.average,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "codec": self.codec.state_dict(),
        }  # fmt: skip
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(held, partial)
        partial.rename(self._checkpoint)

    def _load(self) -> None:
        held = torch.load(self._checkpoint, weights_only=True)
        self.step, self.average = held["step"], held["average"]
        self.network.load_state_dict(held["network"])
        for optimiser, state in zip(self.optimisers, held["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        self.codec.load_state_dict(held["codec"])


def _optimisers_of(network: ToyNetwork, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of the blocks, AdamW for everything else."""
    matrices = [held for held in network.blocks.parameters() if held.ndim == 2]
    chosen = {id(held) for held in matrices}
    rest = [held for held in network.parameters() if id(held) not in chosen]
    adam = torch.optim.AdamW(rest, lr=recipe.learning_rate, betas=(0.9, 0.98), fused=True)
    return [adam, Muon(matrices, lr=recipe.learning_rate)]


def _routing_loss(logits: list[Tensor], routes: Tensor, strength: Tensor) -> Tensor:
    """Cross-entropy of every block's router with who covers each token, over clips of somebody."""
    told = strength > 0
    each = [functional.cross_entropy(block[told].flatten(0, 1), routes[told].flatten()) for block in logits]
    return torch.stack(each).mean() if told.any() else torch.zeros(())


def _warm_then_cosine(share: float) -> float:
    """Factor of the learning rate: up over 3 %, flat to 50 %, down to 5 %."""
    if share < 0.03:
        return (share + 1e-3) / 0.031
    return 1.0 if share < 0.5 else 0.05 + 0.95 * 0.5 * (1 + float(np.cos(np.pi * (share - 0.5) / 0.5)))


@torch.no_grad()
def _features_of(extractor: RewardEncoder, pool: Pool) -> tuple[Tensor, Tensor]:
    """Return the maps of every reference: (P, REFERENCES, 48, 64) and (P, REFERENCES, 12, 128)."""
    parts = [
        describe(extractor, torch.from_numpy(pool.references[start : start + 100]).flatten(0, 1).unsqueeze(1))
        for start in range(0, len(pool), 100)
    ]
    fine, coarse = (torch.cat(held).unflatten(0, (-1, REFERENCES)) for held in zip(*parts, strict=True))
    return fine, coarse
