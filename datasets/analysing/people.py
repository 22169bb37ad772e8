"""A person's references, as a face backend sees them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from datasets.identity.backends import Backend
from datasets.identity.errors import ReferencePictureError
from datasets.identity.references import Person as KnownPerson
from datasets.identity.references import Reference as KnownReference
from datasets.identity.references import reference_read
from datasets.models import Person, Reference, ReferenceFace
from datasets.services.media_files import local_copy

__all__ = ["Subjects", "person_examine", "subjects_read"]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Who should appear in a clip and can be looked for, and a sentence for each who cannot."""

    rows: list[Person]
    known: list[KnownPerson]
    notes: list[str]


def subjects_read(people: Iterable[Person], backend: Backend) -> Subjects:
    """Read the references of a clip's subjects and keep what the backend makes of them."""
    subjects = Subjects([], [], [])
    for person in people:
        known = person_examine(person=person, backend=backend)
        if known is None:
            subjects.notes.append(
                f"{person.name} cannot be looked for: there is no usable reference. Add one on the person's page."
            )
        else:
            subjects.rows.append(person)
            subjects.known.append(known)
    return subjects


def person_examine(*, person: Person, backend: Backend) -> KnownPerson | None:
    """Look at each reference of a person, write down what was seen, and return those that can be used."""
    usable = []
    for reference in person.references.select_related("face"):
        try:
            seen = _reference_read(reference, backend)
        except ReferencePictureError as error:
            _write_down(reference, backend, error=str(error))
        else:
            _write_down(reference, backend, seen=seen)
            usable.append(seen)
    return KnownPerson(person.name, tuple(usable), backend.space) if usable else None


def _reference_read(reference: Reference, backend: Backend) -> KnownReference:
    seen = _read_once(reference.file, reference.source_name or f"Picture {reference.position + 1}", backend)
    if isinstance(seen, ReferencePictureError):
        raise seen
    return seen


@lru_cache(maxsize=512)
def _read_once(file: str, name: str, backend: Backend) -> KnownReference | ReferencePictureError:
    """Read a picture once a process: a person is in many clips, and a stored picture never changes."""
    try:
        with tempfile.TemporaryDirectory() as scratch, local_copy(name=file, folder=Path(scratch)) as path:
            return reference_read(path, backend, name=name)
    except ReferencePictureError as error:
        return error
    except FileNotFoundError:
        return ReferencePictureError(f"The file of {name} is gone: add the picture again.")


def _write_down(
    reference: Reference, backend: Backend, *, seen: KnownReference | None = None, error: str = ""
) -> None:
    face = getattr(reference, "face", None)
    if face is not None and face.backend == backend.key and face.error == error:
        return
    ReferenceFace.objects.update_or_create(
        reference=reference,
        defaults={
            "backend": backend.key,
            "error": error,
            "warnings": list(seen.warnings) if seen else [],
            "embedding": seen.embedding.astype("<f4").tobytes() if seen else None,
        },
    )
