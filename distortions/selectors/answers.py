"""What is known of synthetic pairs: for releases, and for whoever asks annotators pairs with known answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import QuerySet

from distortions.models import Distortion, SyntheticPair

CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """One synthetic pair. Named as the columns of `datasets.releases.schema.COMPARISONS`.

    Attributes:
        preference: The better side by construction, a, b or tie.
        kind: A key of config.PAIR_KINDS.
        edited_side: The worse side; of a tie the one that carries a control, b if both do.
        recipe, severity, schedule, onset_frame: Of that side.
        people: Keys of those whose faces were changed on it.
        reserved_for_test: Kept for test splits.
    """

    preference: str
    kind: str
    edited_side: str
    recipe: str
    severity: int
    schedule: str
    onset_frame: int | None
    people: tuple[str, ...]
    reserved_for_test: bool


def known_answers(pair_ids: Collection[int]) -> dict[int, KnownAnswer]:
    """Return what is known of these pairs, by pair; those that nobody made are left out."""
    ids = list(pair_ids)
    found = {}
    for start in range(0, len(ids), CHUNK):
        rows = SyntheticPair.objects.filter(pair__in=ids[start : start + CHUNK])
        for row in rows.select_related("distortion_a", "distortion_b").defer(
            "distortion_a__tries", "distortion_b__tries", "distortion_a__curve", "distortion_b__curve"
        ):
            found[row.pair_id] = known_answer(row)
    return found


def known_answer(row: SyntheticPair) -> KnownAnswer:
    side, edited = _worse(row)
    return KnownAnswer(
        preference=row.answer,
        kind=row.kind,
        edited_side=side,
        recipe=edited.recipe,
        severity=edited.severity,
        schedule=edited.schedule,
        onset_frame=edited.onset,
        people=tuple(edit["person"] for edit in edited.truth.get("edits", []) if edit["person"]),
        reserved_for_test=row.reserved_for_test,
    )


def gold_pairs(*, batch: int | None = None, for_test: bool | None = None) -> QuerySet[SyntheticPair]:
    """Return the pairs that can be asked with a known answer: both clips can be played.

    Args:
        batch: Of one batch only.
        for_test: Only those reserved for tests, or only the others.
    """
    rows = SyntheticPair.objects.filter(pair__clip_a__state="ready", pair__clip_b__state="ready")
    if batch is not None:
        rows = rows.filter(batch=batch)
    if for_test is not None:
        rows = rows.filter(reserved_for_test=for_test)
    return rows.select_related("pair", "distortion_a", "distortion_b")


def _worse(row: SyntheticPair) -> tuple[str, Distortion]:
    a, b = row.distortion_a, row.distortion_b
    if b is not None and (a is None or row.answer != "b"):
        return "b", b
    assert a is not None  # a constraint
    return "a", a
