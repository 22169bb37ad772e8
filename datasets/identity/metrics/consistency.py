"""The two modes of the Face Consistency Benchmark, for comparison with published figures.

Source: Podstawski, Kudelska, Wang, "Face Consistency Benchmark for GenAI Video", arXiv 2505.11425. Both are mean cosine
distances between faces of one clip: they ask whether a face stays the same, not whose it is, and a clip that is
wrong from its first frame does well.
"""

from __future__ import annotations

import numpy as np

from datasets.identity.metrics.samples import PersonSamples

RANDOM_PAIRS = 200


def to_model_frame(samples: PersonSamples) -> float:
    """Return the mean cosine distance of all samples to one chosen frame's, 0 to 2; NaN with fewer than two.

    The paper chooses a representative frame by hand; here it is the sample of highest quality (the earliest of
    equals).
    """
    unit = _unit(samples)
    if len(unit) < 2:
        return float("nan")
    model = int(samples.quality.argmax())
    return float(np.mean(1 - np.delete(unit, model, axis=0) @ unit[model]))


def random_pairs(samples: PersonSamples, seed: int = 0) -> float:
    """Return the mean cosine distance of 200 random pairs of samples, 0 to 2; NaN with fewer than two."""
    unit = _unit(samples)
    if len(unit) < 2:
        return float("nan")
    rng = np.random.default_rng(seed)
    first = rng.integers(len(unit), size=RANDOM_PAIRS)
    second = (first + rng.integers(1, len(unit), size=RANDOM_PAIRS)) % len(unit)
    return float(np.mean(1 - (unit[first] * unit[second]).sum(axis=1)))


def _unit(samples: PersonSamples) -> np.ndarray:
    lengths = np.linalg.norm(samples.embeddings, axis=1, keepdims=True)
    return samples.embeddings / np.maximum(lengths, 1e-9)
