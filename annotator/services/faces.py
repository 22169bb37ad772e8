"""What annotators do with faces: they are given curves, and they say where tracks are wrong."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now

from annotator.models import Curves, CurvesSeen, Item, Judgment, ReportState, Slot, TrackReport
from config.accounts.models import User
from datasets.models import ClipSubject

from .refusals import Refused

NOBODY_HERE = "This person is not in the pair."
MAX_REMARK = 2000


class CurvesHidden(Refused):
    code = "curves_hidden"


@transaction.atomic
def curves_open(*, slot: Slot, annotator: User) -> None:
    """Let somebody see a slot's curves, and note after which answer they did. Raises CurvesHidden."""
    if slot.study.curves == Curves.ALWAYS:
        return
    if slot.study.curves == Curves.NEVER:
        raise CurvesHidden("This study shows no curves.")
    # The newest: an answer that was changed before the curves were seen owes them nothing.
    answer = Judgment.objects.filter(slot=slot, annotator=annotator).order_by("-id").first()
    if answer is None:
        raise CurvesHidden("The curves of a pair are shown once your answer is saved.")
    CurvesSeen.objects.get_or_create(slot=slot, annotator=annotator, defaults={"judgment": answer})


@transaction.atomic
def tracks_report(
    *, item: Item, annotator: User, person_id: int | None = None, remark: str = ""
) -> TrackReport:
    """Say that the faces shown of a person, or of everybody, are not theirs. Said twice it is one report.

    Raises ValidationError for somebody who is not in the pair.
    """
    clip = item.pair.clip_a_id
    if person_id is not None and not ClipSubject.objects.filter(clip=clip, person=person_id).exists():
        raise ValidationError(NOBODY_HERE)
    # None is a lookup like any other.
    report, is_new = TrackReport.objects.get_or_create(  # type: ignore[misc]
        study_id=item.study_id,
        item=item,
        annotator=annotator,
        person_id=person_id,
        state=ReportState.OPEN,
        defaults={"remark": remark[:MAX_REMARK]},
    )
    if not is_new and remark:
        report.remark = remark[:MAX_REMARK]
        report.save(update_fields=["remark"])
    return report


def tracks_report_withdraw(*, item: Item, annotator: User, person_id: int | None = None) -> None:
    """Take one's own open report back."""
    TrackReport.objects.filter(
        item=item, annotator=annotator, person=person_id, state=ReportState.OPEN
    ).delete()


def track_report_resolve(*, report: TrackReport, by: User) -> None:
    """Close a report; one that is closed already stays as it is."""
    TrackReport.objects.filter(pk=report.pk, state=ReportState.OPEN).update(
        state=ReportState.RESOLVED, resolved_by=by, resolved_at=Now()
    )
