"""A run's configuration. Needs no torch."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from training.reward.errors import BadConfig

TINY = "tiny"
"""A base of random weights with a tokenizer made on the spot: it learns nothing, and exercises everything."""


@dataclass(frozen=True, kw_only=True)
class VlmConfig:
    """Everything that decides a run, beside the release.

    Attributes:
        base: Folder or Hub id of a Qwen2.5-VL, or "tiny".
        frames: Of a clip, the middles of so many equal parts. Drift within a second is not seen by few.
        references: Of a person at most.
        frame_pixels, reference_pixels: Of a picture at most; a token is 28x28 of them.
        lora_rank, lora_alpha, lora_dropout: Of the adapters, on every linear layer of the language part.
        vision: Whether the vision tower gets adapters as well; frozen by default.
        person: Weight of the loss for each person, against 1 for the whole.
        theta: Of the ties.
        learning_rate, warmup, weight_decay, clip: Of AdamW; constant after the warm-up.
        steps, batch, accumulate: Updates; comparisons in a pass of one device; passes in an update.
        checkpointing: Activations are computed twice and not kept.
        seed: Of new weights and batches.
        checkpoint_every, validate_every: Updates between them.
    """

    base: str = "Qwen/Qwen2.5-VL-3B-Instruct"
    frames: int = 16
    references: int = 3
    frame_pixels: int = 399_360
    reference_pixels: int = 100_352
    lora_rank: int = 32
    lora_alpha: int = 32
    lora_dropout: float = 0.05
    vision: bool = False
    person: float = 0.5
    theta: float = 5.0
    learning_rate: float = 2e-6
    warmup: int = 50
    weight_decay: float = 0.01
    clip: float = 1.0
    steps: int = 1000
    batch: int = 1
    accumulate: int = 16
    checkpointing: bool = True
    seed: int = 0
    checkpoint_every: int = 50
    validate_every: int = 100

    def __post_init__(self) -> None:
        for name in ("frames", "references", "lora_rank", "steps", "batch", "accumulate", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise BadConfig(f"{name} is at least 1, got {getattr(self, name)}.")
        if min(self.frame_pixels, self.reference_pixels) < 28 * 28:
            raise BadConfig("frame_pixels and reference_pixels are at least 784, one token.")
        if self.theta <= 1:
            raise BadConfig(f"theta is more than 1, got {self.theta}.")
        if self.person < 0 or self.learning_rate <= 0:
            raise BadConfig("person is 0 or more, learning_rate more than 0.")

    @property
    def is_tiny(self) -> bool:
        return self.base == TINY

    def as_dict(self) -> dict[str, Any]:
        return {"vlm": asdict(self)}


def is_vlm_config(path: Path) -> bool:
    """Whether a TOML file is about this model; what cannot be read is not."""
    try:
        return "vlm" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False


def vlm_config_read(path: Path, values: list[str] | None = None) -> VlmConfig:
    """Read the table [vlm] of a TOML file; `values` like `steps=10` come after it.

    Raises:
        BadConfig: it is missing, no TOML, or names something that does not exist.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"The configuration {path} cannot be read: {error}.") from error
    return vlm_config_of(document, values)


def vlm_config_of(document: dict[str, Any], values: list[str] | None = None) -> VlmConfig:
    """Return the configuration that a TOML document says."""
    table = dict(document.get("vlm", {}))
    for pair in values or []:
        name, equals, text = pair.partition("=")
        if not equals:
            raise BadConfig(f"Write name=value, like steps=10, not {pair!r}.")
        table[name.strip()] = _value(text)
    known = {each.name: each for each in fields(VlmConfig)}
    for name, value in table.items():
        if name not in known:
            raise BadConfig(f"[vlm] has no {name!r}: it has {', '.join(sorted(known))}.")
        default = known[name].default
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            table[name] = float(value)
        elif type(value) is not type(default):
            raise BadConfig(f"vlm.{name} is a {type(default).__name__}, got {value!r}.")
    return replace(VlmConfig(), **table)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
