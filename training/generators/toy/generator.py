"""The toy generator behind the protocol of all generators, and its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.generators.protocol import Conditions, GeneratorError, Guidance, Prompt
from training.generators.toy.codec import CHANNELS, GRID, Codec
from training.generators.toy.encoders import RewardEncoder
from training.generators.toy.network import PEOPLE, Parts, ToyNetwork
from training.generators.toy.pool import HEIGHT, WIDTH

STRENGTH = 0.8


class ToyGenerator:
    """Two people, six frames of 32 x 48. Text is ignored; guidance is on the people."""

    lora_targets: tuple[str, ...] = ("to_q", "to_k", "to_v", "to_out")
    most_people = PEOPLE

    def __init__(
        self, network: ToyNetwork, codec: Codec, extractor: RewardEncoder, strength: float = STRENGTH
    ) -> None:
        self.network, self.codec, self.strength = network.eval(), codec, strength
        self.extractor = extractor.eval().requires_grad_(False)

    @torch.no_grad()
    def encode(self, prompts: Sequence[Prompt]) -> Conditions:
        features = [describe(self.extractor, _pictures(prompt)) for prompt in prompts]
        fine, coarse = (torch.stack(held) for held in zip(*features, strict=True))
        return Conditions({"fine": fine, "coarse": coarse})

    def latent_shape(self, conditions: Conditions) -> tuple[int, ...]:
        return (CHANNELS, *GRID)

    def generated(self, conditions: Conditions) -> Tensor:
        return torch.ones(1, 1, 1, 1, 1, dtype=torch.bool)

    def velocity(self, latents: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance) -> Tensor:
        fine, coarse = conditions.tensors["fine"], conditions.tensors["coarse"]
        strength = torch.full((len(latents),), self.strength)
        told: Tensor = self.network(latents, sigma, fine, coarse, strength)[0]
        if guidance.references == 1:
            return told
        untold: Tensor = self.network(latents, sigma, fine, coarse, torch.zeros_like(strength))[0]
        return untold + guidance.references * (told - untold)

    @torch.no_grad()
    def routes(self, latents: Tensor, sigma: Tensor, conditions: Conditions) -> Tensor:
        """Return the router's map, mean over blocks: (N, *GRID, PEOPLE + 1), shares that sum to 1."""
        strength = torch.full((len(latents),), self.strength)
        logits = self.network(latents, sigma, **conditions.tensors, strength=strength)[1]
        return torch.stack(logits).softmax(-1).mean(0).unflatten(1, GRID)

    @torch.no_grad()
    def decode(self, latents: Tensor, conditions: Conditions) -> Tensor:
        return self.codec.decode(latents)

    def save(self, folder: Path) -> None:
        save_generator(folder / "generator.pt", self)


def describe(extractor: RewardEncoder, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Pool a person's references: (PEOPLE, R, 32, 24, 3) uint8 to maps (PEOPLE, 48, 64) and (PEOPLE, 12, 128)."""
    fine, coarse = extractor.maps(pictures.flatten(0, 1))
    return tuple(
        m.flatten(2).transpose(1, 2).unflatten(0, pictures.shape[:2]).mean(1) for m in (fine, coarse)
    )


def _pictures(prompt: Prompt) -> Tensor:
    """Return the references of both people, (PEOPLE, R, 32, 24, 3) uint8, or say what does not fit."""
    if len(prompt.references) != PEOPLE:
        raise GeneratorError(
            f"prompt {prompt.id!r} names {len(prompt.references)} people; the toy generator makes clips of {PEOPLE}"
        )
    people = []
    fewest = min(len(pictures) for pictures in prompt.references)
    for pictures in prompt.references:
        if not fewest:
            raise GeneratorError(
                f"prompt {prompt.id!r} has a person without references: give each one or more"
            )
        for picture in pictures:
            if picture.shape != (HEIGHT, WIDTH, 3) or picture.dtype != np.uint8:
                raise GeneratorError(
                    f"a reference of prompt {prompt.id!r} is {picture.shape} {picture.dtype}; the toy generator reads "
                    f"({HEIGHT}, {WIDTH}, 3) uint8"
                )
        people.append(np.stack(pictures[:fewest]))
    return torch.from_numpy(np.stack(people))


def save_generator(path: Path, generator: ToyGenerator) -> None:
    """Write weights, codec and extractor as one file, whole or not at all."""
    held = {
        "parts": generator.network.parts.as_dict(),
        "network": generator.network.state_dict(),
        "codec": generator.codec.state_dict(),
        "extractor": generator.extractor.state_dict(),
    }
    partial = path.with_suffix(".partial")
    torch.save(held, partial)
    partial.rename(path)


def load_generator(path: Path) -> ToyGenerator:
    """Read a generator. GeneratorError says what is missing."""
    if not path.is_file():
        raise GeneratorError(f"{path} is missing: make it with python -m training.generators.toy FOLDER")
    try:
        held = torch.load(path, weights_only=True)
        network = ToyNetwork(Parts(**held["parts"]))
        codec, extractor = Codec(), RewardEncoder()
        for module, name in ((network, "network"), (codec, "codec"), (extractor, "extractor")):
            module.load_state_dict(held[name])
    except (RuntimeError, KeyError, TypeError) as error:
        raise GeneratorError(f"{path} is not a toy generator of this version: {error}") from error
    return ToyGenerator(network, codec, extractor)
