"""What a batch is made from: one checked shape for the command's TOML file and for the form.

Everything that is wrong is said at once, in sentences. Light: a web process reads it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from distortions.catalogue import CATALOGUE, SCHEDULES, SEVERITIES, RecipeFacts, nearest

PAIR_KINDS = {
    "clean": "a clean copy against a distorted one",
    "control": "a control against a distorted one: seams and blur on the better side too",
    "severities": "one recipe at two severities",
    "recipes": "two recipes",
    "tie": "two controls: nobody is worse",
}
MAX_COUNT = 100_000
MAX_TRIES = 10
SIDES = (240, 1920)
_CLIP_KEYS = ("text", "person", "generator", "origin", "ids")
_KEYS = (
    *("name", "seed", "count", "controls", "tries", "longest_side", "donors"),
    *("clips", "recipes", "severities", "schedules", "pairs", "parameters", "reserved"),
)


class ConfigError(Exception):
    """A batch cannot be made as described. `sentences` says everything that is wrong."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(sentences)
        super().__init__(" ".join(self.sentences))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipChoice:
    """Which clips of the library: the library's own filter, each part narrows; or clips by number."""

    text: str = ""
    person: str = ""
    generator: str = ""
    origin: str = ""
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConfig:
    """A batch, checked.

    Attributes:
        name: What people call it.
        seed: Of the plan and of everything drawn later.
        count: Distorted clips that are planned.
        clips: Which clips are distorted.
        recipes: Weights of recipes, negatives and controls; each kind's weights count among themselves.
        severities: Weights of 1 to 5. A recipe takes those that it can reach.
        schedules: Weights of schedules; empty: every recipe's own, alike.
        controls: Share of the results that are controls, 0 to 1.
        pairs: Weights of PAIR_KINDS, as numbers of pairs; empty: no pairs are made.
        tries: How often a distortion is drawn before it counts as refused.
        longest_side: Larger clips are scaled down on both sides of a pair, pixels.
        donors: Keys of people whose references may lend features; empty: the other people of the same clip.
        parameters: Parameters of recipes that are fixed instead of drawn.
        reserved_recipes, reserved_people: What is kept for test splits.
    """

    name: str
    seed: int
    count: int
    clips: ClipChoice = field(default_factory=ClipChoice)
    recipes: Mapping[str, float]
    severities: Mapping[int, float] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 1.0))
    schedules: Mapping[str, float] = field(default_factory=dict)
    controls: float = 0.0
    pairs: Mapping[str, float] = field(default_factory=dict)
    tries: int = 3
    longest_side: int = 1280
    donors: tuple[str, ...] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reserved_recipes: tuple[str, ...] = ()
    reserved_people: tuple[str, ...] = ()

    def chosen(self, kind: str) -> dict[str, float]:
        """Return the weights of the recipes of one kind."""
        return {name: weight for name, weight in self.recipes.items() if CATALOGUE[name].kind == kind}

    def severities_of(self, recipe: str) -> dict[int, float]:
        """Return the weights of the severities that a recipe can reach."""
        return {s: w for s, w in self.severities.items() if s in CATALOGUE[recipe].severities}

    def schedules_of(self, recipe: str) -> dict[str, float]:
        """Return the weights of the schedules that a recipe has."""
        wanted = self.schedules or dict.fromkeys(SCHEDULES, 1.0)
        return {name: w for name, w in wanted.items() if name in CATALOGUE[recipe].schedules}

    def as_json(self) -> dict[str, Any]:
        """Return plain values that `config_of` reads again."""
        values: dict[str, Any] = asdict(self)
        values["severities"] = {str(severity): weight for severity, weight in self.severities.items()}
        values["reserved"] = {
            "recipes": list(values.pop("reserved_recipes")), "people": list(values.pop("reserved_people"))
        }  # fmt: skip
        values["clips"] = {
            key: list(value) if key == "ids" else value for key, value in values["clips"].items() if value
        }
        values["donors"] = list(self.donors)
        return values

    @property
    def digest(self) -> str:
        """The same for two batches that would be the same."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def config_of(data: Mapping[str, Any]) -> BatchConfig:
    """Check what a TOML file or a form says.

    Raises:
        ConfigError: with a sentence for each thing that is wrong.
    """
    reader = _Reader(data)
    reader.names(data, _KEYS, "setting")
    config = _read(reader)
    if not reader.wrong:
        reader.wrong += _conflicts(config)
    if reader.wrong:
        raise ConfigError(reader.wrong)
    return config


def _read(reader: _Reader) -> BatchConfig:
    recipes = reader.weights("recipes", CATALOGUE, "recipe")
    severities = reader.weights("severities", [str(s) for s in SEVERITIES], "severity")
    reserved = reader.table("reserved")
    reader.names(reserved, ("recipes", "people"), "reserved setting")
    has_controls = any(CATALOGUE[name].is_control for name in recipes)
    return BatchConfig(
        name=reader.text("name"),
        seed=reader.whole("seed", 0, 0, 2**31 - 1),
        count=reader.whole("count", 100, 1, MAX_COUNT),
        clips=_clips(reader),
        recipes=recipes,
        severities={int(name): weight for name, weight in severities.items()}
        or dict.fromkeys(SEVERITIES, 1.0),
        schedules=reader.weights("schedules", SCHEDULES, "schedule"),
        controls=reader.share("controls", 0.25 if has_controls else 0.0),
        pairs=reader.weights("pairs", PAIR_KINDS, "kind of pair"),
        tries=reader.whole("tries", 3, 1, MAX_TRIES),
        longest_side=reader.whole("longest_side", 1280, *SIDES),
        donors=reader.texts(reader.data, "donors"),
        parameters=_parameters(reader),
        reserved_recipes=reader.known(reader.texts(reserved, "recipes"), CATALOGUE, "recipe"),
        reserved_people=reader.texts(reserved, "people"),
    )


def _clips(reader: _Reader) -> ClipChoice:
    table = reader.table("clips")
    reader.names(table, _CLIP_KEYS, "setting of clips")
    ids = table.get("ids", [])
    if not isinstance(ids, list | tuple) or not all(isinstance(each, int) for each in ids):
        reader.wrong.append("clips.ids is a list of clips' numbers.")
        ids = []
    texts = {key: str(table[key]) for key in ("text", "person", "generator", "origin") if key in table}
    return ClipChoice(ids=tuple(ids), **texts)


def _parameters(reader: _Reader) -> dict[str, dict[str, Any]]:
    table = reader.table("parameters")
    reader.known(tuple(table), CATALOGUE, "recipe")
    for name, values in table.items():
        if not isinstance(values, Mapping):
            reader.wrong.append(f"parameters.{name} is a table of names and values.")
    return {name: dict(values) for name, values in table.items() if isinstance(values, Mapping)}


def _conflicts(config: BatchConfig) -> list[str]:
    """Return what does not go together, in sentences."""
    found = []
    negatives, controls = config.chosen("negative"), config.chosen("control")
    if config.controls > 0 and not controls:
        found.append("A share of controls is asked for, but no recipe that is a control.")
    if config.controls < 1 and not negatives:
        found.append("No recipe changes who somebody is: choose one, or set controls = 1.")
    for name in config.recipes:
        found += _unreachable(config, CATALOGUE[name])
    if config.pairs.get("severities") and not any(len(config.severities_of(n)) > 1 for n in negatives):
        found.append("Pairs of two severities need a recipe with two of the severities.")
    if config.pairs.get("recipes") and len(negatives) < 2:
        found.append("Pairs of two recipes need two recipes that change who somebody is.")
    if unused := sorted(set(config.parameters) - set(config.recipes)):
        found.append(f"parameters.{unused[0]} is set, but the recipe has no weight.")
    return found


def _unreachable(config: BatchConfig, facts: RecipeFacts) -> list[str]:
    found = []
    if not config.severities_of(facts.name):
        asked = ", ".join(map(str, config.severities))
        has = ", ".join(map(str, facts.severities))
        found.append(f"{facts.name} has the severities {has}; only {asked} have a weight.")
    if not config.schedules_of(facts.name):
        has = ", ".join(facts.schedules)
        found.append(f"{facts.name} has the schedules {has}; none of them has a weight.")
    return found


class _Reader:
    """Takes values out of a mapping and gathers what is wrong with them."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.wrong: list[str] = []

    def names(self, table: Mapping[str, Any], known: Iterable[str], what: str) -> None:
        known = list(known)
        for name in table:
            if name not in known:
                self.wrong.append(f"There is no {what} “{name}”.{nearest(str(name), known)}")

    def known(self, names: tuple[str, ...], known: Iterable[str], what: str) -> tuple[str, ...]:
        self.names(dict.fromkeys(names), known, what)
        return names

    def table(self, key: str) -> Mapping[str, Any]:
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            self.wrong.append(f"{key} is a table of names and values.")
            return {}
        return value

    def weights(self, key: str, known: Iterable[str], what: str) -> dict[str, float]:
        """Return the weights above 0, in the order of what is known."""
        table, known = self.table(key), list(known)
        if key == "severities":
            for name in table:
                if str(name) not in known:
                    self.wrong.append(f"Severity {name} does not exist: severities are 1 to 5.")
        else:
            self.names(table, known, what)
        weights = {}
        for name in known:
            weight = table.get(name, 0)
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1e6:
                self.wrong.append(f"The weight of {what} {name} is a number from 0 up, got {weight!r}.")
            elif weight > 0:
                weights[name] = float(weight)
        if key == "recipes" and not weights and not self.wrong:
            self.wrong.append(f"No recipe has a weight: choose from {', '.join(known)}.")
        return weights

    def text(self, key: str) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or not value.strip():
            self.wrong.append("The batch has no name.")
            return ""
        return value.strip()[:200]

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        value = table.get(key, [])
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            self.wrong.append(f"{key} is a list of names.")
            return ()
        return tuple(dict.fromkeys(value))

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong.append(f"{key} is a whole number from {low} to {high}, got {value!r}.")
            return default
        return value

    def share(self, key: str, default: float) -> float:
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.wrong.append(f"{key} is a share from 0 to 1, got {value!r}.")
            return default
        return float(value)
