"""What is said of a clip already, in the library or earlier in the same import, against what a row says."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from datasets.models import Clip, ClipState, Origin
from datasets.services.people import person_key

from .rows import Row, RowRefused


@dataclass(frozen=True, slots=True)
class Description:
    """What somebody says of a clip; empty means nothing is said. `subjects` are keys of people, in order."""

    prompt: str
    generator: str
    generator_version: str
    seed: str
    licence: str
    origin: str
    subjects: tuple[str, ...]

    @classmethod
    def of_row(cls, row: Row) -> Self:
        return cls(
            prompt=row.prompt,
            generator=row.generator,
            generator_version=row.generator_version,
            seed=row.seed,
            licence=row.licence,
            origin=row.origin,
            subjects=tuple(person_key(label) for label in row.subjects),
        )

    @classmethod
    def of_clip(cls, clip: Clip) -> Self:
        return cls(
            prompt=clip.prompt,
            generator=clip.generator,
            generator_version=clip.generator_version,
            seed=clip.seed,
            licence=clip.licence,
            origin=clip.origin,
            subjects=tuple(subject.person.key for subject in clip.clip_subjects.all()),
        )


class KnownClips:
    """The descriptions of all clips that an import has met so far, by sha256."""

    def __init__(self) -> None:
        self._said: dict[str, Description] = {}

    def load(self, hashes: Iterable[str]) -> None:
        """Fetch what the library says of these; a clip that was removed says nothing any more."""
        unseen = [sha256 for sha256 in hashes if sha256 not in self._said]
        clips = Clip.objects.filter(sha256__in=unseen).exclude(state=ClipState.REMOVED)
        for clip in clips.prefetch_related("clip_subjects__person"):
            self._said[clip.sha256] = Description.of_clip(clip)

    def accept(self, sha256: str, row: Row) -> dict[str, Any] | None:
        """Return what a row adds to what is said; None for a clip that nobody has spoken of.

        Raises RowRefused when it contradicts: whoever is right, a person has to say so.
        """
        wants = Description.of_row(row)
        said = self._said.get(sha256)
        if said is None:
            self._said[sha256] = replace(wants, origin=wants.origin or Origin.GENERATED)
            return None
        added = _added(said, wants)
        self._said[sha256] = replace(said, **added)
        return added


def _added(said: Description, wants: Description) -> dict[str, Any]:
    added: dict[str, Any] = {}
    for each in fields(Description):
        old, new = getattr(said, each.name), getattr(wants, each.name)
        if not new or (set(old) == set(new) if each.name == "subjects" else old == new):
            continue
        if old:
            raise RowRefused(
                f"is the same video as a clip with {each.name.replace('_', ' ')} {_quoted(old)}, here {_quoted(new)}; "
                "change one of them"
            )
        added[each.name] = new
    if said.origin == Origin.REAL and added.get("generator"):
        raise RowRefused("is the same video as a clip that is said to be real; here it has a generator")
    return added


def _quoted(value: str | tuple[str, ...]) -> str:
    text = value if isinstance(value, str) else ", ".join(value)
    return f"“{text[:60]}…”" if len(text) > 60 else f"“{text}”"
