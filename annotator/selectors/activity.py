"""When answers came: per hour or day for a study, per hour for each annotator."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count, Max, Min
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone

from annotator.charts import Bin
from annotator.models import Judgment, Study

HOURS_AT_MOST = 72
SPARK_HOURS = 24

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Answers over consecutive hours, or days once there are more than three days of them."""

    unit: Literal["hour", "day"]
    bins: list[Bin]


def study_activity(*, study: Study) -> Activity:
    """Return the answers of a study from the first to the last, surplus and reviews included."""
    answers = Judgment.objects.filter(study=study)
    ends = answers.aggregate(first=Min("created_at"), last=Max("created_at"))
    if ends["first"] is None:
        return Activity(unit="hour", bins=[])
    by_hour = ends["last"] - ends["first"] <= HOURS_AT_MOST * HOUR
    start = TruncHour("created_at") if by_hour else TruncDay("created_at")
    counts = answers.annotate(start=start).order_by("start").values_list("start").annotate(n=Count("pk"))
    return Activity(
        unit="hour" if by_hour else "day",
        bins=[Bin(start=at, count=n) for at, n in _filled(dict(counts), HOUR if by_hour else DAY)],
    )


def annotators_last_hours(*, study: Study, until: datetime) -> dict[int, list[int]]:
    """Return for each annotator's id the answers in each of the 24 hours that end with the hour of `until`."""
    first = timezone.localtime(until).replace(minute=0, second=0, microsecond=0) - (SPARK_HOURS - 1) * HOUR
    rows = (
        Judgment.objects.filter(study=study, created_at__gte=first)
        .annotate(start=TruncHour("created_at"))
        .order_by()
        .values_list("annotator", "start")
        .annotate(n=Count("pk"))
    )
    hours: dict[int, list[int]] = {}
    for annotator, start, count in rows:
        index = int((start - first) / HOUR)
        hours.setdefault(annotator, [0] * SPARK_HOURS)[min(index, SPARK_HOURS - 1)] = count
    return hours


def last_answer_at(*, study: Study) -> datetime | None:
    """Return when the last answer came: sparklines of a study that rests end there, not now."""
    last: datetime | None = Judgment.objects.filter(study=study).aggregate(last=Max("created_at"))["last"]
    return last


def _filled(counts: dict[datetime, int], step: timedelta) -> Iterable[tuple[datetime, int]]:
    """Yield every hour or day from the first to the last, with 0 where nothing came."""
    at, last = min(counts), max(counts)
    while at <= last:
        yield at, counts.get(at, 0)
        at += step
