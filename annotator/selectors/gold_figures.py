"""How well a study's annotators see what was done to faces: figures of its test questions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from annotator.agreement.gold import names_better
from annotator.agreement.proportions import Share, wilson_share
from annotator.agreement.psychometric import Psychometric, guess_rate, psychometric_fit
from annotator.gold_charts import Delays, quartiles
from annotator.models import Item, Member, Qualification, Role, Study
from config.accounts.models import User

from .gold import GoldAnswer, gold_answers

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatorGold:
    """How one annotator answers test questions; `could_not` of them they could not judge."""

    name: str
    is_simulated: bool
    share: Share
    could_not: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeGold:
    """How often one recipe is seen through, at each gap of severities; ties by construction stand under 0."""

    recipe: str
    share: Share
    by_gap: list[Share]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldFigures:
    """Figures of the answers to test questions.

    Attributes:
        items: Test questions of the study.
        answers, simulated: How many there are, and of them by simulated annotators.
        share: Right, with the study's tolerance.
        annotators: Most answers first.
        recipes: By name.
        seen: By gap of severities, how many answers name the better side; ties count as not naming it.
        ties: Of the answers to ties by construction, how many say so.
        fit: The psychometric function through `seen`.
        delays: By gap, frames from the onset to the first mark.
        marked: How many of the answers that name the better side carry a mark on what was changed.
    """

    items: int
    answers: int
    simulated: int
    share: Share
    annotators: list[AnnotatorGold]
    recipes: list[RecipeGold]
    seen: dict[int, Share]
    ties: Share
    fit: Psychometric | None
    delays: dict[int, Delays]
    marked: Share

    @property
    def all_delays(self) -> int:
        return sum(each.count for each in self.delays.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualifier:
    """A member in the round before the first pair, or after it."""

    member: Member
    share: Share

    @property
    def has_failed(self) -> bool:
        return self.member.qualification == Qualification.FAILED

    @property
    def is_in_round(self) -> bool:
        return self.member.qualification == Qualification.OPEN


def gold_figures(study: Study) -> GoldFigures:
    """Return the figures of a study; four statements, whatever its size."""
    answers = gold_answers(study)
    users = User.objects.in_bulk({answer.annotator for answer in answers})
    return compute_figures(answers, users, items=Item.objects.filter(study=study, is_gold=True).count())


def compute_figures(answers: Sequence[GoldAnswer], users: dict[int, User], *, items: int) -> GoldFigures:
    """Compute the figures of some answers."""
    seen = {gap: _named(answers, gap) for gap in range(1, 6)}
    ties = _share(answer.right for answer in answers if not answer.gap)
    guess = guess_rate(ties=ties.count, answers=ties.total)
    named = [a for a in answers if a.gap and names_better(a.vote, known=a.known)]
    return GoldFigures(
        items=items,
        answers=len(answers),
        simulated=sum(answer.is_simulated for answer in answers),
        share=_share(answer.right for answer in answers),
        annotators=[
            AnnotatorGold(
                name=users[annotator].get_username(),
                is_simulated=users[annotator].is_simulated,
                share=_share(each.right for each in own),
                could_not=sum(each.right is None for each in own),
            )
            for annotator, own in sorted(
                _grouped(answers, lambda each: each.annotator).items(),
                key=lambda part: (-len(part[1]), part[0]),
            )
        ],
        recipes=[
            RecipeGold(
                recipe=recipe,
                share=_share(each.right for each in own),
                by_gap=[_share(each.right for each in own if each.gap == gap) for gap in range(6)],
            )
            for recipe, own in sorted(_grouped(answers, lambda each: each.recipe).items())
        ],
        seen=seen,
        ties=ties,
        fit=psychometric_fit({gap: (share.count, share.total) for gap, share in seen.items()}, guess=guess),
        delays=_delays(answers),
        marked=wilson_share(sum(each.delay is not None for each in named), len(named)),
    )


def _named(answers: Sequence[GoldAnswer], gap: int) -> Share:
    """Return how many answers name the better side; who could not judge did not see it."""
    own = [bool(names_better(answer.vote, known=answer.known)) for answer in answers if answer.gap == gap]
    return wilson_share(sum(own), len(own))


def _share(rights: Iterable[bool | None]) -> Share:
    told = [right for right in rights if right is not None]
    return wilson_share(sum(told), len(told))


def _grouped(answers: Sequence[GoldAnswer], key: Callable[[GoldAnswer], K]) -> dict[K, list[GoldAnswer]]:
    groups: dict[K, list[GoldAnswer]] = defaultdict(list)
    for answer in answers:
        groups[key(answer)].append(answer)
    return groups


def _delays(answers: Sequence[GoldAnswer]) -> dict[int, Delays]:
    found: dict[int, list[float]] = defaultdict(list)
    for answer in answers:
        if answer.delay is not None:
            found[answer.gap].append(answer.delay)
    delays = {}
    for gap, values in sorted(found.items()):
        q1, median, q3 = quartiles(values)
        delays[gap] = Delays(q1=q1, median=median, q3=q3, count=len(values))
    return delays


def qualifiers(study: Study) -> list[Qualifier]:
    """Return who is or was in the round before the first pair, whoever waits for a lead's word first."""
    members = (
        Member.objects.filter(study=study, role=Role.ANNOTATOR)
        .exclude(qualification=Qualification.NOT_ASKED)
        .select_related("user", "let_in_by")
    )
    right: Counter[int] = Counter()
    total: Counter[int] = Counter()
    for answer in gold_answers(study, slot__kind="qualify"):
        right[answer.annotator] += bool(answer.right)
        total[answer.annotator] += 1
    order = {Qualification.FAILED: 0, Qualification.OPEN: 1, Qualification.PASSED: 2}
    return [
        Qualifier(member=member, share=wilson_share(right[member.user_id], total[member.user_id]))
        for member in sorted(members, key=lambda each: (order[Qualification(each.qualification)], each.pk))
    ]


def figures_json(figures: GoldFigures) -> dict[str, Any]:
    """Return the figures as plain values: shares with their intervals, None for what nobody knows yet."""
    fit = figures.fit
    return {
        "items": figures.items,
        "answers": figures.answers,
        "simulated": figures.simulated,
        "right": _plain(figures.share),
        "ties": _plain(figures.ties),
        "annotators": [
            {
                "name": each.name,
                "simulated": each.is_simulated,
                "could_not": each.could_not,
                "right": _plain(each.share),
            }
            for each in figures.annotators
        ],
        "recipes": [
            {
                "recipe": each.recipe,
                "right": _plain(each.share),
                "by_gap": {str(gap): _plain(share) for gap, share in enumerate(each.by_gap)},
            }
            for each in figures.recipes
        ],
        "psychometric": {
            "seen": {str(gap): _plain(share) for gap, share in figures.seen.items()},
            "guess": None if fit is None else fit.guess,
            "threshold": None if fit is None else fit.threshold,
            "threshold_low": None if fit is None else fit.low,
            "threshold_high": None if fit is None else fit.high,
            "width": None if fit is None else fit.width,
        },
        "frames_after_onset": {
            str(gap): {"median": each.median, "q1": each.q1, "q3": each.q3, "marks": each.count}
            for gap, each in figures.delays.items()
        },
        "marked": _plain(figures.marked),
    }


def _plain(share: Share) -> dict[str, Any]:
    if not share.total:
        return {"count": 0, "total": 0, "share": None, "low": None, "high": None}
    return {
        "count": share.count,
        "total": share.total,
        "share": share.value,
        "low": share.low,
        "high": share.high,
    }
