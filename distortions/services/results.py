"""What came of a planned result, written once: only a row that is still planned takes it.

A worker that was believed dead and comes back finds the row taken; its clip has the same bytes and is the same clip.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.functions import Now

from datasets.models import Clip, Origin, Person
from datasets.services.clips import ClipFacts, clip_ingest
from distortions.models import CleanCopy, Distortion, ResultState

from .truths import truths_of


def result_make(*, row: Distortion, film: Path, **found: Any) -> bool:
    """Take a distorted clip into the library and say so in its row; False if that was done already."""
    name = f"{row.recipe}-{row.severity}-batch-{row.batch_id}-{row.number:04}.mp4"
    clip = _ingest(row.source, film, name, Origin.DISTORTED)
    with transaction.atomic():
        is_first = _put(row, state=ResultState.MADE, clip=clip, **found)
        truths_of(rows=Distortion.objects.filter(pk=row.pk, clip=clip))
    return is_first


def result_refuse(*, row: Distortion, error: str, **found: Any) -> bool:
    """Keep a result that the gate let through in none of its tries, with its numbers."""
    return _put(row, state=ResultState.REFUSED, error=error, **found)


def results_fail(*, rows: list[Distortion], error: str) -> None:
    """Say why a clip, or a recipe on it, cannot be distorted at all."""
    for row in rows:
        _put(row, state=ResultState.FAILED, error=error)


def _put(row: Distortion, **changes: Any) -> bool:
    planned = Distortion.objects.filter(pk=row.pk, state=ResultState.PLANNED)
    with transaction.atomic():
        is_first = bool(planned.update(made_at=Now(), **changes))
        if is_first and "truth" in changes:
            lent = {edit["donor"] for edit in changes["truth"]["edits"]}
            row.donors.set(Person.objects.filter(key__in=lent))
    return is_first


def clean_copy_is_there(*, source: Clip, longest_side: int, seed: int) -> bool:
    """Say whether a pair's clean copy was made, and its file is still there."""
    copies = CleanCopy.objects.filter(source=source, longest_side=longest_side, seed=seed)
    copy = copies.select_related("clip").first()
    return copy is not None and default_storage.exists(copy.clip.file)


def clean_copy_put(*, source: Clip, longest_side: int, seed: int, film: Path) -> Clip:
    """Take a pair's clean copy of a clip into the library."""
    clip = _ingest(source, film, f"clean copy {seed} of {source.source_name}.mp4", Origin(source.origin))
    CleanCopy.objects.update_or_create(
        source=source, longest_side=longest_side, seed=seed, defaults={"clip": clip}
    )
    return clip


@transaction.atomic
def _ingest(source: Clip, film: Path, name: str, origin: Origin) -> Clip:
    subjects = source.clip_subjects.order_by("position").values_list("person", flat=True)
    facts = ClipFacts(
        prompt=source.prompt,
        generator=source.generator,
        generator_version=source.generator_version,
        seed=source.seed,
        licence=source.licence,
        origin=origin,
        subject_ids=tuple(subjects),
    )
    clip, _ = clip_ingest(path=film, source_name=name, facts=facts, created_by=source.created_by)
    if clip.parent_id is None and clip.pk != source.pk:
        clip.parent = source
        clip.save(update_fields=["parent"])
    return clip
