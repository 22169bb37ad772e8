"""A planned result is tried, and tried again with other parameters when the gate refuses it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from distortions.making.studio import Studio
from distortions.planning import try_seed
from distortions.synthesis.errors import NoDonor, Unreachable
from distortions.synthesis.make import Made, Order, distort

# What stands for the failed check where nothing could be drawn.
NO_DONOR, OUT_OF_REACH = "donor", "reach"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the tries came to.

    Attributes:
        tries: A record each, as `Distortion.tries` keeps it.
        made: The last one that was drawn, passed or not; None if nothing could be drawn.
    """

    tries: tuple[dict[str, Any], ...]
    made: Made | None

    @property
    def passed(self) -> bool:
        return self.made is not None and bool(self.tries) and bool(self.tries[-1]["passed"])

    @property
    def error(self) -> str:
        """Why the last try was refused, in a sentence or more."""
        return " ".join(self.tries[-1]["sentences"]) if self.tries else ""

    @property
    def refused_for(self) -> str:
        """The first check that the last try failed, or why nothing could be drawn."""
        last = self.tries[-1]
        return last.get("stopped") or next(check["name"] for check in last["checks"] if not check["passed"])


def attempt(
    studio: Studio, *, recipe: str, severity: int, schedule: str, seed: int, tries: int,
    values: Mapping[str, Any],
) -> Outcome:  # fmt: skip
    """Distort until the gate lets something through. The same arguments give the same bytes.

    Raises:
        SynthesisError: no parameters can help: nobody is seen, the clip is too short for the schedule, ….
    """
    records: list[dict[str, Any]] = []
    last: Made | None = None
    for number in range(tries):
        order = Order(
            recipe=recipe, severity=severity, seed=try_seed(seed, number), schedule=schedule,  # type: ignore[arg-type]
            values=values, tries=1,
        )  # fmt: skip
        try:
            made = distort(
                studio.frames, studio.material, order, studio.backend, reporter=studio.reporter,
                source_sha256=studio.clip.playback_sha256,
            )  # fmt: skip
        except (Unreachable, NoDonor) as error:
            sentence = str(error).removeprefix(f"{recipe} was tried once. ")
            stopped = NO_DONOR if isinstance(error, NoDonor) else OUT_OF_REACH
            records.append(
                {
                    "seed": order.seed,
                    "passed": False,
                    "stopped": stopped,
                    "checks": [],
                    "sentences": [sentence],
                }
            )
            continue
        last = made
        records.append(_record(order.seed, made))
        if made.verdict.passed:
            break
    return Outcome(tuple(records), last)


def _record(seed: int, made: Made) -> dict[str, Any]:
    return {
        "seed": seed,
        "passed": made.verdict.passed,
        "similarity": _number(made.verdict.similarity),
        "reported": None if made.verdict.reported is None else _number(made.verdict.reported),
        "checks": [
            {
                "name": check.name,
                "value": None if check.value is None else _number(check.value),
                "passed": check.passed,
                "sentence": "" if check.passed else check.sentence,
            }
            for check in made.verdict.checks
        ],
        "sentences": made.verdict.reasons,
    }


def curve_of(made: Made) -> dict[str, list[float | None]]:
    """Return the change against the untouched clip over its frames, as plain lists."""
    return {
        "frames": [float(frame) for frame in made.verdict.frames],
        "change": [_number(value) for value in made.verdict.curve],
    }


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
