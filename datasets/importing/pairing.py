"""Which rows of an import become pairs. Knows rows only, no database."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

from .report import Problem
from .rows import Row

MAX_PAIRS = 1_000_000


class PairRule(StrEnum):
    NAMED = "named"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PlannedPair:
    """Two rows, in the order of the manifest; `better` is "a", "b", "tie" or "" as its publisher says."""

    a: Row
    b: Row
    key: str = ""
    better: str = ""


def plan_pairs(rows: Sequence[Row], rule: PairRule | None = None) -> tuple[list[PlannedPair], list[Problem]]:
    """Return the pairs of an import. Without a rule: those that are named when any is, else all against all."""
    if rule is None:
        rule = PairRule.NAMED if any(row.pair for row in rows) else PairRule.ALL
    if rule is PairRule.NAMED:
        return _named(rows)
    if rule is PairRule.ALL:
        return _all(rows)
    return [], []


def _named(rows: Sequence[Row]) -> tuple[list[PlannedPair], list[Problem]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.pair:
            groups[row.pair].append(row)
    pairs, problems = [], []
    for key, members in groups.items():
        better, reason = _judge(members)
        if reason:
            problems.append(Problem(line=members[-1].line, name=f"pair {key}", reason=reason))
        else:
            pairs.append(PlannedPair(members[0], members[1], key=key, better=better))
    return pairs, problems


def _judge(members: list[Row]) -> tuple[str, str]:
    """Return what is published about a named pair, and why it is none."""
    lines = ", ".join(str(row.line) for row in members if row.line)
    if len(members) != 2:
        where = f" (lines {lines})" if len(members) > 1 and lines else ""
        return "", f"a pair has two clips, this one {len(members)}{where}"
    a, b = members
    if a.prompt and b.prompt and a.prompt != b.prompt:
        return "", f"its two clips have different prompts (lines {lines})"
    if set(a.subjects) != set(b.subjects):
        return "", f"its two clips have different subjects (lines {lines})"
    labels = {
        ("yes", "no"): "a",
        ("yes", ""): "a",
        ("no", "yes"): "b",
        ("", "yes"): "b",
        ("tie", "tie"): "tie",
    }
    blank = {("", ""), ("no", "no"), ("no", ""), ("", "no")}
    if (a.better, b.better) in blank:
        return "", ""
    if (a.better, b.better) not in labels:
        return (
            "",
            f"published_better is '{a.better}' and '{b.better}' (lines {lines}): they contradict one another",
        )
    return labels[a.better, b.better], ""


def _all(rows: Sequence[Row]) -> tuple[list[PlannedPair], list[Problem]]:
    scenes: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.scene:
            scenes[row.scene].append(row)
    # By generator, most of a big group's combinations are of equals: counted before they are made.
    if sum(len(members) * (len(members) - 1) // 2 for members in scenes.values()) > MAX_PAIRS:
        reason = f"all against all would make more than {MAX_PAIRS:,} pairs; name them in the column 'pair'"
        return [], [Problem(line=0, name="", reason=reason)]
    return [pair for members in scenes.values() for pair in _across_generators(members)], []


def _across_generators(members: list[Row]) -> Iterator[PlannedPair]:
    for a, b in combinations(members, 2):
        if a.made_by != b.made_by:
            yield PlannedPair(a, b)
