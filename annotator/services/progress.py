"""What an annotator is told of their own progress, without counting slots."""

from statistics import median
from typing import Any

from annotator.models import Slot, SlotKind, SlotState, Study

# The pace is the median of the last answers: it follows the annotator, and one long pause does not move it.
RECENT = 15


def progress_of(
    *, n_done: int, recent_ms: list[int], n_items: int, n_slots: int, n_done_by_all: int, n_gold: int = 0
) -> dict[str, Any]:
    """Return `done`, `total` and `median_seconds`.

    One annotator answers an item once, so no more is left for them than items they have not answered, and no
    more than places that nobody has filled. Where everybody is needed for every item this is exact; with more
    annotators than answers per item it falls as the others go on. `n_done_by_all` is by everybody who ever filled a
    place, those who have left included.

    Test questions are counted in by how many there are among all items, and never by how many there were: a total that
    moved with one of them would give it away.
    """
    if n_gold and n_items:
        n_slots = round(n_slots * (n_items + n_gold) / n_items)
        n_items += n_gold
    left = max(0, min(n_items - n_done, n_slots - n_done_by_all))
    pace = round(median(recent_ms) / 1000) if recent_ms else None
    return {"done": n_done, "total": n_done + left, "median_seconds": pace}


def review_progress_of(*, study_id: int, n_done: int, recent_ms: list[int]) -> dict[str, Any]:
    """Return the same for a reviewer. Disputed items are few, so these are counted."""
    open_reviews = Slot.objects.filter(study=study_id, kind=SlotKind.REVIEW).exclude(state=SlotState.DONE)
    n_open = open_reviews.count()
    return progress_of(
        n_done=n_done, recent_ms=recent_ms, n_items=n_done + n_open, n_slots=n_open, n_done_by_all=0
    )


def round_progress_of(*, study_id: int, annotator_id: int, besides: int = 0) -> dict[str, Any]:
    """Return the same for the test questions before the first pair; `besides` are about to be filled."""
    own = Slot.objects.filter(study=study_id, kind=SlotKind.QUALIFY, reserved_for=annotator_id)
    size = Study.objects.values_list("qualification_size", flat=True).get(pk=study_id)
    left = own.exclude(state=SlotState.DONE).count() - besides
    total = max(size, left)
    return {"done": total - left, "total": total, "median_seconds": None}
