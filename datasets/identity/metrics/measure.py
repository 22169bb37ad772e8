"""All metrics of a clip in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from datasets.identity.matching import Matching
from datasets.identity.metrics.confusion import blend_rate, margin, swap_rate
from datasets.identity.metrics.consistency import random_pairs, to_model_frame
from datasets.identity.metrics.copy_paste import CopyPaste, copy_paste
from datasets.identity.metrics.drift import Slope, Survival, drift_slope, flicker, survival
from datasets.identity.metrics.presence import Drop, coverage, drop
from datasets.identity.metrics.samples import PersonSamples, person_samples
from datasets.identity.metrics.score import assigned_score, face_sim
from datasets.identity.metrics.similarity import mean_similarity, worst_similarity
from datasets.identity.metrics.threshold import calibrated_threshold
from datasets.identity.references import Person
from datasets.identity.tracks import Analysis


@dataclass(frozen=True, eq=False)
class PersonMetrics:
    """One person in one clip; each number is documented where it is computed. NaN: nothing to compute it from."""

    name: str
    similarity: float
    worst: float
    coverage: float
    margin: float
    swap_rate: float
    blend_rate: float
    drop: Drop
    drift: Slope
    survival: Survival
    flicker: float
    copy_paste: CopyPaste
    fcb_model_frame: float
    fcb_random_pairs: float
    presumed: bool
    samples: PersonSamples

    def numbers(self) -> dict[str, Any]:
        """Return all numbers as plain JSON, NaN as None."""
        groups = ("drop", "drift", "survival", "copy_paste")
        values = {k: v for k, v in self.__dict__.items() if k not in (*groups, "samples")}
        for name in groups:
            values |= {f"{name}_{k}": v for k, v in asdict(getattr(self, name)).items()}
        return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in values.items()}


@dataclass(frozen=True, eq=False)
class ClipMetrics:
    """A whole clip: our score, the published one, and each person."""

    score: float
    face_sim: float
    people: tuple[PersonMetrics, ...]


def measure(analysis: Analysis, matching: Matching, people: Sequence[Person]) -> ClipMetrics:
    """Return all metrics of a clip.

    Args:
        analysis: Of the clip.
        matching: Who is who in it.
        people: The same people, in the same order, as the matching was made with.
    """
    templates = np.concatenate([person.template(analysis.space) for person in people])
    gathered = [person_samples(analysis, matching, people, i) for i in range(len(people))]
    measured = []
    for i, (person, samples) in enumerate(zip(people, gathered, strict=True)):
        measured.append(
            PersonMetrics(
                name=person.name,
                similarity=mean_similarity(samples),
                worst=worst_similarity(samples),
                coverage=coverage(samples),
                margin=margin(samples),
                swap_rate=swap_rate(samples, matching.swaps),
                blend_rate=blend_rate(samples, templates),
                drop=drop(samples),
                drift=drift_slope(samples),
                survival=survival(samples, calibrated_threshold(people, i, analysis.space)),
                flicker=flicker(samples),
                copy_paste=copy_paste(samples, person),
                fcb_model_frame=to_model_frame(samples),
                fcb_random_pairs=random_pairs(samples),
                presumed=any(match.presumed for match in matching.matches if match.person == i),
                samples=samples,
            )
        )
    return ClipMetrics(assigned_score(gathered), face_sim(analysis, people), tuple(measured))
