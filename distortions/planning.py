"""The plan of a batch: every result in advance, drawn from the seed. Pure: the same input gives the same plan.

Results come in groups, one or two of the same clip, that become a pair together. Weights are not drawn independently
but dealt: what has fallen behind its share comes next, and chance decides between equals, so that a small batch holds
its weights as well as a large one.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from distortions.catalogue import CATALOGUE, RecipeFacts
from distortions.config import BatchConfig, ConfigError
from distortions.synthesis.schedule import frames_needed

T = TypeVar("T", bound=str | int)


@dataclass(frozen=True, slots=True)
class Source:
    """A clip that can be distorted, how many of its people have tracks, how long it is, and whether it was drawn."""

    clip: int
    people: int
    frames: int
    is_cast: bool = False

    def fits(self, facts: RecipeFacts) -> bool:
        """Say whether a recipe can work on it."""
        return self.people >= facts.people and (self.is_cast or not facts.cast_only)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One result.

    Attributes:
        number: From 1 on, its place in the batch.
        group: What becomes one pair has one number.
        pair_kind: A key of config.PAIR_KINDS, or nothing if it becomes no pair.
        clip: The source clip.
        recipe, severity, schedule, seed: As in `synthesis.make.Order`.
    """

    number: int
    group: int
    pair_kind: str
    clip: int
    recipe: str
    severity: int
    schedule: str
    seed: int


@dataclass(frozen=True, slots=True)
class _Side:
    recipe: str
    severity: int
    schedule: str
    seed: int


@dataclass(frozen=True, slots=True)
class _Group:
    pair_kind: str
    sides: tuple[_Side, ...]

    @property
    def people(self) -> int:
        return max(CATALOGUE[side.recipe].people for side in self.sides)

    @property
    def frames(self) -> int:
        return max(frames_needed(side.schedule) for side in self.sides)  # type: ignore[arg-type]

    def able(self, sources: Sequence[Source]) -> list[Source]:
        """Return those that all recipes fit, and of them those that are long enough, if any is."""
        fitting = [s for s in sources if all(s.fits(CATALOGUE[side.recipe]) for side in self.sides)]
        return [source for source in fitting if source.frames >= self.frames] or fitting or list(sources)


class Deck(Generic[T]):
    """Deals names so that each comes as often as its weight says, and no run is longer than it must."""

    def __init__(self, weights: Mapping[T, float], rng: random.Random) -> None:
        total = sum(weights.values())
        self._shares = {name: weight / total for name, weight in weights.items()}
        self._owed = dict.fromkeys(weights, 0.0)
        self._rng = rng

    def deal(self, *, among: Collection[T] | None = None, size: int = 1) -> T:
        """Return the name that is owed most, of all or of some; it is taken `size` times."""
        for name, share in self._shares.items():
            self._owed[name] += size * share
        possible = [name for name in self._owed if among is None or name in among]
        most = max(self._owed[name] for name in possible)
        name = self._rng.choice([each for each in possible if self._owed[each] > most - 1e-9])
        self._owed[name] -= size
        return name


def batch_plan(config: BatchConfig, sources: Sequence[Source]) -> list[Planned]:
    """Return `config.count` results, numbered from 1.

    Raises:
        ConfigError: no clip can be distorted, no chosen recipe fits any, or none is long enough for any of a recipe's
            schedules.
    """
    if not sources:
        raise ConfigError(["No clip can be distorted."])
    rng = random.Random(f"batch {config.seed}")
    groups = _Dealer(config, sources, rng).groups()
    rng.shuffle(groups)
    plan: list[Planned] = []
    for place, (group, clip) in enumerate(zip(groups, _spread(groups, sources, rng), strict=True), start=1):
        for side in group.sides:
            plan.append(
                Planned(
                    number=len(plan) + 1, group=place, pair_kind=group.pair_kind, clip=clip,
                    recipe=side.recipe, severity=side.severity, schedule=side.schedule, seed=side.seed,
                )
            )  # fmt: skip
    return plan


def try_seed(seed: int, attempt: int) -> int:
    """Return the seed of a planned result's first, second, … try: 0, 1, …"""
    return (seed + attempt * 0x61C88647) % 2**31


def _spread(groups: Sequence[_Group], sources: Sequence[Source], rng: random.Random) -> list[int]:
    """Return a clip for each group: the one with the least to do among those that are able."""
    order = sorted(sources, key=lambda source: source.clip)
    rng.shuffle(order)
    load = dict.fromkeys((source.clip for source in order), 0)
    chosen = [0] * len(groups)
    # Who needs more people or more frames has less choice, and comes first.
    for place in sorted(range(len(groups)), key=lambda i: (-groups[i].people, -groups[i].frames)):
        able = [source.clip for source in groups[place].able(order)]
        chosen[place] = min(able, key=load.__getitem__)
        load[chosen[place]] += len(groups[place].sides)
    return chosen


class _Dealer:
    """Draws the groups of a batch."""

    def __init__(self, config: BatchConfig, sources: Sequence[Source], rng: random.Random) -> None:
        self._config, self._rng = config, rng
        self._recipes = {kind: self._possible(kind, sources) for kind in ("negative", "control")}
        self._decks = {kind: Deck(weights, rng) for kind, weights in self._recipes.items() if weights}
        recipes = [name for weights in self._recipes.values() for name in weights]
        self._severities = {name: Deck(config.severities_of(name), rng) for name in recipes}
        self._schedules = {name: Deck(_schedules(config, name, sources), rng) for name in recipes}

    def _possible(self, kind: str, sources: Sequence[Source]) -> dict[str, float]:
        weights = self._config.chosen(kind)
        possible = {name: w for name, w in weights.items() if any(s.fits(CATALOGUE[name]) for s in sources)}
        wanted = self._config.controls > 0 if kind == "control" else self._config.controls < 1
        if wanted and not possible:
            company = [name for name in weights if not CATALOGUE[name].cast_only]
            needed = min((CATALOGUE[name].people for name in company), default=0)
            lack = (
                f"shows {needed} people with face tracks"
                if company
                else "is of the procedural cast, with its truth"
            )
            raise ConfigError([f"{', '.join(weights)}: no chosen clip {lack}."])
        return possible

    def groups(self) -> list[_Group]:
        """Return groups of `config.count` results in all."""
        config = self._config
        controls = round(config.count * config.controls)
        negatives = config.count - controls
        with_control, ties, lone = _control_groups(controls, negatives, config.pairs)
        groups = [
            _Group("control", (self._side("negative"), self._side("control"))) for _ in range(with_control)
        ]
        groups += [_Group("tie", (self._side("control"), self._side("control"))) for _ in range(ties)]
        kind = "tie" if config.pairs.get("tie") else ""
        groups += [_Group(kind, (self._side("control"),)) for _ in range(lone)]
        return groups + self._negative_groups(negatives - with_control)

    def _negative_groups(self, results: int) -> list[_Group]:
        twins, couples, singles = _negative_counts(results, self._config.pairs, self._can_couple())
        groups = [self._twin() for _ in range(twins)]
        groups += [self._couple() for _ in range(couples)]
        kind = "clean" if self._config.pairs else ""
        return groups + [_Group(kind, (self._side("negative"),)) for _ in range(singles)]

    def _can_couple(self) -> dict[str, bool]:
        return {"severities": bool(self._graded()), "recipes": len(self._recipes["negative"]) > 1}

    def _graded(self) -> list[str]:
        """Return the recipes that have two of the severities."""
        return [name for name in self._recipes["negative"] if len(self._config.severities_of(name)) > 1]

    def _side(self, kind: str, *, among: Collection[str] | None = None) -> _Side:
        recipe = self._decks[kind].deal(among=among)
        return _Side(recipe, self._severities[recipe].deal(), self._schedules[recipe].deal(), self._seed())

    def _twin(self) -> _Group:
        """Return one recipe at two severities, alike in everything else."""
        recipe = self._decks["negative"].deal(among=self._graded(), size=2)
        first = self._severities[recipe].deal()
        second = self._severities[recipe].deal(among=set(self._config.severities_of(recipe)) - {first})
        schedule, seed = self._schedules[recipe].deal(), self._seed()
        return _Group("severities", tuple(_Side(recipe, s, schedule, seed) for s in (first, second)))

    def _couple(self) -> _Group:
        first = self._side("negative")
        others = set(self._recipes["negative"]) - {first.recipe}
        return _Group("recipes", (first, self._side("negative", among=others)))

    def _seed(self) -> int:
        return self._rng.randrange(2**31)


def _schedules(config: BatchConfig, recipe: str, sources: Sequence[Source]) -> dict[str, float]:
    """Return the weights of a recipe's schedules that one of the clips is long enough for."""
    weights = config.schedules_of(recipe)
    longest = max(each.frames for each in sources if each.fits(CATALOGUE[recipe]))
    needed = {name: frames_needed(name) for name in weights}  # type: ignore[arg-type]
    possible = {name: weight for name, weight in weights.items() if needed[name] <= longest}
    if not possible:
        kind = min(needed, key=needed.__getitem__)
        raise ConfigError(
            [
                f"{recipe}: a {kind} schedule needs {needed[kind]} frames; the longest chosen clip has {longest}."
            ]
        )
    return possible


def _control_groups(controls: int, negatives: int, pairs: Mapping[str, float]) -> tuple[int, int, int]:
    """Return how many controls meet a negative, how many twos of controls meet, and how many are left alone."""
    with_negative, tie = pairs.get("control", 0.0), pairs.get("tie", 0.0)
    if not with_negative and not tie:
        return 0, 0, controls
    ties = min(controls // 2, round(controls * tie / (with_negative + 2 * tie)))
    met = min(controls - 2 * ties, negatives) if with_negative else 0
    left = controls - 2 * ties - met
    return (met, ties + left // 2, left % 2) if tie else (met, ties, left)


def _negative_counts(
    results: int, pairs: Mapping[str, float], possible: Mapping[str, bool]
) -> tuple[int, int, int]:
    """Return the numbers of groups of two severities, of two recipes, and of one result."""
    weights = {kind: pairs.get(kind, 0.0) if possible[kind] else 0.0 for kind in ("severities", "recipes")}
    unit = pairs.get("clean", 0.0) + 2 * sum(weights.values())
    if not unit:
        return 0, 0, results
    twins = min(results // 2, round(results * weights["severities"] / unit))
    couples = min((results - 2 * twins) // 2, round(results * weights["recipes"] / unit))
    return twins, couples, results - 2 * (twins + couples)
