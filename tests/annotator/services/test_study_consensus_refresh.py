import numpy as np
import pytest
from django.db import transaction

from annotator.models import Consensus, Role, Slot, SlotKind, SlotState
from annotator.selectors.counted import counted_answers
from annotator.services import consensus as service
from annotator.services.consensus import (
    item_consensus_refresh,
    stale_consensus_queue,
    study_consensus_queue,
    study_consensus_refresh,
)
from annotator.tasks import consensus_sweep
from config.jobs.models import JobState
from config.jobs.runner import run_jobs
from datasets.models import Person
from tests.annotator.factories import make_annotator, make_study
from tests.annotator.judging import answer, items_of, judge

pytestmark = pytest.mark.django_db


def judged_study(n_pairs=40, seed=0, **fields):
    """Two annotators who see what is there and one who guesses; return study, items, annotators and the truth."""
    study = make_study(n_pairs=n_pairs, overlap=3, **fields)
    annotators = [make_annotator(study) for _ in range(3)]
    rng = np.random.default_rng(seed)
    truths = [str(verdict) for verdict in rng.choice(["a", "b"], n_pairs)]
    for item, truth in zip(items_of(study), truths, strict=True):
        guess = str(rng.choice(["a", "tie", "b"]))
        for annotator, verdict in zip(annotators, [truth, truth, guess], strict=True):
            judge(item, annotator, verdict)
    return study, items_of(study), annotators, truths


def test_the_model_settles_what_the_vote_disputes():
    study, items, _, truths = judged_study()
    for item in items:
        item_consensus_refresh(item=item.pk)
    disputed_by_vote = Consensus.objects.filter(study=study, state="disputed").count()
    assert Slot.objects.filter(study=study, kind=SlotKind.REVIEW).count() == disputed_by_vote > 10

    assert study_consensus_refresh(study=study) == len(items)

    rows = {row.item_id: row for row in Consensus.objects.filter(study=study)}
    assert {row.method for row in rows.values()} == {"dawid_skene"}
    assert {row.state for row in rows.values()} == {"agreed"}
    for item, truth in zip(items, truths, strict=True):
        assert (rows[item.pk].prob_a > 0.5) == (truth == "a")
    assert not Slot.objects.filter(study=study, kind=SlotKind.REVIEW).exists()


def test_a_changed_answer_is_the_models_again_soon(django_capture_on_commit_callbacks):
    """A vote alone would dispute what the model had settled, and call a reviewer to it for minutes."""
    study, items, _, _ = judged_study()
    study_consensus_refresh(study=study)
    split = next(item for item in items if len({row.overall for row in counted_answers(item=item.pk)}) > 1)
    first = counted_answers(item=split.pk)[0]
    standing = study.judgments.get(pk=first.judgment)
    with django_capture_on_commit_callbacks(execute=True):
        answer(standing.slot, standing.annotator, first.overall, supersedes=standing)
        put_back = item_consensus_refresh(item=split.pk)

    assert put_back is not None
    assert (put_back.method, put_back.state) == ("vote", "disputed")
    # The worker that the commit woke has run the model.
    consensus = Consensus.objects.get(item=split)
    assert (consensus.method, consensus.state) == ("dawid_skene", "agreed")
    assert not Slot.objects.filter(study=study, kind=SlotKind.REVIEW).exists()


def test_what_the_model_disputes_too_goes_to_a_reviewer():
    study, items, _, _ = judged_study(n_pairs=30)
    before = counted_answers(item=items[0].pk)
    for verdict, judgment in zip(["a", "b", "tie"], before, strict=True):
        standing = study.judgments.get(pk=judgment.judgment)
        answer(standing.slot, standing.annotator, verdict, supersedes=standing)

    study_consensus_refresh(study=study)

    assert Consensus.objects.get(item=items[0]).state == "disputed"
    slot = Slot.objects.get(study=study, kind=SlotKind.REVIEW)
    assert (slot.item_id, slot.state) == (items[0].pk, SlotState.FREE)


def test_a_review_outlives_the_model():
    study, items, _, truths = judged_study(n_pairs=10)
    against = "b" if truths[0] == "a" else "a"
    Slot.objects.create(
        study=study, item=items[0], slot_no=3, kind=SlotKind.REVIEW, position=0, left_is_a=True
    )
    judge(items[0], make_annotator(study, Role.REVIEWER), against, kind=SlotKind.REVIEW)

    study_consensus_refresh(study=study)

    consensus = Consensus.objects.get(item=items[0])
    assert (consensus.method, consensus.state) == ("review", "agreed")
    assert (consensus.prob_b > 0.5) == (against == "b")


def test_people_are_weighed_too():
    study = make_study(n_pairs=12, overlap=3)
    people = list(Person.objects.order_by("id").values_list("pk", flat=True))
    annotators = [make_annotator(study) for _ in range(3)]
    for number, item in enumerate(items_of(study)):
        verdict = "a" if number % 2 else "b"
        for annotator in annotators[:2]:
            judge(item, annotator, "tie", {people[0]: verdict, people[1]: "same"})
        judge(item, annotators[2], "tie", {people[0]: "same"})

    study_consensus_refresh(study=study)

    row = Consensus.objects.filter(study=study).first()
    assert row is not None
    first, second = (row.people[str(person)] for person in people)
    assert first["state"] == "agreed"
    assert max(first["prob_a"], first["prob_b"]) > 0.9
    assert (second["n"], second["state"]) == (2, "agreed")
    assert sum(second[key] for key in ("prob_a", "prob_same", "prob_b")) == pytest.approx(1)


def test_unfinished_items_stay_open():
    study = make_study(n_pairs=2, overlap=3)
    judge(items_of(study)[0], make_annotator(study), "a")

    study_consensus_refresh(study=study)

    assert Consensus.objects.get().state == "open"


def test_with_one_answer_an_item_it_is_a_vote():
    study = make_study(n_pairs=2, overlap=1)
    for item in items_of(study):
        judge(item, make_annotator(study), "a")

    study_consensus_refresh(study=study)

    assert set(Consensus.objects.values_list("method", "state")) == {("vote", "agreed")}


def test_repeats_do_not_count():
    study = make_study(n_pairs=2, overlap=2, repeat_share=0.5)
    repeat = study.items.get(repeat_of__isnull=False)
    assert repeat.repeat_of is not None
    first, second = make_annotator(study), make_annotator(study)
    for annotator in (first, second):
        judge(repeat.repeat_of, annotator, "a")
        judge(repeat, annotator, "b")

    study_consensus_refresh(study=study)

    consensus = Consensus.objects.get()
    assert (consensus.item_id, consensus.n_judgments) == (repeat.repeat_of_id, 2)
    assert consensus.prob_a > 0.5


def test_an_item_answered_meanwhile_is_left_to_its_own_refresh(monkeypatch):
    study, items, _, _ = judged_study(n_pairs=5)
    model = service._overall_by_model

    def slow_model(study, answers_of):
        standing = items[0].judgments.order_by("id").first()
        answer(standing.slot, standing.annotator, "tie", supersedes=standing)
        item_consensus_refresh(item=items[0].pk)
        return model(study, answers_of)

    monkeypatch.setattr(service, "_overall_by_model", slow_model)

    assert study_consensus_refresh(study=study) == 4
    assert Consensus.objects.get(item=items[0]).method == "vote"


def test_an_empty_study_is_no_trouble():
    assert study_consensus_refresh(study=make_study()) == 0


def test_it_runs_as_a_job_and_says_how_far_it_is():
    study, items, _, _ = judged_study(n_pairs=6)

    with transaction.atomic():
        job = study_consensus_queue(study=study)
        assert study_consensus_queue(study=study).pk == job.pk
    run_jobs(queue=job.queue)

    job.refresh_from_db()
    assert (job.state, job.progress_done, job.progress_total) == (JobState.SUCCEEDED, 6, 6)
    assert job.result == {"items": 6}
    assert Consensus.objects.filter(study=study).count() == len(items)


def test_the_sweep_queues_studies_with_news_and_no_others():
    study = make_study(n_pairs=2, overlap=2)
    make_study(n_pairs=1, overlap=2)
    single = make_study(n_pairs=1, overlap=1)
    judge(items_of(single)[0], make_annotator(single), "a")
    judge(items_of(study)[0], make_annotator(study), "a")

    (job,) = stale_consensus_queue()
    assert job.params == {"study": study.pk}
    run_jobs(queue=job.queue)
    assert stale_consensus_queue() == []

    judge(items_of(study)[0], make_annotator(study), "a")
    consensus_sweep()
    run_jobs(queue=job.queue)
    assert Consensus.objects.get(study=study).n_judgments == 2


def test_the_job_of_a_study_that_is_gone_says_so():
    study = make_study()
    job = study_consensus_queue(study=study)
    study.delete()

    run_jobs(queue=job.queue)

    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The study is gone.")
