"""Pairs of clips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from config.rows import rows_insert
from datasets.models import Pair

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPair:
    clip_a: int
    clip_b: int
    prompt: str = ""
    key: str = ""
    published_better: str = ""

    @property
    def clips(self) -> tuple[int, int]:
        """The two clips whatever their order: what makes a pair one."""
        return min(self.clip_a, self.clip_b), max(self.clip_a, self.clip_b)


def pairs_create(*, pairs: Sequence[NewPair]) -> tuple[list[int], int]:
    """Add pairs by few statements; returns the ids of all of them and how many are new.

    Two clips are at most one pair, in either order; one that is there stays as it is.
    """
    ids: list[int] = []
    added = 0
    for start in range(0, len(pairs), BATCH):
        batch = pairs[start : start + BATCH]
        with transaction.atomic():
            present = _ids_by_clips(pair.clips for pair in batch)
            new = [pair for pair in batch if pair.clips not in present]
            rows_insert(
                Pair,
                ("clip_a", "clip_b", "prompt", "key", "published_better"),
                [(each.clip_a, each.clip_b, each.prompt, each.key, each.published_better) for each in new],
            )
            if new:
                present |= _ids_by_clips(pair.clips for pair in new)
            added += len({pair.clips for pair in new})
            ids += [present[pair.clips] for pair in batch]
    return ids, added


def pairs_present(*, clips: Sequence[tuple[int, int]]) -> int:
    """Count how many of these, two clips each in any order, are pairs already."""
    found = 0
    for start in range(0, len(clips), BATCH):
        batch = {(min(a, b), max(a, b)) for a, b in clips[start : start + BATCH]}
        found += len(batch & _ids_by_clips(batch).keys())
    return found


def _ids_by_clips(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    clips = {clip for pair in pairs for clip in pair}
    rows = Pair.objects.filter(clip_a__in=clips, clip_b__in=clips).values_list("pk", "clip_a", "clip_b")
    return {(min(a, b), max(a, b)): pk for pk, a, b in rows}
