"""Generators ranked by what people prefer, over some studies or all.

Every vote that counts is a comparison; reviews and repeats are left out, since they ask again about chosen items.
In a queue that a reward model ordered, pairs that it picked count once all of the study are judged. Votes on one pair
are drawn together in the bootstrap. Clips that were distorted on purpose stand for no generator.
Simulated judgments are ranked apart: `judges` says whose count.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Exists, IntegerField, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from numpy.typing import NDArray

from annotator.agreement.bradley_terry import ELO_MEAN, ELO_PER_STRENGTH, Ranking, rank_generators
from annotator.agreement.consensus import CLASSES, VOTES, overall_from_people, to_storage
from annotator.agreement.head_to_head import points_interval
from annotator.models import Judgment, PersonJudgment, Slot, SlotKind, SlotState, Study
from datasets.models import ClipSubject, Origin

Judges = Literal["human", "simulated", "all"]

RESAMPLES = 1000
# Also bounds how long a renamed generator keeps its old name.
KEEP_SECONDS = 600
REAL = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedGenerator:
    """`strength` is on a log scale with mean 0; its ends, and those of `elo`, hold it with 95 %.

    `wins`, `ties`, `losses` are votes; `win_share` counts a tie as half a win. `group`: generators are comparable
    within a group only.
    """

    name: str
    strength: float
    low: float
    high: float
    elo: float
    elo_low: float
    elo_high: float
    wins: int
    ties: int
    losses: int
    win_share: float
    group: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """What became of a row's generator against a column's: votes, and the share of wins, ties counted half.

    `low` and `high` hold the share with 95 %; nan where votes on fewer than two pairs of clips stand behind it.
    """

    wins: int
    ties: int
    losses: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorRanking:
    """`rows`, the best first within each group; `matrix` in their order, None where two never met.

    `reason` says why the rows are not one scale, if so. `separated`: somebody won, or lost, everything, and only
    the prior bounds their rating. `judgments` and `pairs` are what went in, `simulated` how many of the judgments
    were simulated.
    """

    rows: list[RankedGenerator]
    matrix: list[list[Meeting | None]]
    reason: str
    separated: bool
    judgments: int
    simulated: int
    pairs: int


class RankingChoices(NamedTuple):
    """What a ranking can be narrowed to: counts of people in a scene, and how many judgments of each sort."""

    person_counts: list[int]
    human: int
    simulated: int


def generator_ranking(
    *, studies: Collection[Study] | None = None, person_count: int | None = None, judges: Judges = "human"
) -> GeneratorRanking:
    """Rank the generators whose clips were compared, in some studies or in all.

    Kept in the cache for ten minutes, under the filters and the number and the last id of the judgments they let
    through: judgments only ever come, so a new one makes a new key.
    """
    rows = _judgments(studies, person_count, judges)
    state = rows.aggregate(last=Max("pk"), n=Count("pk"))
    of = "all" if studies is None else "+".join(map(str, sorted(study.pk for study in studies)))
    key = f"rating:2:{of}:{person_count}:{judges}:{state['n']}:{state['last']}"
    kept: GeneratorRanking | None = cache.get(key)
    if kept is None:
        kept = _rank(rows)
        cache.set(key, kept, KEEP_SECONDS)
    return kept


def ranking_choices(*, studies: Collection[Study] | None = None) -> RankingChoices:
    rows = _judgments(studies, None, "all")
    counts = dict(rows.order_by().values_list("is_simulated").annotate(n=Count("pk")))
    people = rows.order_by("person_count").values_list("person_count", flat=True).distinct()
    return RankingChoices(list(people), human=counts.get(False, 0), simulated=counts.get(True, 0))


def _judgments(studies: Collection[Study] | None, person_count: int | None, judges: Judges) -> QuerySet[Any]:
    later = Judgment.objects.filter(supersedes=OuterRef("pk"))
    rows = Judgment.objects.filter(
        ~Exists(later), surplus=False, is_review=False, item__repeat_of__isnull=True, item__is_gold=False
    ).exclude(item__pair__clip_a__origin=Origin.DISTORTED)
    rows = rows.exclude(item__pair__clip_b__origin=Origin.DISTORTED)
    # Pairs that a model picked are not a sample of the study's: until all are judged, those drawn at random speak.
    left = Slot.objects.filter(study=OuterRef("study"), kind=SlotKind.ANSWER, state=SlotState.FREE)
    rows = rows.exclude(Exists(left), item__drawn_at_random=False)
    if studies is not None:
        rows = rows.filter(study__in=studies)
    if judges != "all":
        rows = rows.filter(is_simulated=judges == "simulated")
    subjects = ClipSubject.objects.filter(clip=OuterRef("item__pair__clip_a")).order_by().values("clip")
    rows = rows.annotate(
        person_count=Coalesce(
            Subquery(subjects.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0
        )
    )
    return rows if person_count is None else rows.filter(person_count=person_count)


def _rank(judgments: QuerySet[Any]) -> GeneratorRanking:
    rows = list(
        judgments.order_by("pk").values_list(
            "pk",
            "item__pair_id",
            "left_is_a",
            "overall",
            "is_simulated",
            "item__pair__clip_a__generator",
            "item__pair__clip_a__generator_version",
            "item__pair__clip_b__generator",
            "item__pair__clip_b__generator_version",
        )
    )
    implied = _implied_by_people(judgments.filter(overall=""))
    first, second, outcomes, pairs, simulated = [], [], [], [], 0
    for pk, pair, left_is_a, overall, is_simulated, a, a_version, b, b_version in rows:
        vote = VOTES.get(to_storage(overall, left_is_a=left_is_a) or implied.get(pk, ""))
        if vote is None:
            continue
        first.append(_label(a, a_version))
        second.append(_label(b, b_version))
        outcomes.append(CLASSES.index(vote))
        pairs.append(pair)
        simulated += is_simulated
    ranking = rank_generators(
        np.array(first, dtype=str),
        np.array(second, dtype=str),
        np.eye(len(CLASSES))[np.array(outcomes, dtype=np.int64)],
        clusters=np.array(pairs, dtype=np.int64),
        resamples=RESAMPLES,
    )
    votes = Votes(
        np.array(first, dtype=str), np.array(second, dtype=str), np.array(outcomes), np.array(pairs)
    )
    return _table(ranking, votes, judgments=len(outcomes), simulated=simulated, pairs=len(set(pairs)))


def _implied_by_people(judgments: QuerySet[Any]) -> dict[int, str]:
    """The overall answer in storage order of judgments that only say something of each person."""
    verdicts: dict[int, list[str]] = {}
    rows = PersonJudgment.objects.filter(judgment__in=judgments.values("pk"))
    for pk, left_is_a, verdict in rows.values_list("judgment_id", "judgment__left_is_a", "verdict"):
        verdicts.setdefault(pk, []).append(to_storage(verdict, left_is_a=left_is_a))
    return {pk: overall_from_people(answers) for pk, answers in verdicts.items()}


def _label(generator: str, version: str) -> str:
    return f"{generator} {version}".strip() or REAL


class Votes(NamedTuple):
    """Rows of comparisons: two generators, what was said (a place in CLASSES), which pair of clips."""

    first: NDArray[np.str_]
    second: NDArray[np.str_]
    outcomes: NDArray[np.int64]
    pairs: NDArray[np.int64]

    def interval(self, one: str, other: str) -> tuple[float, float]:
        """Return the interval of the share of points of one generator against another."""
        straight = (self.first == one) & (self.second == other)
        crossed = (self.first == other) & (self.second == one)
        # CLASSES are a, tie, b: the first one's points.
        points = 1 - self.outcomes / 2
        return points_interval(
            np.concatenate([points[straight], 1 - points[crossed]]),
            np.concatenate([self.pairs[straight], self.pairs[crossed]]),
        )


def _table(ranking: Ranking, votes: Votes, *, judgments: int, simulated: int, pairs: int) -> GeneratorRanking:
    # Groups by size, so that the one that most is known of comes first; within each the best first.
    sizes = np.bincount(ranking.groups) if len(ranking.groups) else np.zeros(0)
    order: Sequence[int] = sorted(
        range(len(ranking.names)),
        key=lambda g: (-sizes[ranking.groups[g]], ranking.groups[g], -ranking.strengths[g]),
    )
    return GeneratorRanking(
        rows=[_ranked(ranking, g) for g in order],
        matrix=[[_meeting(ranking, votes, g, other) for other in order] for g in order],
        reason=ranking.reason,
        separated=ranking.separated,
        judgments=judgments,
        simulated=simulated,
        pairs=pairs,
    )


def _ranked(ranking: Ranking, g: int) -> RankedGenerator:
    wins, losses, ties = ranking.wins[g].sum(), ranking.wins[:, g].sum(), ranking.ties[g].sum()
    total = wins + losses + ties
    strength, low, high = (float(ends[g]) for ends in (ranking.strengths, ranking.low, ranking.high))
    return RankedGenerator(
        name=str(ranking.names[g]),
        strength=strength,
        low=low,
        high=high,
        elo=ELO_MEAN + ELO_PER_STRENGTH * strength,
        elo_low=ELO_MEAN + ELO_PER_STRENGTH * low,
        elo_high=ELO_MEAN + ELO_PER_STRENGTH * high,
        wins=int(wins),
        ties=int(ties),
        losses=int(losses),
        win_share=float((wins + ties / 2) / total) if total else float("nan"),
        group=int(ranking.groups[g]),
    )


def _meeting(ranking: Ranking, votes: Votes, g: int, other: int) -> Meeting | None:
    wins, losses, ties = ranking.wins[g, other], ranking.wins[other, g], ranking.ties[g, other]
    total = wins + losses + ties
    if not total:
        return None
    low, high = votes.interval(str(ranking.names[g]), str(ranking.names[other]))
    return Meeting(
        wins=int(wins),
        ties=int(ties),
        losses=int(losses),
        share=float((wins + ties / 2) / total),
        low=low,
        high=high,
    )
