"""People and their references."""

import hashlib
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from config.accounts.models import User
from datasets.models import Person, Reference
from datasets.selectors.people import people_called

from .analysis import person_examine_if_wanted
from .clips import storable_name
from .deletion import files_discard_later
from .images import ReferenceImage, reference_read
from .media_files import content_name, file_is_stored, file_put, hash_file
from .resemblance import resemblances_forget

REFERENCES = "references"


def person_key(label: str) -> str:
    """Return the key for a name as a manifest writes it: the name itself where it is a slug already."""
    label = label.strip()
    if re.fullmatch(r"[-a-zA-Z0-9_]{1,120}", label):
        return label
    return slugify(label)[:120] or f"person-{hashlib.sha256(label.encode()).hexdigest()[:12]}"


def person_name(label: str) -> str:
    """Return a name to show for a manifest's label: `jane_doe` reads as Jane Doe, anything else as it is."""
    label = label.strip()
    words = label.replace("_", " ")
    return (words.title() if label == label.lower() and " " not in label else label)[:200]


def person_create(*, name: str, consent: str = "", created_by: User | None = None) -> Person:
    """Add somebody; the key follows from the name, with a number when another person has it."""
    base = person_key(name.strip().lower().replace(" ", "_"))
    with transaction.atomic():
        taken = set(Person.objects.filter(key__startswith=base).values_list("key", flat=True))
        key = next(
            k for n in range(1, len(taken) + 2) if (k := base if n == 1 else f"{base[:110]}-{n}") not in taken
        )
        person = Person(key=key, name=name.strip(), consent=consent, created_by=created_by)
        person.full_clean(exclude=["created_by"])
        person.save()
    return person


def people_ensure(*, labels: Iterable[str], created_by: User | None = None) -> dict[str, Person]:
    """Return the people that manifests call by these labels, adding those that are not there yet."""
    keys = {label: person_key(label) for label in labels}
    names = {key: person_name(label) for label, key in keys.items()}
    present = set(Person.objects.filter(key__in=names).values_list("key", flat=True))
    Person.objects.bulk_create(
        [
            Person(key=key, name=name, created_by=created_by)
            for key, name in names.items()
            if key not in present
        ],
        ignore_conflicts=True,
    )
    people = {person.key: person for person in Person.objects.filter(key__in=names)}
    return {label: people[key] for label, key in keys.items()}


def people_mark_procedural(*, labels: Iterable[str]) -> int:
    """Say of people, as a manifest calls them, that they are computed and no human beings; return how many."""
    return Person.objects.filter(key__in=[person_key(label) for label in labels]).update(is_procedural=True)


def people_named(*, labels: Iterable[str], created_by: User | None = None) -> list[Person]:
    """Return the people whom a lead means by these names or keys, adding whoever is new."""
    labels = list(labels)
    known = people_called(labels)
    return [known.get(label) or person_create(name=label, created_by=created_by) for label in labels]


def person_update(*, person: Person, name: str, consent: str) -> Person:
    person.name, person.consent = name.strip(), consent.strip()
    person.full_clean(exclude=["created_by"])
    person.save(update_fields=["name", "consent"])
    return person


def reference_add(
    *, person: Person, path: Path, source_name: str, licence: str = "", keep_plain: bool = False
) -> tuple[Reference, bool]:
    """Add a picture of a person; returns the reference and whether it is new.

    The picture is decoded within limits, turned upright and encoded anew, so that nothing but pixels is kept;
    with `keep_plain` a JPEG that holds nothing else stays as it is. Raises ImageRefused with a sentence.
    """
    source_sha256, _ = hash_file(path)
    known = Reference.objects.filter(person=person, source_sha256=source_sha256).first()
    if known:
        return known, False
    source_name = storable_name(source_name)
    image = reference_read(path=path, name=source_name, keep_plain=keep_plain)
    _store(image)
    with transaction.atomic():
        last = Reference.objects.filter(person=person).aggregate(last=Max("position"))["last"]
        reference, is_new = Reference.objects.get_or_create(
            person=person,
            sha256=image.sha256,
            defaults={
                "source_sha256": source_sha256,
                "file": _name(image),
                "width": image.width,
                "height": image.height,
                "position": 0 if last is None else last + 1,
                "source_name": source_name,
                "licence": licence,
            },
        )
        if is_new:
            person_examine_if_wanted(person=person)
        return reference, is_new


def _name(image: ReferenceImage) -> str:
    return content_name(folder=REFERENCES, sha256=image.sha256, suffix=".jpg")


def _store(image: ReferenceImage) -> None:
    if file_is_stored(name=_name(image), size=len(image.data)):
        return
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(image.data)
        file.flush()
        file_put(name=_name(image), source=Path(file.name))


@transaction.atomic
def reference_remove(*, reference: Reference, by: User | None = None) -> None:
    """Take a picture away; its file goes too unless another person has the same one."""
    reference.delete()
    resemblances_forget(person=reference.person)
    person_examine_if_wanted(person=reference.person, by=by)
    files_discard_later(names=[reference.file], by=by)


@transaction.atomic
def references_reorder(*, person: Person, ids: Sequence[int]) -> None:
    """Put a person's references into this order; all of them are named, each once."""
    present = {reference.pk: reference for reference in person.references.all()}
    if sorted(ids) != sorted(present):
        raise ValidationError("The references have changed meanwhile. Load the page again.")
    for position, pk in enumerate(ids):
        present[pk].position = position
    Reference.objects.bulk_update(present.values(), ["position"])
