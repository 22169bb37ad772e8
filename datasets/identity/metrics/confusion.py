"""Whether a person is taken for, or mixed with, another of the clip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from datasets.identity.matching import Swap
from datasets.identity.metrics.samples import PersonSamples

CLEARLY = 0.02


def margin(samples: PersonSamples) -> float:
    """Return by how much the person is more like themselves than like the nearest other subject.

    Formula: median over good samples of s_own - max over others of s_other. Range: -2 to 2 for cosine; negative for a
    face that is more like somebody else. NaN without samples or without another subject.
    """
    others = np.delete(samples.similarity, samples.person, axis=1)
    if not len(others) or not others.shape[1]:
        return float("nan")
    return float(np.median((samples.own - others.max(axis=1))[samples.good]))


def swap_rate(samples: PersonSamples, swaps: Sequence[Swap]) -> float:
    """Return the share of good samples whose face is another subject's, 0 to 1 (`matching.find_swaps`).

    NaN without samples.
    """
    good = set(samples.sample_frames[samples.good].tolist())
    if not good:
        return float("nan")
    swapped = {swap.frame for swap in swaps if swap.person == samples.person}
    return len(swapped & good) / len(good)


def blended(samples: PersonSamples, templates: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which samples are a blend of the person with another: closer to the two together than to either.

    Formula: sim(e, m) > max(sim(e, t_own), sim(e, t_other)) + 0.02 and sim(e, m) >= the threshold for one person,
    with m the mean of both templates; (S,) bool. For unrelated templates and cosine this asks that the other's share
    of the face is at least about 0.4 of the own. Source: own definition.

    Args:
        samples: The person's.
        templates: (P, D) of all people.
    """
    space = samples.space
    result = np.zeros(len(samples.embeddings), bool)
    for other in range(len(templates)):
        if other == samples.person or not len(result):
            continue
        middle = space.mean(templates[[samples.person, other]])
        both = space.similarity(samples.embeddings, middle)[:, 0]
        either = samples.similarity[:, [samples.person, other]].max(axis=1)
        result |= (both > either + CLEARLY) & (both >= space.same_person)
    return result


def blend_rate(samples: PersonSamples, templates: NDArray[np.float32]) -> float:
    """Return the share of good samples that are a blend (`blended`), 0 to 1; NaN without samples."""
    return (
        float(blended(samples, templates)[samples.good].mean()) if len(samples.embeddings) else float("nan")
    )
