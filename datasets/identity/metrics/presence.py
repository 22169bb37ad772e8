"""Whether a person is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.identity.metrics.samples import PersonSamples


def coverage(samples: PersonSamples) -> float:
    """Return the share of the clip's frames in which the person's face is seen, 0 to 1.

    A face that is turned away is not seen; whether that is a fault, the prompt decides.
    """
    return len(np.unique(samples.frames)) / max(samples.clip_frames, 1)


@dataclass(frozen=True)
class Drop:
    """A person missing after having been seen.

    Attributes:
        share: Of the frames from the first in which the person is seen to the clip's end, 0 to 1; 1 for somebody
            who is never seen.
        longest_s: The longest gap, seconds.
        gaps: (first, last) missing frames of each gap of a fifth of a second and more.
    """

    share: float
    longest_s: float
    gaps: tuple[tuple[int, int], ...]


MIN_GAP_S = 0.2


def drop(samples: PersonSamples) -> Drop:
    """Return how much of the clip a person misses after being seen first. Source: own definition."""
    if not len(samples.frames):
        last = samples.clip_frames - 1
        return Drop(1.0, samples.clip_frames / samples.fps, ((0, last),))
    seen = np.zeros(samples.clip_frames, bool)
    seen[samples.frames] = True
    first = int(samples.frames[0])
    edges = np.flatnonzero(np.diff(np.concatenate([[True], seen[first:], [True]]).astype(np.int8))) + first
    gaps = [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    longest = max((b - a + 1 for a, b in gaps), default=0)
    long_gaps = tuple(gap for gap in gaps if gap[1] - gap[0] + 1 >= MIN_GAP_S * samples.fps)
    return Drop(float((~seen[first:]).mean()), longest / samples.fps, long_gaps)
