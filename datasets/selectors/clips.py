"""Clips as the library shows them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from config.jobs.models import Job
from datasets.models import Clip, ClipState, ClipSubject, Pair, Release, ReleaseState

# A statement of SQLite has at most 32,766 parameters where nothing else was set when it was built.
MAX_IDS = 10_000


def clips_listed() -> QuerySet[Clip]:
    """All clips that are not removed, newest first, with what a card shows of them and no more."""
    subjects = ClipSubject.objects.select_related("person").only(
        "clip_id", "position", "person__key", "person__name"
    )
    return (
        Clip.objects.exclude(state=ClipState.REMOVED)
        .defer("probe")
        .prefetch_related(Prefetch("clip_subjects", queryset=subjects))
        .order_by("-pk")
    )


def clips_among(ids: Sequence[int], *, state: str) -> list[Clip]:
    """Return those of these clips that are in a state, oldest first; any number of ids."""
    return [
        clip
        for start in range(0, len(ids), MAX_IDS)
        for clip in Clip.objects.filter(pk__in=ids[start : start + MAX_IDS], state=state)
        .only("pk", "source_name", "refusal")
        .order_by("pk")
    ]


def generators() -> list[str]:
    """The names of all generators that clips come from, in order."""
    names = Clip.objects.exclude(state=ClipState.REMOVED).exclude(generator="")
    return list(names.order_by("generator").values_list("generator", flat=True).distinct())


def clip_counts() -> dict[str, int]:
    """How many clips there are in each state."""
    rows = Clip.objects.order_by().values_list("state").annotate(count=Count("pk"))
    return dict.fromkeys(ClipState.values, 0) | dict(rows)


@dataclass(frozen=True, slots=True)
class OtherClip:
    """A pair as seen from one of its clips."""

    pair: Pair
    clip: Clip

    @property
    def is_better(self) -> bool:
        """Whether the other clip is the better one of a synthetic pair."""
        side = "a" if self.pair.clip_a_id == self.clip.pk else "b"
        return hasattr(self.pair, "known_answer") and self.pair.known_answer.preference == side


def pairs_of(clip: Clip) -> list[OtherClip]:
    pairs = Pair.objects.filter(Q(clip_a=clip) | Q(clip_b=clip))
    pairs = pairs.select_related("clip_a", "clip_b", "known_answer")
    pairs = pairs.prefetch_related("clip_a__clip_subjects__person", "clip_b__clip_subjects__person")
    return [OtherClip(pair, pair.clip_b if pair.clip_a_id == clip.pk else pair.clip_a) for pair in pairs]


def preparation_of(clip: Clip) -> Job | None:
    """Return the newest job that prepares this clip."""
    return Job.objects.filter(kind="clip_prepare", key=str(clip.pk)).order_by("-pk").first()


def frozen_releases_of(clip: Clip) -> list[Release]:
    return list(clip.releases.filter(state=ReleaseState.FROZEN))
