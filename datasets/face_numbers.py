"""How well a clip keeps each face, as rows of a table: each number with what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from datasets.selectors.tracks import ClipFaces

UNKNOWN = "–"
GAP = "\N{NO-BREAK SPACE}"
MUCH = 0.05
COPIED, LEANS = 0.5, 0.15
"""Share of like samples, and leaning to one reference, from which on a face may be a copy
(datasets.identity.metrics.copy_paste)."""
LONG_GAP_S = 0.5

Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of one person. `is_conspicuous`: worth a look."""

    text: str
    beside: str = ""
    is_conspicuous: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """A row: a metric, what it means, and its number for each person who could be looked for."""

    name: str
    meaning: str
    cells: list[Cell]


def face_numbers(faces: ClipFaces) -> list[Metric]:
    """Return the table; numbers that cannot be computed are a dash."""
    people = [subject.seen.numbers for subject in faces.subjects if subject.seen is not None]
    return [Metric(name, meaning, [cell(numbers) for numbers in people]) for name, meaning, cell in _ROWS]


def _cell(
    key: str, how: str, *, bad: Callable[[Numbers, float], bool] | None = None
) -> Callable[[Numbers], Cell]:
    def cell(numbers: Numbers) -> Cell:
        value = numbers.get(key)
        if value is None:
            return Cell(UNKNOWN)
        return Cell(_text(value, how), is_conspicuous=bad is not None and bad(numbers, value))

    return cell


def _text(value: float, how: str) -> str:
    text = f"{100 * value:.0f}{GAP}%" if how == "%" else format(value, how)
    return text.replace("-", "−")


def _similarity(numbers: Numbers) -> Cell:
    value, threshold = numbers.get("similarity"), numbers.get("survival_threshold")
    if value is None:
        return Cell(UNKNOWN, "never seen well enough", is_conspicuous=True)
    presumed = " · presumed" if numbers.get("presumed") else ""
    beside = f"line at {threshold:.2f}{presumed}" if threshold is not None else presumed
    return Cell(_text(value, ".2f"), beside, threshold is not None and value < threshold)


def _drop(numbers: Numbers) -> Cell:
    share, longest = numbers.get("drop_share"), numbers.get("drop_longest_s")
    if share is None or longest is None:
        return Cell(UNKNOWN)
    return Cell(_text(share, "%"), f"longest {longest:.1f} s" if longest else "", longest >= LONG_GAP_S)


def _drift(numbers: Numbers) -> Cell:
    slope, low, high = (numbers.get(f"drift_{name}") for name in ("per_second", "low", "high"))
    if slope is None or low is None or high is None:
        return Cell(UNKNOWN)
    return Cell(_text(slope, "+.3f"), f"{_text(low, '+.2f')} to {_text(high, '+.2f')}", high < 0)


def _survival(numbers: Numbers) -> Cell:
    seconds, survived = numbers.get("survival_seconds"), bool(numbers.get("survival_survived"))
    if seconds is None:
        return Cell(UNKNOWN)
    return Cell(f"{seconds:.1f}{GAP}s", "to the end" if survived else "then no longer", not survived)


def _copy(numbers: Numbers) -> Cell:
    picture, share = numbers.get("copy_paste_picture"), numbers.get("copy_paste_share")
    leaning = numbers.get("copy_paste_leaning")
    if picture is None or share is None:
        return Cell(UNKNOWN)
    return Cell(
        _text(picture, ".2f"),
        f"{_text(share, '%')} of the pictures",
        share > COPIED and (leaning or 0) > LEANS,
    )


def _over(limit: float) -> Callable[[Numbers, float], bool]:
    return lambda _, value: value > limit


def _under(limit: float) -> Callable[[Numbers, float], bool]:
    return lambda _, value: value < limit


_ROWS: list[tuple[str, str, Callable[[Numbers], Cell]]] = [
    ("similarity", "with the references, over all good pictures; below the line it is somebody else", _similarity),
    ("worst tenth", "the similarity that a tenth of the pictures fall short of", _cell("worst", ".2f")),
    ("seen", "share of the clip in which the face is found", _cell("coverage", "%", bad=_under(0.5))),
    ("margin", "how much more like themselves than like the nearest other", _cell("margin", "+.2f", bad=_under(0))),
    ("swapped", "share of the pictures with another subject's face", _cell("swap_rate", "%", bad=_over(MUCH))),
    ("blended", "share of the pictures between two subjects", _cell("blend_rate", "%", bad=_over(MUCH))),
    ("dropped", "share of the clip without the face after it was first seen", _drop),
    ("drift a second", "change of similarity with its 95 % interval: a drift if all of it is below zero", _drift),
    ("stays themselves", "time until similarity falls below the line and stays there", _survival),
    ("flicker", "how much similarity jumps from picture to picture; 0 is steady", _cell("flicker", ".3f")),
    ("like one picture", "how much the face copies the nearest reference, pose and light included", _copy),
]  # fmt: skip
