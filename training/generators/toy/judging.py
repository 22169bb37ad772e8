"""How well a clip of the small world shows who was asked for, by an encoder that sees half frames.

A person's place is fixed (person 1 left, person 2 right), so no detector is needed: a 'face' is a half of
the frame.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from training.generators.toy.pool import HEIGHT, WIDTH

_FRAMES = (0, 2, 4)


@torch.no_grad()
def similarities(encoder: nn.Module, frames: Tensor, references: Tensor) -> Tensor:
    """Compare both halves with both people.

    Args:
        frames: (N, T, 32, 48, 3) uint8; frames 0, 2 and 4 are looked at.
        references: (N, 2, R, 32, 24, 3) uint8.

    Returns:
        (N, 3, 2, 2): frame, half shown, person asked for; cosines to the person's mean reference.
    """
    count = len(frames)
    known = encoder(references.flatten(0, 2)).unflatten(0, references.shape[:3]).mean(2)
    known = nn.functional.normalize(known, dim=-1)
    halves = frames[:, _FRAMES].reshape(count, len(_FRAMES), HEIGHT, 2, WIDTH, 3).transpose(2, 3)
    shown = encoder(halves.flatten(0, 2)).unflatten(0, (count, len(_FRAMES), 2))
    return torch.einsum("nfhd,npd->nfhp", shown, known)


def placed_reward(cosines: Tensor, temperature: float = 0.1, margin: float = 0.3) -> Tensor:
    """Return the reward (N,): soft minimum over people of their similarity in their own half.

        r_p = right - 0.3 max(0, wrong - right + margin);   R = -tau log mean exp(-r_p / tau)

    `wrong` is the similarity to the other person: who mixes the two pays for it.
    """
    both = cosines.mean(1)  # over frames: (N, half, person)
    right = both.diagonal(dim1=1, dim2=2)
    wrong = both.flip(2).diagonal(dim1=1, dim2=2)
    each = right - 0.3 * (wrong - right + margin).clamp(min=0)
    return -temperature * torch.log(torch.exp(-each / temperature).mean(1))


def assigned_similarity(cosines: Tensor) -> Tensor:
    """Return (N,) from 0 to 1: mean similarity of the two people under the better assignment, below 0 counted as 0."""
    both = cosines.mean(1).clamp(min=0)
    straight, crossed = both.diagonal(dim1=1, dim2=2).mean(1), both.flip(2).diagonal(dim1=1, dim2=2).mean(1)
    return torch.maximum(straight, crossed)


def swapped(cosines: Tensor) -> Tensor:
    """Return (N,) bool: the people stand in each other's place."""
    both = cosines.mean(1)
    return both.flip(2).diagonal(dim1=1, dim2=2).sum(1) > both.diagonal(dim1=1, dim2=2).sum(1)
