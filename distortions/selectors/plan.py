"""What a configuration would come to, before anything is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from distortions.catalogue import CATALOGUE
from distortions.config import PAIR_KINDS, BatchConfig, ConfigError
from distortions.planning import Planned, batch_plan
from distortions.selectors.sources import sources_of

SHOWN_CLIPS = 12
DRAWN = 2_000
"""A larger plan is summed up from so many results: shares are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan in numbers; `wrong` says why there is none."""

    wrong: list[str] = field(default_factory=list)
    results: int = 0
    controls: int = 0
    sources: int = 0
    left_out: list[dict[str, object]] = field(default_factory=list)
    pairs: int = 0
    pair_kinds: list[tuple[str, int]] = field(default_factory=list)
    clips: list[int] = field(default_factory=list)


def plan_summary(config: BatchConfig) -> PlanSummary:
    """Return what a batch would come to."""
    try:
        sources = sources_of(config.clips)
        plan = batch_plan(replace(config, count=min(config.count, DRAWN)), sources.usable)
    except ConfigError as error:
        return PlanSummary(wrong=error.sentences)
    scale = config.count / len(plan)
    kinds = _pair_kinds(plan)
    return PlanSummary(
        results=config.count,
        controls=round(scale * sum(CATALOGUE[each.recipe].is_control for each in plan)),
        sources=len(sources.usable),
        left_out=sources.left_out,
        pairs=round(scale * sum(kinds.values())),
        pair_kinds=[(kind, round(scale * kinds[kind])) for kind in PAIR_KINDS if kinds[kind]],
        clips=[source.clip for source in sources.usable[:SHOWN_CLIPS]],
    )


def _pair_kinds(plan: list[Planned]) -> Counter[str]:
    groups = {each.group: each.pair_kind for each in plan if each.pair_kind}
    return Counter(groups.values())
