"""How well the annotators of a study agree, and how each of them works.

Reviews are left out: they are answers to disputed items only. Repeats count for an annotator's consistency and
their pace, not for agreement.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Max

from annotator.agreement.alpha import Alpha, Level, krippendorff_alpha
from annotator.agreement.annotators import AnnotatorReport, annotator_reports
from annotator.agreement.consensus import VOTES, strength_of
from annotator.agreement.proportions import Share, wilson_share
from annotator.models import Judgment, Study
from annotator.selectors.counted import CountedAnswer, counted_answers

RESAMPLES = 1000
KEEP_SECONDS = 24 * 3600
# What was computed in a second may be shown for this many although a judgment came since: a page that asks
# again every few seconds while many people judge takes a bounded part of a processor.
STALE_FACTOR = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAgreement:
    """Figures over the answers that count.

    `overall`: alpha of a, tie and b (both bad is a tie), nominal. `people`: the same for each person in each
    item. `strength`: ordinal alpha from a much better to b much better. `repeats`: share of repeated pairs that
    got the same outcome. `reports` by annotator's id. `median_seconds` of all answers, nan without any. Of the
    `answers`, `simulated` came from simulated annotators; a page that shows the figures says so.
    """

    overall: Alpha
    people: Alpha
    strength: Alpha
    repeats: Share
    reports: list[AnnotatorReport]
    median_seconds: float
    answers: int
    simulated: int


def study_agreement(*, study: Study) -> StudyAgreement:
    """Return the figures of a study, computed anew when its judgments have changed.

    Judgments only ever come, so that their number and the last one's id name the state that figures are of.
    They stand in the cache beside the figures, under the study's id.
    """
    key = f"study-agreement:{study.pk}"
    rows = Judgment.objects.filter(study=study).aggregate(last=Max("pk"), n=Count("pk"))
    state = (rows["n"], rows["last"])
    kept: tuple[tuple[int, int], float, StudyAgreement] | None = cache.get(key)
    if kept is not None and (kept[0] == state or time.time() < kept[1]):
        return kept[2]
    started = time.time()
    figures = compute_agreement(counted_answers(study=study, is_review=False, item__is_gold=False))
    fresh_until = time.time() + STALE_FACTOR * (time.time() - started)
    cache.set(key, (state, fresh_until, figures), KEEP_SECONDS)
    return figures


def compute_agreement(answers: Sequence[CountedAnswer]) -> StudyAgreement:
    """Compute the figures of some answers, without reviews."""
    first = [answer for answer in answers if not answer.is_repeat]
    votes = [(a.item, a.annotator, VOTES[a.overall]) for a in first if a.overall in VOTES]
    strengths = [
        (a.item, a.annotator, strength) for a in first if (strength := strength_of(a.overall)) is not None
    ]
    people = [
        (f"{a.item}/{person}", a.annotator, VOTES[answer])
        for a in first
        for person, answer in a.people.items()
    ]
    reports = annotator_reports(
        [a.annotator for a in answers],
        [a.item for a in answers],
        [a.pair for a in answers],
        [a.seen for a in answers],
        [a.left_is_a for a in answers],
        [a.active_ms / 1000 for a in answers],
    )
    return StudyAgreement(
        overall=_alpha(votes),
        people=_alpha(people),
        strength=_alpha(strengths, "ordinal"),
        repeats=wilson_share(sum(r.repeats.count for r in reports), sum(r.repeats.total for r in reports)),
        reports=reports,
        median_seconds=float(np.median([a.active_ms for a in answers])) / 1000 if answers else float("nan"),
        answers=len(answers),
        simulated=sum(a.is_simulated for a in answers),
    )


def _alpha(rows: Sequence[tuple[int | str, int, int | str]], level: Level = "nominal") -> Alpha:
    items, annotators, values = zip(*rows, strict=True) if rows else ((), (), np.empty(0))
    return krippendorff_alpha(items, annotators, values, level=level, resamples=RESAMPLES)
