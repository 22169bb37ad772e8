"""Generators of one number, small enough to be trained in a test: a mixture of two Gaussians with a known velocity."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.generators.protocol import Conditions, Guidance, Prompt
from training.grpo.config import PolicyConfig, config_of
from training.grpo.train import Task

SPAN = 4.0  # latents from -SPAN to SPAN are shown as brightness 0 to 255


class Correction(nn.Module):
    """What training may add to the exact velocity; nothing at the start."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh())
        self.to_out = nn.Linear(32, 1)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, latents: Tensor, sigma: Tensor) -> Tensor:
        level = sigma.reshape(-1, 1)
        out: Tensor = self.to_out(self.inner(torch.cat([latents, level, torch.sin(3 * level)], dim=1)))
        return out


class Mixture:
    """Half of the samples fall about -centre, half about +centre. Clips are of one grey, two frames of 8 x 8."""

    lora_targets: tuple[str, ...] = ("to_out",)
    most_people = 1

    def __init__(self, centre: float = 1.5, std: float = 0.4, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.network: nn.Module = Correction()
        self.centre, self.std = centre, std

    def encode(self, prompts: Sequence[Prompt]) -> Conditions:
        return Conditions({"nothing": torch.zeros(len(prompts), 1)})

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        return (1,)

    def generated(self, conditions: Conditions) -> Tensor:
        return torch.ones(1, 1, dtype=torch.bool)

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        s = sigma.reshape(-1, 1)
        variance = (1 - s) ** 2 * self.std**2 + s**2
        # The posterior share of the upper Gaussian, and the exact velocity of each.
        upper = torch.sigmoid(2 * latents * (1 - s) * self.centre / variance)
        centre = self.centre * (2 * upper - 1)
        exact = -centre + (s - (1 - s) * self.std**2) / variance * (latents - (1 - s) * centre)
        return exact + self.network(latents, sigma)

    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        grey = ((latents / SPAN + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        return grey.reshape(-1, 1, 1, 1, 1).expand(-1, 2, 8, 8, 3).contiguous()

    def save(self, folder: Path) -> None:
        torch.save(self.network.state_dict(), folder / "generator.pt")


def shown(frames: Tensor) -> Tensor:
    """Read the number that a clip shows."""
    return (frames[:, 0, 0, 0, 0].float() / 127.5 - 1) * SPAN


def prompts(count: int) -> tuple[Prompt, ...]:
    picture = np.random.default_rng(0).integers(0, 255, (8, 6, 3), dtype=np.uint8)
    return tuple(Prompt(str(number), "", ((picture,),)) for number in range(count))


def upper_reward(frames: Tensor, asked: Sequence[Prompt]) -> dict[str, Tensor]:
    """Pay for the upper Gaussian."""
    return {"reward": torch.sigmoid(4 * shown(frames))}


def upper_share(frames: Tensor, asked: Sequence[Prompt]) -> dict[str, float]:
    return {"share": (shown(frames) > 0).float().mean().item()}


def mixture_task(seed: int = 0) -> Task:
    return Task(Mixture(seed=seed), prompts(4), upper_reward, prompts(256), upper_share)


def small(**changes: Any) -> PolicyConfig:
    """A configuration for these worlds: all weights, guards off (the best policy of the mixture has one mode)."""
    held: dict[str, Any] = {
        "updates": 36,
        "evaluate_every": 1000,
        "sampler": {"steps": 8, "shift": 1.0, "guidance_text": 1.0},
        "groups": {"groups": 4, "members": 24, "batch": 256},
        "objective": {"clip": 0.2, "kl": 0.0},
        "optimiser": {"rank": 0, "learning_rate": 0.002, "average": 0.0, "step_after": "window"},
        "guards": {"motion_least": 0.0, "motion_most": 0.0, "sharpness_least": 0.0, "sharpness_most": 0.0,
                   "diversity_least": 0.0, "copying_most": 0.0},
    }  # fmt: skip
    for name, value in changes.items():
        held[name] = {**held[name], **value} if isinstance(value, dict) and name in held else value
    return config_of(held)
