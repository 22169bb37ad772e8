"""What a reward model got most wrong, for its page: pairs of the library's clips with the model's curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString

from datasets.models import Clip, Person
from datasets.releases.errors import ReleaseError
from training.charts import Line, learning_chart
from training.models import Run

if TYPE_CHECKING:
    from datasets.releases.reader import Release


@dataclass(frozen=True)
class Curve:
    """One person on one side: their score, and the chance that the face is kept, over the clip."""

    person: str
    score: float
    chart: SafeString


@dataclass(frozen=True)
class Side:
    """One clip: played from the library, or from the run's release where that has media."""

    clip: Clip | None
    in_release: bool
    sha256: str
    recipe: str
    severity: int
    curves: list[Curve]


@dataclass(frozen=True)
class Mistake:
    """One comparison: `said` and `given` are probabilities of a, a tie, b; `better` is the side that was preferred."""

    comparison: str
    origin: str
    judgments: int
    said: tuple[float, float, float]
    given: tuple[float, float, float]
    better: str
    a: Side
    b: Side


def mistakes_of_run(run: Run) -> dict[str, list[Mistake]]:
    """Return, by evaluation, what the run's model got most wrong, worst first; nothing where nothing was written."""
    found = _written(run)
    rows = [row for each in found.values() for row in each]
    shas = {row[side]["clip"] for row in rows for side in "ab"}
    clips = {clip.playback_sha256: clip for clip in Clip.objects.filter(playback_sha256__in=shas)}
    keys = {person for row in rows for side in "ab" for person in row[side]["people"]}
    names = dict(Person.objects.filter(key__in=keys).values_list("key", "name"))
    has_media = bool(rows) and _has_media(run)
    return {name: [_mistake(row, clips, names, has_media) for row in each] for name, each in found.items()}


def clip_of_release(run: Run, sha256: str) -> bytes | None:
    """Return a clip's file out of the run's release, of those alone that the run got wrong."""
    listed = {row[side]["clip"] for each in _written(run).values() for row in each for side in "ab"}
    if sha256 not in listed:
        return None
    try:
        return _release(run).clip_bytes(sha256)
    except (ReleaseError, OSError):
        return None


def _written(run: Run) -> dict[str, list[dict[str, Any]]]:
    try:
        found: dict[str, list[dict[str, Any]]] = json.loads(
            (Path(run.folder) / "mistakes.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return {}
    return found


def _release(run: Run) -> Release:
    from datasets.releases.reader import Release  # loads Arrow, which a web process does without

    return Release.open(Path(run.release_folder))


def _has_media(run: Run) -> bool:
    try:
        return _release(run).has_media()
    except (ReleaseError, OSError):
        return False


def _mistake(
    row: dict[str, Any], clips: Mapping[str, Clip], names: Mapping[str, str], has_media: bool
) -> Mistake:
    said = row["label"]
    return Mistake(
        comparison=row["comparison"],
        origin=row["origin"],
        judgments=row["judgments"],
        said=tuple(said),
        given=tuple(row["given"]),
        better="a" if said[0] > said[2] else "b",
        a=_side(row["a"], clips, names, has_media),
        b=_side(row["b"], clips, names, has_media),
    )


def _side(row: dict[str, Any], clips: Mapping[str, Clip], names: Mapping[str, str], has_media: bool) -> Side:
    return Side(
        clip=clips.get(row["clip"]),
        in_release=has_media,
        sha256=row["clip"],
        recipe=row["recipe"],
        severity=row["severity"],
        curves=[
            Curve(names.get(person, person), each["score"], _chart(names.get(person, person), each["kept"]))
            for person, each in row["people"].items()
        ],
    )


def _chart(person: str, kept: list[float]) -> SafeString:
    # A moment's middle, so that the line ends half a moment short of the edges.
    points = [(place + 0.5, value) for place, value in enumerate(kept)]
    about = f"Chance that the face of {person} is kept, over the clip"
    return learning_chart([Line("validated", points)], steps=len(kept), low=0, high=1, about=about)
