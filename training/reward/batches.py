"""Clips side by side as tensors, padded to the most people and references among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from training.reward.clips import Clip


@dataclass(frozen=True, eq=False)
class Batch:
    """B clips of up to P people with up to R references, at T moments.

    Attributes:
        references: (B, P, R, D) float32.
        has_reference: (B, P, R) bool.
        embeddings: (B, P, T, D) float32.
        present: (B, P, T) bool, whether there is an embedding.
        likeness: (B, P, T, F) float32.
        has_person: (B, P) bool.
    """

    references: Tensor
    has_reference: Tensor
    embeddings: Tensor
    present: Tensor
    likeness: Tensor
    has_person: Tensor

    def __len__(self) -> int:
        return len(self.has_person)


def batch_of(clips: Sequence[Clip]) -> Batch:
    """Return clips as one batch, in order."""
    people = max(len(clip.people) for clip in clips)
    most = max(len(each) for clip in clips for each in clip.references)
    steps, dimension = clips[0].steps, clips[0].embeddings.shape[2]
    count = len(clips)
    references = np.zeros((count, people, most, dimension), np.float32)
    has_reference = np.zeros((count, people, most), bool)
    embeddings = np.zeros((count, people, steps, dimension), np.float32)
    present = np.zeros((count, people, steps), bool)
    likeness = np.zeros((count, people, steps, clips[0].likeness.shape[2]), np.float32)
    has_person = np.zeros((count, people), bool)
    for b, clip in enumerate(clips):
        n = len(clip.people)
        for p, own in enumerate(clip.references):
            references[b, p, : len(own)] = own
            has_reference[b, p, : len(own)] = True
        embeddings[b, :n], present[b, :n] = clip.embeddings, clip.present
        likeness[b, :n], has_person[b, :n] = clip.likeness, True
    return Batch(
        *map(torch.from_numpy, (references, has_reference, embeddings, present, likeness, has_person))
    )
