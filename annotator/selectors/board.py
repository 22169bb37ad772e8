"""What a study's page shows: how far it is, how well people agree, and how each of them works."""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.safestring import SafeString

from annotator.agreement.alpha import Alpha
from annotator.agreement.annotators import AnnotatorReport
from annotator.agreement.proportions import Share
from annotator.charts import Scale, bar_chart, interval_mark, sparkline
from annotator.models import Consensus, ConsensusState, Item, Slot, SlotKind, SlotState, Study
from annotator.selectors.activity import SPARK_HOURS, Activity, study_activity
from annotator.selectors.agreement import StudyAgreement, study_agreement
from config.accounts.models import User

ALPHA_SCALE = Scale(low=0, high=1)


@dataclass(frozen=True, kw_only=True)
class AnnotatorRow:
    name: str
    is_simulated: bool
    spark: SafeString
    report: AnnotatorReport


@dataclass(frozen=True, kw_only=True)
class Board:
    """`done` of `total` are answers, reviews apart; `settled` are items with all of theirs."""

    items: int
    repeated: int
    done: int
    total: int
    seconds_left: float | None
    figures: StudyAgreement
    disputed: int
    settled: int
    under_review: int
    activity: Activity
    annotators: list[AnnotatorRow]

    @property
    def flagged(self) -> int:
        return sum(bool(row.report.flags) for row in self.annotators)

    @property
    def activity_chart(self) -> SafeString:
        return bar_chart(self.activity.bins, unit=self.activity.unit)

    @property
    def overall_mark(self) -> SafeString:
        return _mark(self.figures.overall, "Alpha")

    @property
    def people_mark(self) -> SafeString:
        return _mark(self.figures.people, "Alpha for each person")

    @property
    def repeats_mark(self) -> SafeString:
        return _mark(self.figures.repeats, "Share of repeats with the same answer")


def study_board(study: Study) -> Board:
    slots = Slot.objects.filter(study=study).aggregate(
        done=Count("pk", filter=Q(kind=SlotKind.ANSWER, state=SlotState.DONE)),
        reviews=Count("pk", filter=Q(kind=SlotKind.REVIEW, state=SlotState.LEASED)),
    )
    items = Item.objects.filter(study=study, is_gold=False).aggregate(
        pairs=Count("pk", filter=Q(repeat_of__isnull=True)), repeats=Count("repeat_of")
    )
    consensus = Consensus.objects.filter(study=study).aggregate(
        disputed=Count("pk", filter=Q(state=ConsensusState.DISPUTED)),
        settled=Count("pk", filter=~Q(state=ConsensusState.OPEN)),
    )
    figures = study_agreement(study=study)
    activity = study_activity(study=study)
    left = study.n_slots - slots["done"]
    return Board(
        items=items["pairs"],
        repeated=items["repeats"],
        done=slots["done"],
        total=study.n_slots,
        seconds_left=left * figures.median_seconds if left > 0 and figures.reports else None,
        figures=figures,
        disputed=consensus["disputed"],
        settled=consensus["settled"],
        under_review=slots["reviews"],
        activity=activity,
        annotators=_annotator_rows(figures, activity),
    )


def _annotator_rows(figures: StudyAgreement, activity: Activity) -> list[AnnotatorRow]:
    users = User.objects.in_bulk([report.annotator for report in figures.reports])
    rows = []
    for report in sorted(figures.reports, key=lambda each: -each.answers):
        user = users[report.annotator]
        counts = activity.last_hours.get(report.annotator, [0] * SPARK_HOURS)
        rows.append(
            AnnotatorRow(
                name=user.username,
                is_simulated=user.is_simulated,
                spark=sparkline(counts, label=f"{sum(counts)} answers in the last {SPARK_HOURS} hours"),
                report=report,
            )
        )
    return rows


def _mark(figure: Alpha | Share, label: str) -> SafeString:
    said = f"{label}: {figure.value:.2f}, 95 % interval {figure.low:.2f} to {figure.high:.2f}"
    return interval_mark(figure.value, figure.low, figure.high, ALPHA_SCALE, label=said)
