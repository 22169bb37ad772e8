"""Writes of consensus, and of the review slots of disputed items.

An item's own refresh is a smoothed vote over its few answers; it runs whenever the item is complete and an answer
changes. A study's refresh weighs annotators by Dawid and Skene's model over all items, and so may settle what a
vote left disputed. A reviewer's answer decides in both; one who cannot judge leaves the item to another, up to
MAX_REVIEWS of them. Repeats measure annotators, not pairs: they have no
consensus of their own and count in no other.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery

from annotator.agreement.consensus import (
    VOTES,
    ItemConsensus,
    model_consensus,
    review_consensus,
    vote_consensus,
)
from annotator.models import (
    Consensus,
    ConsensusMethod,
    ConsensusState,
    Item,
    Judgment,
    Slot,
    SlotKind,
    SlotState,
    Study,
)
from annotator.selectors.counted import CountedAnswer, counted_answers
from config.accounts.models import User
from config.jobs.models import Job, JobState
from config.jobs.services import job_create

BATCH = 500
STUDY_JOB = "study_consensus"
# What so many reviewers could not judge is nothing that another one would see: it stays disputed.
MAX_REVIEWS = 3


@transaction.atomic
def item_consensus_refresh(*, item: int) -> Consensus | None:
    """Make the consensus of an item, given by its id, from its answers by vote; None for a repeat or test question.

    The lock on the item puts two refreshes one behind another, and the second sees what the first did not. An outcome
    of the model that a changed answer puts back on the vote is the model's again soon: its run is queued, and until
    then no reviewer is called to what the vote alone would dispute.
    """
    items = Item.objects.select_related("study", "consensus")
    locked = items.select_for_update(of=("self",), no_key=True).get(pk=item)
    if locked.repeat_of_id is not None or locked.is_gold:
        return None
    answers = counted_answers(item=item)
    given = _given(answers)
    overlap = locked.study.overlap
    overall = vote_consensus([answer.overall for answer in given], overlap=overlap)
    people = {
        person: vote_consensus([answer.people.get(person, "") for answer in given], overlap=overlap)
        for person in _people(given)
    }
    consensus = _row(locked.study, item, answers, overall, people)
    was_by_model = hasattr(locked, "consensus") and locked.consensus.method == ConsensusMethod.DAWID_SKENE
    _save([consensus])
    if was_by_model and consensus.method == ConsensusMethod.VOTE:
        study_consensus_queue(study=locked.study)
    else:
        _review_slots_adjust(locked.study, [consensus])
    return consensus


def study_consensus_refresh(*, study: Study, progress: Callable[[int, int], None] | None = None) -> int:
    """Make the consensus of every item that has an answer, by the model, and return how many were written.

    Written in batches, each a transaction of its own, so that nobody who answers meanwhile waits long. An item that
    got an answer since the answers were read is left to its own refresh, which has seen it.
    """
    counts = _judgment_counts(Item.objects.filter(study=study).values_list("pk", flat=True))
    answers_of: dict[int, list[CountedAnswer]] = defaultdict(list)
    for answer in counted_answers(study=study, item__repeat_of__isnull=True, item__is_gold=False):
        answers_of[answer.item].append(answer)
    overall = _overall_by_model(study, answers_of)
    people = _people_by_model(study, answers_of)

    items, written = sorted(overall), 0
    for start in range(0, len(items), BATCH):
        batch = items[start : start + BATCH]
        with transaction.atomic():
            list(Item.objects.select_for_update(no_key=True).filter(pk__in=batch).order_by("pk").values("pk"))
            now = _judgment_counts(batch)
            rows = [
                _row(study, item, answers_of[item], overall[item], people.get(item, {}))
                for item in batch
                if now.get(item) == counts.get(item)
            ]
            _save(rows)
            _review_slots_adjust(study, rows)
        written += len(rows)
        if progress is not None:
            progress(start + len(batch), len(items))
    return written


def study_consensus_queue(*, study: Study, created_by: User | None = None) -> Job:
    """Have a worker refresh the consensus of a study; one such job at a time."""
    return job_create(
        kind=STUDY_JOB,
        params={"study": study.pk},
        key=_job_key(study),
        label=f"Consensus of {study.name}"[:200],
        created_by=created_by,
    )


def stale_consensus_queue() -> list[Job]:
    """Queue a refresh for every study that got a judgment since the model last looked at it.

    Studies of one answer an item are left out: the model adds nothing to their votes.
    """
    newest = Judgment.objects.filter(study=OuterRef("pk")).order_by("-created_at").values("created_at")[:1]
    studies = (
        Study.objects.filter(overlap__gt=1).annotate(newest=Subquery(newest)).filter(newest__isnull=False)
    )
    refreshed = dict(
        Job.objects.filter(kind=STUDY_JOB, state=JobState.SUCCEEDED)
        .order_by()
        .values_list("key")
        .annotate(at=Max("started_at"))
    )
    stale = [
        study for study in studies if (at := refreshed.get(_job_key(study))) is None or at < study.newest
    ]
    return [study_consensus_queue(study=study) for study in stale]


def _job_key(study: Study) -> str:
    return f"study:{study.pk}"


# ------------------------------------------------------------------ what the answers say


def _overall_by_model(study: Study, answers_of: dict[int, list[CountedAnswer]]) -> dict[int, ItemConsensus]:
    rows = [
        (item, answer.annotator, answer.overall)
        for item, answers in answers_of.items()
        for answer in _given(answers)
    ]
    return _by_model(study, rows)


def _people_by_model(
    study: Study, answers_of: dict[int, list[CountedAnswer]]
) -> dict[int, dict[int, ItemConsensus]]:
    """Judge each person in each item as an item of its own, all in one model: an eye for faces is one thing."""
    tasks: list[tuple[int, int]] = []
    rows: list[tuple[int, int, str]] = []
    for item, answers in answers_of.items():
        given = _given(answers)
        for person in _people(given):
            rows += [(len(tasks), answer.annotator, answer.people.get(person, "")) for answer in given]
            tasks.append((item, person))
    people: dict[int, dict[int, ItemConsensus]] = defaultdict(dict)
    for task, outcome in _by_model(study, rows).items():
        item, person = tasks[task]
        people[item][person] = outcome
    return people


def _by_model(study: Study, rows: Sequence[tuple[int, int, str]]) -> dict[int, ItemConsensus]:
    """Return the outcome of each task in `rows` of task, annotator and answer.

    With one answer a task nobody can be compared with anybody: the model knows no more than the vote.
    """
    if study.overlap == 1:
        by_task: dict[int, list[str]] = defaultdict(list)
        for task, _, answer in rows:
            by_task[task].append(answer)
        return {task: vote_consensus(answers, overlap=1) for task, answers in by_task.items()}
    tasks, annotators, answers = zip(*rows, strict=True) if rows else ((), (), ())
    return model_consensus(tasks, annotators, answers, overlap=study.overlap)


def _given(answers: Iterable[CountedAnswer]) -> list[CountedAnswer]:
    return [answer for answer in answers if not answer.is_review]


def _people(answers: Iterable[CountedAnswer]) -> list[int]:
    return sorted({person for answer in answers for person in answer.people})


# ------------------------------------------------------------------ rows


def _row(
    study: Study,
    item: int,
    answers: Sequence[CountedAnswer],
    overall: ItemConsensus,
    people: dict[int, ItemConsensus],
) -> Consensus:
    """Return the row of an item; the last review among its answers decides, of those that could judge if any."""
    given = _given(answers)
    reviews = [answer for answer in answers if answer.is_review]
    if reviews:
        review = next((answer for answer in reversed(reviews) if answer.overall in VOTES), reviews[-1])
        overall = review_consensus([answer.overall for answer in given], review.overall)
        people = people | {
            person: review_consensus([answer.people.get(person, "") for answer in given], decision)
            for person, decision in review.people.items()
        }
    return Consensus(
        item_id=item,
        study=study,
        state=overall.state,
        method=overall.method,
        prob_a=overall.prob_a,
        prob_tie=overall.prob_tie,
        prob_b=overall.prob_b,
        n_judgments=len(answers),
        n_simulated=sum(answer.is_simulated for answer in answers),
        agreement=overall.agreement,
        both_bad=overall.both_bad,
        people={
            str(person): {
                "prob_a": outcome.prob_a,
                "prob_same": outcome.prob_tie,
                "prob_b": outcome.prob_b,
                "n": outcome.votes,
                "state": outcome.state,
            }
            for person, outcome in sorted(people.items())
        },
    )


def _save(rows: Sequence[Consensus]) -> None:
    changing = [
        field.name
        for field in Consensus._meta.concrete_fields
        if not field.primary_key and field.name not in ("item", "study")
    ]
    Consensus.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["item"], update_fields=changing, batch_size=BATCH
    )


def _judgment_counts(items: Iterable[int]) -> dict[int, int]:
    """How many judgments each item has: one more whenever an answer comes or is changed."""
    rows = Judgment.objects.filter(item__in=items, surplus=False).order_by().values("item")
    return dict(rows.annotate(n=Count("pk")).values_list("item", "n"))


# ------------------------------------------------------------------ reviews


def _review_slots_adjust(study: Study, rows: Sequence[Consensus]) -> None:
    """Make a review slot for each item in dispute that wants one, and withdraw those that nobody needs any more."""
    disputed = [row.item_id for row in rows if row.state == ConsensusState.DISPUTED]
    agreed = [row.item_id for row in rows if row.state == ConsensusState.AGREED]
    if disputed:
        reviews = Count("slots", filter=Q(slots__kind=SlotKind.REVIEW))
        unfinished = Count("slots", filter=Q(slots__kind=SlotKind.REVIEW) & ~Q(slots__state=SlotState.DONE))
        wanting = (
            Item.objects.filter(pk__in=disputed)
            .annotate(reviews=reviews, unfinished=unfinished)
            .filter(unfinished=0, reviews__lt=MAX_REVIEWS)
        )
        Slot.objects.bulk_create(
            [_review_slot(study, *row) for row in wanting.values_list("pk", "position", "reviews")],
            ignore_conflicts=True,
        )
    if agreed:
        unneeded = Slot.objects.filter(
            item__in=agreed, kind=SlotKind.REVIEW, state=SlotState.FREE, judgments__isnull=True
        )
        # Locked before they go: a reviewer who is claiming one at this moment keeps it.
        locked = unneeded.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
        if ids := list(locked):
            Slot.objects.filter(pk__in=ids).delete()


def _review_slot(study: Study, item: int, position: int, reviews: int) -> Slot:
    """The slot after those for answers and reviews; which clip is first on the left is drawn from the study's seed."""
    first_shows_a = random.Random(f"{study.seed}/review/{item}").random() < 0.5
    return Slot(
        study=study,
        item_id=item,
        slot_no=study.overlap + reviews,
        kind=SlotKind.REVIEW,
        position=position,
        left_is_a=first_shows_a ^ bool(reviews % 2),
    )
