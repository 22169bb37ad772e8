"""How like their references a person is."""

from __future__ import annotations

import numpy as np

from datasets.identity.metrics.samples import PersonSamples

TRIM = 0.1


def mean_similarity(samples: PersonSamples) -> float:
    """Return the robust mean of similarity with the person's template over good samples.

    Formula: the mean of s_t = sim(e_t, mean of references) over samples of quality GOOD and up, without the lowest
    and the highest tenth. Range: that of the space, -1 to 1 for cosine; NaN without samples.
    Source: template pooling as in IJB-A (Klare et al. 2015); trimmed mean, own choice against single bad frames.
    """
    values = np.sort(samples.own[samples.good])
    if not len(values):
        return float("nan")
    cut = int(TRIM * len(values))
    return float(values[cut : len(values) - cut].mean())


def worst_similarity(samples: PersonSamples) -> float:
    """Return the tenth percentile of similarity over good samples: how bad it gets for a while. NaN without any."""
    values = samples.own[samples.good]
    return float(np.percentile(values, 10)) if len(values) else float("nan")
