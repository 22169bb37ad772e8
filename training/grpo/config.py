"""What a policy run is asked to do: TOML with the paper's values as defaults (Identity-GRPO, arXiv 2510.14256).

Every value that changes a result stands here and is written into the run folder. A key that nobody reads is
refused.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from training.generators.protocol import Guidance
from training.grpo.sde import Noise, flow_sigmas

Section = TypeVar("Section")


class ConfigError(ValueError):
    """A sentence that names the key."""


@dataclass(frozen=True)
class Sampler:
    """How clips are sampled; evaluation uses the same values without noise."""

    steps: int = 25
    shift: float = 3.0
    first: float = 1.0
    guidance_text: float = 4.5
    guidance_references: float = 1.0
    noise: Literal["flow_grpo", "constant", "linear", "preserving"] = "flow_grpo"
    noise_level: float = 0.7

    @property
    def sigmas(self) -> tuple[float, ...]:
        return flow_sigmas(self.steps, self.shift, self.first)

    @property
    def sde(self) -> Noise:
        return Noise(self.noise, self.noise_level)

    @property
    def guidance(self) -> Guidance:
        return Guidance(self.guidance_text, self.guidance_references)


@dataclass(frozen=True)
class Groups:
    """How many samples an update compares."""

    groups: int = 16
    members: int = 8
    initial_noise: Literal["different", "same"] = "different"
    batch: int = 8  # samples in one call of the network; halving it halves memory


@dataclass(frozen=True)
class Window:
    """Which steps carry noise and are trained; the others take the ODE's step.

    `size` 0 takes every step but the last (which is the ODE's always). A smaller window starts at a step
    drawn for each update, the same for all samples, from `first` to `last`.
    """

    size: int = 0
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Objective:
    """The loss. `grpo` uses clip, kl and ratio; `nft` its own values; `sft` trains on the best of each group."""

    method: Literal["grpo", "nft", "sft"] = "grpo"
    clip: float = 1e-3
    kl: float = 0.004
    ratio: Literal["plain", "normalised"] = "plain"
    even_steps: bool = False  # weigh steps so that each moves the velocity alike
    scale: Literal["group", "batch"] = "group"
    flat_below: float = 1e-6
    shuffle_rewards: bool = False  # the control: nothing can be learnt
    nft_beta: float = 1.0
    nft_bound: float = 5.0
    nft_base_weight: float = 1e-4
    nft_draws: int = 2
    nft_slope: float = 0.001
    nft_most: float = 0.5
    sft_chosen: int = 2
    sft_from: Literal["base", "policy"] = "base"  # training on one's own samples collapses


@dataclass(frozen=True)
class Optimiser:
    """How weights move. `rank` 0 trains all weights instead of low-rank adapters."""

    learning_rate: float = 1e-4
    rank: int = 32
    alpha: int = 32
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    step_after: Literal["update", "window"] = "update"  # one optimiser step an update, or one a window step
    passes: int = 1
    average: float = 0.9  # decay of the moving average, used for evaluation and for what is saved


@dataclass(frozen=True)
class Guards:
    """Limits against reward hacking, as shares of the base policy's first batch; 0 switches one off.

    A run stops, and says why, when a limit is broken in `patience` updates in a row.
    """

    motion_least: float = 0.5
    motion_most: float = 2.0
    sharpness_least: float = 0.5
    sharpness_most: float = 2.0
    diversity_least: float = 0.5
    copying_most: float = 0.1  # by how much the copy-paste index may rise, an absolute number
    patience: int = 3


@dataclass(frozen=True)
class PolicyConfig:
    """A whole run."""

    updates: int = 200
    seed: int = 0
    evaluate_every: int = 10
    keep_every: int = 1  # updates between checkpoints
    sampler: Sampler = field(default_factory=Sampler)
    groups: Groups = field(default_factory=Groups)
    window: Window = field(default_factory=Window)
    objective: Objective = field(default_factory=Objective)
    optimiser: Optimiser = field(default_factory=Optimiser)
    guards: Guards = field(default_factory=Guards)

    def __post_init__(self) -> None:
        steps, window = self.sampler.steps, self.window
        if steps < 2:
            raise ConfigError(f"sampler.steps is {steps}: the last step carries no noise, so 2 are needed")
        if window.size < 0 or window.first < 0 or window.last < window.first:
            raise ConfigError(f"window {window.size} from {window.first} to {window.last} cannot be")
        if window.size and window.last + window.size > steps - 1:
            raise ConfigError(
                f"a window of {window.size} steps that starts at {window.last} reaches the last of {steps} steps, "
                "which carries no noise: lower window.last or window.size"
            )
        if self.groups.members < 2 and self.objective.method != "sft":
            raise ConfigError("groups.members must be 2 or more: an advantage compares samples of one prompt")
        if self.sampler.noise_level <= 0 and self.objective.method == "grpo":
            raise ConfigError("sampler.noise_level must be above 0: GRPO learns from the noise of its steps")
        for name in ("updates", "evaluate_every", "keep_every"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if self.groups.groups < 1 or self.groups.batch < 1:
            raise ConfigError("groups.groups and groups.batch must be 1 or more")


def read_config(path: Path) -> PolicyConfig:
    """Read a TOML file. ConfigError names a key that is unknown or of the wrong type."""
    try:
        return config_of(tomllib.loads(path.read_text()))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not TOML: {error}") from error


def config_of(held: Mapping[str, Any]) -> PolicyConfig:
    """Check a nested mapping and turn it into a configuration."""
    return _section(PolicyConfig, held, "")


def as_toml(config: PolicyConfig) -> str:
    """Write a configuration with every default spelt out, so that a run folder tells the whole story."""
    held = dataclasses.asdict(config)
    lines = [f"{key} = {_toml(value)}" for key, value in held.items() if not isinstance(value, dict)]
    for name, section in held.items():
        if isinstance(section, dict):
            lines += ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in section.items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _section(kind: type[Section], held: Mapping[str, Any], place: str) -> Section:
    hints = get_type_hints(kind)
    unknown = sorted(set(held) - set(hints))
    if unknown:
        raise ConfigError(f"{place}{unknown[0]} is not a setting; there are {', '.join(hints)}")
    return kind(**{name: _value(hints[name], value, f"{place}{name}") for name, value in held.items()})


def _value(hint: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{name} is a table, got {value!r}")
        return _section(hint, value, f"{name}.")  # type: ignore[arg-type]
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ConfigError(f"{name} is one of {', '.join(get_args(hint))}, got {value!r}")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{name} is of type {hint.__name__}, got {value!r}")
    return value
