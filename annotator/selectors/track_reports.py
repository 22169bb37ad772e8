"""What annotators said of tracks, for themselves and for leads."""

from django.db.models import F, QuerySet

from annotator.models import CurvesSeen, Item, Judgment, ReportState, Study, TrackReport
from config.accounts.models import User


def reported_by(*, annotator: User, item: Item) -> set[int | None]:
    """Return whose tracks somebody called wrong in a pair; None among them: everybody's."""
    own = TrackReport.objects.filter(item=item, annotator=annotator, state=ReportState.OPEN)
    return set(own.values_list("person_id", flat=True))


def open_reports(study: Study) -> QuerySet[TrackReport]:
    """Return what waits for a lead, oldest first."""
    reports = TrackReport.objects.filter(study=study, state=ReportState.OPEN)
    return reports.select_related("person", "annotator", "item__pair__clip_a", "item__pair__clip_b").order_by(
        "id"
    )


def resolved_reports(study: Study) -> QuerySet[TrackReport]:
    """Return what leads are done with, the newest first."""
    reports = TrackReport.objects.filter(study=study, state=ReportState.RESOLVED)
    people = ("person", "annotator", "resolved_by")
    return reports.select_related(*people, "item__pair__clip_a", "item__pair__clip_b").order_by(
        "-resolved_at"
    )


def changed_after_curves(study: Study) -> QuerySet[Judgment]:
    """Return answers that were changed by somebody who had seen the pair's curves."""
    seen = CurvesSeen.objects.filter(slot__study=study).values("pk")
    return Judgment.objects.filter(
        slot__curves_seen__in=seen,
        slot__curves_seen__annotator=F("annotator"),
        pk__gt=F("slot__curves_seen__judgment"),
    )
