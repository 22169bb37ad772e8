"""What the embeddings of one model mean: how to compare them, and where the same person ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from datasets.identity.errors import IdentityError

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class Space:
    """The space that one embedder maps faces to. Embeddings of different spaces are never compared.

    Attributes:
        name: The embedder.
        version: Which weights, by name or first digits of their SHA-256.
        licence: Of the weights.
        dimension: Numbers in an embedding.
        distance: "cosine" (embeddings have length 1) or "euclidean" (embeddings as the model gives them).
        threshold: The distance up to which two faces count as one person: 1 - cosine, or the Euclidean one.
        threshold_source: Where the threshold comes from.
    """

    name: str
    version: str
    licence: str
    dimension: int
    distance: Literal["cosine", "euclidean"]
    threshold: float
    threshold_source: str

    @property
    def key(self) -> str:
        """Names space and weights: equal keys mean comparable embeddings."""
        return f"{self.name}@{self.version}"

    @property
    def same_person(self) -> float:
        """The threshold as a similarity."""
        return 1 - self.threshold if self.distance == "cosine" else 0.5

    def similarity(self, a: Embeddings, b: Embeddings) -> NDArray[np.float32]:
        """Return the similarity of each of a (N, D) with each of b (M, D) as (N, M) float32, at most 1.

        Cosine spaces: the cosine, -1 to 1, as the literature states it. Euclidean spaces: 1 - d / (2 x threshold),
        so that 1 is the same vector and 0.5 the threshold (own choice; dlib states distances).
        """
        if self.distance == "cosine":
            return a @ b.T
        squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None] - 2 * (a @ b.T)
        return np.float32(1) - np.sqrt(np.maximum(squared, 0)) / np.float32(2 * self.threshold)

    def pairwise(self, a: Embeddings, b: Embeddings) -> NDArray[np.float32]:
        """Return the similarity of a[i] with b[i], (N,) float32."""
        if self.distance == "cosine":
            return (a * b).sum(axis=1)
        return np.float32(1) - np.linalg.norm(a - b, axis=1) / np.float32(2 * self.threshold)

    def normalised(self, embeddings: NDArray[np.float32]) -> Embeddings:
        """Return embeddings (N, D) as this space keeps them: of length 1 for a cosine space."""
        embeddings = np.asarray(embeddings, dtype=np.float32).reshape(-1, self.dimension)
        if self.distance == "euclidean":
            return embeddings
        return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-9)

    def mean(self, embeddings: Embeddings, weights: NDArray[np.float32] | None = None) -> Embeddings:
        """Return one embedding (1, D) that stands for several of one person."""
        return self.normalised(np.average(embeddings, axis=0, weights=weights)[None])

    def require(self, other: Space) -> None:
        """Raise IdentityError if `other` is not this space."""
        if self.key != other.key:
            raise IdentityError(
                f"Embeddings of {self.key} and {other.key} cannot be compared: analyse both with one backend."
            )
