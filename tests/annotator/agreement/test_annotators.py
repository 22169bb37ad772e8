import numpy as np
import pytest

from annotator.agreement.alpha import krippendorff_alpha
from annotator.agreement.annotators import AnnotatorReport, annotator_reports
from annotator.agreement.consensus import CLASSES, VOTES, to_storage


class Answers:
    """Long-form answers in the making."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, str, bool, float]] = []

    def add(
        self,
        annotator: int,
        item: int,
        verdict: str,
        *,
        pair: int | None = None,
        left_is_a: bool = True,
        seconds: float = 30.0,
    ) -> None:
        self.rows.append((annotator, item, item if pair is None else pair, verdict, left_is_a, seconds))

    def reports(self) -> dict[int, AnnotatorReport]:
        columns = list(zip(*self.rows, strict=True)) or [()] * 6
        return {report.annotator: report for report in annotator_reports(*columns)}


def test_no_answers_no_reports() -> None:
    assert Answers().reports() == {}


def test_side_bias_counts_decided_answers_only() -> None:
    answers = Answers()
    for item, verdict in enumerate(["left", "left_much", "left", "right", "tie", "both_bad", "cannot_judge"]):
        answers.add(1, item, verdict)

    report = answers.reports()[1]

    assert (report.left.count, report.left.total) == (3, 4)
    assert report.side_bias == pytest.approx(0.25)
    assert report.answers == 7
    assert report.flags == ()


@pytest.mark.parametrize(
    ("left", "right", "flags"),
    [
        (8, 0, ("leans left",)),
        (6, 2, ()),
        (70, 30, ("leans left",)),
        (30, 70, ("leans right",)),
        (53, 47, ()),
        (5400, 4600, ()),  # certain, but too small a lean to matter
        (5600, 4400, ("leans left",)),
    ],
)
def test_a_lean_is_flagged_when_it_is_large_and_sure(left: int, right: int, flags: tuple) -> None:
    answers = Answers()
    for item in range(left + right):
        answers.add(1, item, "left" if item < left else "right", left_is_a=item % 2 == 0)

    assert answers.reports()[1].flags == flags


def test_few_honest_annotators_are_flagged() -> None:
    rng = np.random.default_rng(0)
    answers = Answers()
    for annotator in range(200):
        for item in range(60):
            answers.add(annotator, item, str(rng.choice(["left", "right"])), seconds=float(rng.gamma(4, 10)))

    flagged = [report for report in answers.reports().values() if report.flags]

    assert len(flagged) <= 6


def test_the_one_who_hurries_is_flagged() -> None:
    rng = np.random.default_rng(1)
    answers = Answers()
    for item in range(40):
        for annotator, scale in [(1, 34), (2, 41), (3, 38), (4, 11)]:
            answers.add(annotator, item, "tie", seconds=float(scale * rng.uniform(0.6, 1.5)))

    reports = answers.reports()

    assert {annotator: report.flags for annotator, report in reports.items()} == {
        1: (),
        2: (),
        3: (),
        4: ("fast",),
    }
    assert 8 < reports[4].median_seconds < 14


def test_two_quick_answers_are_no_evidence() -> None:
    answers = Answers()
    for item in range(40):
        answers.add(1, item, "tie", seconds=40)
    for item in range(2):
        answers.add(2, item, "tie", seconds=5)

    assert answers.reports()[2].flags == ()


def test_a_repeat_is_the_same_when_the_clip_is_the_same() -> None:
    answers = Answers()
    answers.add(1, 10, "left", pair=1, left_is_a=True)
    answers.add(1, 11, "right_much", pair=1, left_is_a=False)  # a both times
    answers.add(1, 20, "left", pair=2, left_is_a=True)
    answers.add(1, 21, "left", pair=2, left_is_a=False)  # the side, not the clip
    answers.add(1, 30, "cannot_judge", pair=3)
    answers.add(1, 31, "left", pair=3)  # nothing to compare with
    answers.add(2, 10, "left", pair=1, left_is_a=True)

    reports = answers.reports()

    assert (reports[1].repeats.count, reports[1].repeats.total) == (1, 2)
    assert reports[2].repeats.total == 0
    assert np.isnan(reports[2].repeats.value)


def test_a_changed_answer_is_no_repeat() -> None:
    answers = Answers()
    answers.add(1, 10, "left")
    answers.add(1, 10, "right")

    assert answers.reports()[1].repeats.total == 0


def test_agreement_is_the_mean_share_of_others_who_agree() -> None:
    answers = Answers()
    for annotator, verdict in [(1, "left"), (2, "left_much"), (3, "right")]:
        answers.add(annotator, 1, verdict)
    for annotator, verdict in [(1, "tie"), (2, "both_bad"), (3, "tie")]:
        answers.add(annotator, 2, verdict)
    answers.add(1, 3, "left")  # alone
    answers.add(2, 3, "cannot_judge")

    reports = answers.reports()

    assert [reports[a].agreement for a in (1, 2, 3)] == pytest.approx([0.75, 0.75, 0.5])
    assert [reports[a].shared for a in (1, 2, 3)] == [2, 2, 2]


def test_someone_who_shares_no_item_has_no_agreement() -> None:
    answers = Answers()
    answers.add(1, 1, "left")

    report = answers.reports()[1]

    assert np.isnan([report.agreement, report.alpha]).all()
    assert report.shared == 0


def test_alphas_average_to_the_alpha_of_the_study() -> None:
    rng = np.random.default_rng(2)
    answers = Answers()
    for item in range(60):
        for annotator in rng.choice(6, size=3, replace=False):
            answers.add(int(annotator), item, str(rng.choice(["left", "right", "tie"], p=[0.7, 0.2, 0.1])))
    stored = [VOTES[to_storage(row[3], left_is_a=row[4])] for row in answers.rows]

    reports = answers.reports().values()
    alpha = krippendorff_alpha(
        [row[1] for row in answers.rows], [row[0] for row in answers.rows], [CLASSES.index(c) for c in stored]
    )

    weights = [report.shared for report in reports]
    assert np.average([report.alpha for report in reports], weights=weights) == pytest.approx(alpha.value)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError):
        annotator_reports([1, 2], [1], [1], ["left"], [True], [30.0])
