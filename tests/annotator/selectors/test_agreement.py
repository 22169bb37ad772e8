import numpy as np
import pytest

from annotator.models import Role, SlotKind
from annotator.selectors import agreement as selectors
from annotator.selectors.agreement import study_agreement
from annotator.services.consensus import item_consensus_refresh
from datasets.models import Person
from tests.annotator.factories import make_annotator, make_study
from tests.annotator.judging import answer, items_of, judge

pytestmark = pytest.mark.django_db


def test_a_study_without_answers_has_figures_that_say_why():
    figures = study_agreement(study=make_study())

    assert figures.overall.reason == figures.people.reason == "no item has two answers"
    assert figures.strength.reason == "no item has two answers"
    assert (figures.reports, figures.answers) == ([], 0)
    assert np.isnan(figures.median_seconds)


def test_agreement_is_about_clips_and_not_about_sides():
    # Slots of an item alternate sides: agreeing annotators click opposite sides.
    study = make_study(n_pairs=6, overlap=2)
    first, second = make_annotator(study), make_annotator(study)
    for number, item in enumerate(items_of(study)):
        for annotator in (first, second):
            judge(item, annotator, "a_much" if number % 2 else "b", seconds=20 + number)

    figures = study_agreement(study=study)

    assert figures.overall.value == figures.strength.value == 1
    assert (figures.overall.items, figures.answers, figures.simulated) == (6, 12, 0)
    assert [report.agreement for report in figures.reports] == [1, 1]
    assert figures.median_seconds == pytest.approx(22.5)


def test_each_person_in_each_item_is_one_question():
    study = make_study(n_pairs=2, overlap=2)
    people = list(Person.objects.order_by("id").values_list("pk", flat=True))
    annotators = [make_annotator(study) for _ in range(2)]
    for item in items_of(study):
        for annotator in annotators:
            judge(item, annotator, "tie", {people[0]: "a", people[1]: "same"})

    figures = study_agreement(study=study)

    assert (figures.people.items, figures.people.value) == (4, 1)
    assert figures.overall.reason == "every answer is the same"


def test_repeats_measure_consistency_and_not_agreement():
    study = make_study(n_pairs=2, overlap=1, repeat_share=0.5)
    repeat = study.items.get(repeat_of__isnull=False)
    assert repeat.repeat_of is not None
    annotator = make_annotator(study)
    judge(repeat.repeat_of, annotator, "a")
    judge(repeat, annotator, "a_much")

    figures = study_agreement(study=study)

    assert (figures.repeats.count, figures.repeats.total) == (1, 1)
    assert figures.overall.items == 0


def test_reviews_superseded_and_surplus_answers_do_not_count():
    study = make_study(n_pairs=1, overlap=2)
    (item,) = items_of(study)
    first = make_annotator(study)
    before = judge(item, first, "a")
    answer(before.slot, first, "b", supersedes=before)
    answer(before.slot, make_annotator(study), "a", surplus=True)
    judge(item, make_annotator(study), "a")
    item_consensus_refresh(item=item.pk)
    judge(item, make_annotator(study, Role.REVIEWER), "a", kind=SlotKind.REVIEW)

    figures = study_agreement(study=study)

    assert figures.answers == 2
    assert figures.overall.observed == 1


def test_simulated_answers_are_counted_apart():
    study = make_study(n_pairs=1, overlap=2)
    judge(items_of(study)[0], make_annotator(study), "a")
    judge(items_of(study)[0], make_annotator(study, is_simulated=True), "a")

    figures = study_agreement(study=study)

    assert (figures.answers, figures.simulated) == (2, 1)


def test_figures_are_kept_until_a_judgment_comes(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(selectors, "STALE_FACTOR", 0)
    study = make_study(n_pairs=2, overlap=2)
    first, second = items_of(study)
    judge(first, make_annotator(study), "a")
    assert study_agreement(study=study).answers == 1

    with django_assert_num_queries(1):
        assert study_agreement(study=study).answers == 1

    judge(second, make_annotator(study), "a")
    assert study_agreement(study=study).answers == 2


def test_a_busy_study_is_shown_a_little_late(monkeypatch):
    monkeypatch.setattr(selectors, "STALE_FACTOR", 1e9)
    study = make_study(n_pairs=2, overlap=2)
    first, second = items_of(study)
    judge(first, make_annotator(study), "a")
    study_agreement(study=study)

    judge(second, make_annotator(study), "a")

    assert study_agreement(study=study).answers == 1
