"""How far a batch is, and what its gate says, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from config.jobs.models import Job, JobState
from datasets.models import Clip
from distortions.catalogue import CATALOGUE, RecipeFacts
from distortions.models import Batch, BatchState, CleanCopy, Distortion, ResultState, SyntheticPair
from distortions.selectors.jobs import batch_is_active, batch_jobs

RECENT = timedelta(minutes=10)
EXAMPLES = 4


@dataclass(frozen=True, slots=True)
class RecipeRow:
    """One recipe of a batch: how many are planned in all, made, refused, failed, and how long one takes."""

    facts: RecipeFacts
    total: int
    made: int
    refused: int
    failed: int
    seconds: float | None

    @property
    def done(self) -> int:
        return self.made + self.refused + self.failed

    @property
    def passed(self) -> float | None:
        """Share of the results that were judged which the gate let through."""
        judged = self.made + self.refused
        return self.made / judged if judged else None


@dataclass(frozen=True, slots=True)
class Reason:
    """A check that refused results, with some of them."""

    name: str
    count: int
    examples: list[Distortion]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A batch at this moment."""

    recipes: list[RecipeRow]
    reasons: list[Reason]
    failures: list[tuple[str, int]]
    total: int
    made: int
    refused: int
    failed: int
    pairs: int
    per_minute: float | None
    seconds_left: float | None
    running: int
    is_stalled: bool
    job_error: str

    @property
    def done(self) -> int:
        return self.made + self.refused + self.failed

    @property
    def planned(self) -> int:
        return self.total - self.done

    @property
    def passed(self) -> float | None:
        judged = self.made + self.refused
        return self.made / judged if judged else None


def clips_of(batch: Batch) -> QuerySet[Clip]:
    """Return the clips that a batch has made, clean copies included."""
    results = Distortion.objects.filter(batch=batch, clip=OuterRef("pk"))
    copies = CleanCopy.objects.filter(
        clip=OuterRef("pk"), longest_side=batch.plan.longest_side, source__distortions__batch=batch,
        source__distortions__seed=F("seed"),
    )  # fmt: skip
    return Clip.objects.filter(Exists(results) | Exists(copies))


def batches_listed() -> QuerySet[Batch]:
    """All batches, newest first, with what a row of their list shows."""
    count = {
        state.value: Count("distortions", filter=Q(distortions__state=state.value)) for state in ResultState
    }
    return (
        Batch.objects.select_related("created_by")
        .annotate(total=Count("distortions"), **count)
        .annotate(done=F("total") - F("planned"))
        .defer("left_out")
        .order_by("-pk")
    )


def batch_board(batch: Batch) -> Board:
    """Return all figures of a batch."""
    recipes = _recipes(batch)
    total, made = sum(row.total for row in recipes), sum(row.made for row in recipes)
    refused, failed = sum(row.refused for row in recipes), sum(row.failed for row in recipes)
    planned = total - made - refused - failed
    per_minute = _per_minute(batch)
    is_running = batch.state == BatchState.RUNNING
    is_active = batch_is_active(batch)
    failed_job = _failed_job(batch) if is_running and planned and not is_active else None
    return Board(
        recipes=recipes,
        reasons=_reasons(batch),
        failures=_failures(batch),
        total=total,
        made=made,
        refused=refused,
        failed=failed,
        pairs=SyntheticPair.objects.filter(batch=batch).count(),
        per_minute=per_minute,
        seconds_left=60 * planned / per_minute if is_running and per_minute and planned else None,
        running=batch_jobs(batch).filter(state=JobState.RUNNING).count(),
        is_stalled=is_running and planned > 0 and not is_active,
        job_error=failed_job.reason if failed_job else "",
    )


def _recipes(batch: Batch) -> list[RecipeRow]:
    counts = {
        state.value: Count("pk", filter=Q(state=state.value))
        for state in ResultState
        if state != ResultState.PLANNED
    }
    rows = batch.distortions.order_by().values("recipe")
    rows = rows.annotate(total=Count("pk"), mean=Avg("seconds"), **counts)
    by_name: dict[str, dict[str, Any]] = {row["recipe"]: dict(row) for row in rows}
    return [
        RecipeRow(
            CATALOGUE[name], row["total"], row["made"], row["refused"], row["failed"], row["mean"]
        )
        for name in CATALOGUE
        if (row := by_name.get(name))
    ]  # fmt: skip


def _reasons(batch: Batch) -> list[Reason]:
    refused = batch.distortions.filter(state=ResultState.REFUSED)
    counts = refused.order_by().values_list("refused_for").annotate(count=Count("pk")).order_by("-count")
    return [
        Reason(name, count, list(refused.filter(refused_for=name).select_related("source")[:EXAMPLES]))
        for name, count in counts
    ]


def _failures(batch: Batch) -> list[tuple[str, int]]:
    rows = batch.distortions.filter(state=ResultState.FAILED).order_by().values_list("error")
    return list(rows.annotate(count=Count("pk")).order_by("-count")[:8])


def _per_minute(batch: Batch) -> float | None:
    """Return results a minute over the last ten minutes of work, or since the first if that is later."""
    ended = batch.distortions.exclude(made_at=None)
    last = ended.aggregate(last=Max("made_at"))["last"]
    if last is None:
        return None
    until = timezone.now() if batch.state == BatchState.RUNNING else last
    since = max(batch.created_at, until - RECENT)
    minutes = (until - since).total_seconds() / 60
    count = ended.filter(made_at__gt=since).count()
    return count / minutes if count and minutes > 0.02 else None


def _failed_job(batch: Batch) -> Job | None:
    return batch_jobs(batch).filter(state=JobState.FAILED).order_by("-finished_at").first()


def results_listed(batch: Batch, *, recipe: str = "", state: str = "") -> QuerySet[Distortion]:
    """Return a batch's results with what a card shows of them: of one state, or all that are not planned any more."""
    rows = batch.distortions.select_related("source", "clip").defer("tries", "curve", "truth")
    if recipe:
        rows = rows.filter(recipe=recipe)
    rows = rows.filter(state=state) if state else rows.exclude(state=ResultState.PLANNED)
    return rows.order_by("number")


def pair_counts(batch: Batch) -> list[tuple[str, int]]:
    """Return how many pairs there are of each kind."""
    kind = "pair__known_answer__kind"
    rows = SyntheticPair.objects.filter(batch=batch).order_by().values_list(kind)
    return list(rows.annotate(count=Count("pk")).order_by(kind))
