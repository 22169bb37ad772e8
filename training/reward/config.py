"""A run's configuration: TOML in, checked dataclasses, TOML out. Needs no torch."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from training.reward.errors import BadConfig

STRATEGIES = ("human", "automatic", "all", "random", "smooth")
ROUTING = ("cross_entropy", "mse", "none")


@dataclass(frozen=True, kw_only=True)
class Data:
    """Which rows are learned from.

    Attributes:
        human: Origins that a teacher may learn from.
        automatic: Origins that it filters.
        weights: How often a row of an origin is drawn, against 1.
        holdout_recipes: Comparisons with a clip of these recipes are kept out of training and validation.
        steps: Moments that a clip is cut into, whatever its length and frame rate.
        references: At most so many of a person are used.
    """

    human: tuple[str, ...] = ("human", "simulated")
    automatic: tuple[str, ...] = ("synthetic", "published")
    weights: dict[str, float] = field(default_factory=dict)
    holdout_recipes: tuple[str, ...] = ()
    steps: int = 12
    references: int = 8

    def __post_init__(self) -> None:
        if set(self.human) & set(self.automatic):
            raise BadConfig("An origin is either human or automatic, not both: see [data].")
        if any(weight < 0 for weight in self.weights.values()):
            raise BadConfig("Weights of origins are 0 or more: see [data.weights].")
        _at_least("data.steps", self.steps, 4)
        _at_least("data.references", self.references, 1)


@dataclass(frozen=True, kw_only=True)
class Network:
    """Size and parts of the identity model; each attention can be left out.

    Attributes:
        width, heads, blocks: Of the transformer.
        queries: Query tokens in the bank that reads a person's references.
        dropout: Share of activations that are dropped in training.
        people, time, identity: Whether each block has its attention over people, over time, to identities.
        embeddings: Whether tokens see the embeddings themselves, and not only how alike they are.
        likeness: Whether tokens see how alike they are to references and neighbours.
        own_curve: Whether the chance that a face is kept has a head of its own, or follows the reward's curve.
    """

    width: int = 32
    heads: int = 4
    blocks: int = 2
    queries: int = 4
    dropout: float = 0.1
    people: bool = True
    time: bool = True
    identity: bool = True
    embeddings: bool = True
    likeness: bool = True
    own_curve: bool = False

    def __post_init__(self) -> None:
        for name in ("width", "heads", "blocks", "queries"):
            _at_least(f"network.{name}", getattr(self, name), 1)
        if self.width % self.heads:
            raise BadConfig(f"network.width {self.width} cannot be shared by {self.heads} heads.")
        if not 0 <= self.dropout < 1:
            raise BadConfig(f"network.dropout lies between 0 and 1, got {self.dropout}.")
        if not (self.embeddings or self.likeness):
            raise BadConfig("network: without embeddings and without likeness there is nothing to look at.")


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of the losses; 0 switches one off.

    Attributes:
        overall: Bradley-Terry with ties on the clip's reward.
        person: The same for each person where there are labels.
        localisation: Cross-entropy of the curve against drift marks and the truth of distortions.
        routing: Of the router, which kind `routing_kind` says: cross_entropy, mse or none.
        preservation: Distance to the reference plus half the distance between neighbouring moments, of kept faces.
        theta: Of the ties: P(tie) grows with it; more than 1.
        learn_theta: Whether it is learned.
    """

    overall: float = 1.0
    person: float = 0.5
    localisation: float = 0.5
    routing: float = 0.2
    routing_kind: str = "cross_entropy"
    preservation: float = 0.0
    theta: float = 5.0
    learn_theta: bool = False

    def __post_init__(self) -> None:
        for name in ("overall", "person", "localisation", "routing", "preservation"):
            if getattr(self, name) < 0:
                raise BadConfig(f"loss.{name} is 0 or more, got {getattr(self, name)}.")
        if self.overall == self.person == 0:
            raise BadConfig(
                "loss.overall and loss.person are both 0: nothing would be learned of preferences."
            )
        if self.routing_kind not in ROUTING:
            raise BadConfig(f"loss.routing_kind is one of {', '.join(ROUTING)}, not {self.routing_kind!r}.")
        if self.theta <= 1:
            raise BadConfig(f"loss.theta is more than 1, got {self.theta}.")


@dataclass(frozen=True, kw_only=True)
class Training:
    """How it is learned.

    Attributes:
        strategy: human: human rows alone. automatic: automatic rows alone. all: both, by weight. random: half and half,
            at random. smooth: a teacher learns from human rows and filters the automatic ones; their share then falls
            by alpha_t = (1 + cos(pi t / T)) / 2.
        seed: Of weights, batches and dropout.
        steps, teacher_steps: Batches of the model and of the teacher, at most.
        batch: Comparisons in one.
        learning_rate, warmup, weight_decay, clip: Of AdamW with a cosine to a tenth.
        confidence: The teacher keeps an automatic row when it gives its label at least this probability.
        validate_every, patience: Steps between looks at the validation rows; looks without gain before it stops.
        checkpoint_every: Steps between checkpoints.
        drop_references, drop_moments, noise: Augmentation: shares dropped, noise added to embeddings of length 1.
        threads: Of the processor; part of what makes two runs equal.
    """

    strategy: str = "smooth"
    seed: int = 0
    steps: int = 400
    teacher_steps: int = 150
    batch: int = 32
    learning_rate: float = 2e-3
    warmup: int = 50
    weight_decay: float = 0.05
    clip: float = 1.0
    confidence: float = 0.5
    validate_every: int = 50
    patience: int = 4
    checkpoint_every: int = 50
    drop_references: float = 0.3
    drop_moments: float = 0.1
    noise: float = 0.05
    threads: int = 2

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise BadConfig(f"training.strategy is one of {', '.join(STRATEGIES)}, not {self.strategy!r}.")
        for name in ("steps", "batch", "validate_every", "checkpoint_every", "threads", "patience"):
            _at_least(f"training.{name}", getattr(self, name), 1)
        if self.strategy == "smooth":
            _at_least("training.teacher_steps", self.teacher_steps, 1)
        if self.learning_rate <= 0:
            raise BadConfig(f"training.learning_rate is more than 0, got {self.learning_rate}.")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that decides a run, beside the release."""

    data: Data = field(default_factory=Data)
    network: Network = field(default_factory=Network)
    loss: Loss = field(default_factory=Loss)
    training: Training = field(default_factory=Training)

    def with_values(self, pairs: list[str]) -> Config:
        """Return the configuration with `section.name=value` set, values as in TOML."""
        config = self
        for pair in pairs:
            name, equals, text = pair.partition("=")
            section, _, key = name.strip().partition(".")
            if not (equals and key):
                raise BadConfig(f"Write section.name=value, like loss.routing=0, not {pair!r}.")
            config = _merged(config, {section: {key: _value(text)}})
        return config

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def config_read(path: Path) -> Config:
    """Read a configuration; what it leaves out has its default.

    Raises:
        BadConfig: It is missing, no TOML, or names something that does not exist.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadConfig(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} is no TOML: {error}.") from error
    return config_of(document)


def config_of(document: dict[str, Any]) -> Config:
    """Return the configuration that a TOML document says."""
    return _merged(Config(), document)


def toml_text(document: dict[str, Any]) -> str:
    """Return a document of tables of plain values as TOML; tables inside tables become dotted headers."""
    return "\n".join(_table((), document)).strip() + "\n"


def _table(path: tuple[str, ...], values: dict[str, Any]) -> list[str]:
    plain = {name: value for name, value in values.items() if not isinstance(value, dict)}
    lines = ["", f"[{'.'.join(path)}]"] if path and (plain or not values) else []
    lines += [f"{_key(name)} = {_literal(value)}" for name, value in plain.items() if value is not None]
    for name, value in values.items():
        if isinstance(value, dict):
            lines += _table((*path, _key(name)), value)
    return lines


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _literal(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def _merged(config: Config, document: dict[str, Any]) -> Config:
    sections = {each.name for each in fields(Config)}
    for section, values in document.items():
        if section not in sections or not isinstance(values, dict):
            raise BadConfig(f"There is no section [{section}]: choose {', '.join(sorted(sections))}.")
        old = getattr(config, section)
        known = {each.name: getattr(old, each.name) for each in fields(old)}
        for name, value in values.items():
            if name not in known:
                raise BadConfig(f"[{section}] has no {name!r}: it has {', '.join(sorted(known))}.")
            values = {**values, name: _typed(f"{section}.{name}", value, known[name])}
        config = replace(config, **{section: replace(old, **values)})
    return config


def _typed(name: str, value: Any, like: Any) -> Any:
    """Return a value as the type of its default."""
    if isinstance(like, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(like):
        raise BadConfig(f"{name} is a {type(like).__name__}, got {value!r}.")
    return value


def _at_least(name: str, value: float, least: float) -> None:
    if value < least:
        raise BadConfig(f"{name} is at least {least:g}, got {value}.")
