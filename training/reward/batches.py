"""Clips side by side as tensors, padded to the most people and references among them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.reward.clips import Clip, Vectors, likeness_of, padded_references
from training.reward.config import Training


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
    references, has_reference = padded_references([clip.references for clip in clips])
    people = references.shape[1]
    arrays = [
        _padded([getattr(clip, name) for clip in clips], people)
        for name in ("embeddings", "present", "likeness")
    ]
    return _batch(references, has_reference, *arrays)


def augmented_batch(clips: Sequence[Clip], training: Training, rng: np.random.Generator) -> Batch:
    """Return clips as one batch, with some references, moments and precision taken away: real tracks lack them too.

    A person keeps one reference at least. The clips themselves stay as they are.
    """
    references, has_reference = padded_references([clip.references for clip in clips])
    people, dimension = references.shape[1], references.shape[3]
    drawn = rng.random(has_reference.shape)
    first = np.where(has_reference, drawn, -1).argmax(axis=2)
    kept = drawn >= training.drop_references
    np.put_along_axis(kept, first[..., None], True, axis=2)
    has_reference &= kept
    present = _padded([clip.present for clip in clips], people)
    present &= rng.random(present.shape) >= training.drop_moments
    embeddings = _padded([clip.embeddings for clip in clips], people)
    noise = rng.standard_normal(embeddings.shape, np.float32)
    embeddings += noise * np.float32(training.noise / math.sqrt(dimension))
    embeddings /= np.maximum(np.linalg.norm(embeddings, axis=-1, keepdims=True), 1e-9)
    embeddings *= present[..., None]
    quality, seen = (_padded([getattr(clip, name) for clip in clips], people) for name in ("quality", "seen"))
    likeness = likeness_of(references, has_reference, embeddings, present, quality, seen)
    return _batch(references, has_reference, embeddings, present, likeness)


def _batch(
    references: Vectors,
    has_reference: NDArray[np.bool_],
    embeddings: Vectors,
    present: NDArray[np.bool_],
    likeness: Vectors,
) -> Batch:
    has_person = has_reference.any(axis=2)
    arrays = (references * has_reference[..., None], has_reference, embeddings, present, likeness, has_person)
    return Batch(*map(torch.from_numpy, arrays))


def _padded(arrays: Sequence[NDArray], people: int) -> NDArray:
    """Return arrays (P_i, …) of different numbers of people as one (B, P, …), 0 where there is nobody."""
    padded = np.zeros((len(arrays), people, *arrays[0].shape[1:]), arrays[0].dtype)
    for place, array in enumerate(arrays):
        padded[place, : len(array)] = array
    return padded
