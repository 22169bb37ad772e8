"""When answers came: per hour or day for a study, and in the last hours for each annotator."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.core.cache import cache
from django.db.models import Count
from django.db.models.functions import TruncHour
from django.utils import timezone

from annotator.charts import Bin
from annotator.models import Judgment, Study

HOURS_AT_MOST = 72
SPARK_HOURS = 24
KEEP_SECONDS = 24 * 3600
# An answer is dated before it is committed: an hour that ended less than this ago may still grow.
SETTLED_AFTER = timedelta(minutes=5)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Hours = Mapping[tuple[int, datetime], int]


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Answers over consecutive hours, or days once there are more than three days of them; reviews included.

    `last_hours` has, by annotator's id, the answers in each of the 24 hours that end with the last answer's.
    """

    unit: Literal["hour", "day"]
    bins: list[Bin]
    last_hours: dict[int, list[int]]


def study_activity(*, study: Study) -> Activity:
    hours = _answers_by_hour(study)
    if not hours:
        return Activity(unit="hour", bins=[], last_hours={})
    per_hour: Counter[datetime] = Counter()
    for (_, hour), count in hours.items():
        per_hour[hour] += count
    first, last = min(per_hour), max(per_hour)
    last_hours = _last_hours(hours, last)
    if last - first < HOURS_AT_MOST * HOUR:
        return Activity(unit="hour", bins=_filled(per_hour, HOUR), last_hours=last_hours)
    per_day: Counter[datetime] = Counter()
    for hour, count in per_hour.items():
        per_day[hour.replace(hour=0)] += count
    return Activity(unit="day", bins=_filled(per_day, DAY), last_hours=last_hours)


def _answers_by_hour(study: Study) -> Hours:
    """Count answers by annotator and hour. Hours that are over stand in the cache; only the rest is counted."""
    key = f"study-hours:{study.pk}"
    until: datetime | None
    settled: dict[tuple[int, datetime], int]
    until, settled = cache.get(key, (None, {}))
    rows = Judgment.objects.filter(study=study)
    if until is not None:
        rows = rows.filter(created_at__gte=until)
    counted = (
        rows.annotate(hour=TruncHour("created_at"))
        .order_by()
        .values_list("annotator", "hour")
        .annotate(n=Count("pk"))
    )
    recent = {(annotator, hour): n for annotator, hour, n in counted}
    now_settled = timezone.localtime(timezone.now() - SETTLED_AFTER).replace(
        minute=0, second=0, microsecond=0
    )
    if until is None or now_settled > until:
        kept = {**settled, **{place: n for place, n in recent.items() if place[1] < now_settled}}
        cache.set(key, (now_settled, kept), KEEP_SECONDS)
    return {**settled, **recent}


def _last_hours(hours: Hours, last: datetime) -> dict[int, list[int]]:
    first = last - (SPARK_HOURS - 1) * HOUR
    counts: dict[int, list[int]] = {}
    for (annotator, hour), count in hours.items():
        if hour >= first:
            counts.setdefault(annotator, [0] * SPARK_HOURS)[int((hour - first) / HOUR)] = count
    return counts


def _filled(counts: Mapping[datetime, int], step: timedelta) -> list[Bin]:
    """Return every hour or day from the first to the last, with 0 where nothing came."""
    return [Bin(start=at, count=counts.get(at, 0)) for at in _steps(min(counts), max(counts), step)]


def _steps(first: datetime, last: datetime, step: timedelta) -> Iterable[datetime]:
    at = first
    while at <= last:
        yield at
        at += step
