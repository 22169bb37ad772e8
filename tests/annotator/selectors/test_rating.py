import numpy as np
import pytest

from annotator.models import Role, SlotKind, Study
from annotator.selectors.rating import generator_ranking, ranking_choices
from annotator.services.consensus import item_consensus_refresh
from annotator.services.studies import study_create, study_open
from datasets.models import Origin, Pair
from tests.annotator.factories import make_annotator, make_clip, make_person, make_study
from tests.annotator.judging import items_of, judge

pytestmark = pytest.mark.django_db


def study_between(*matches: tuple[str, str], people: int = 1, overlap: int = 1, **fields) -> Study:
    """A study with one pair for each match of two generators."""
    subjects = tuple(make_person() for _ in range(people))
    pairs = [
        Pair.objects.create(
            clip_a=make_clip(subjects=subjects, generator=a, **fields),
            clip_b=make_clip(subjects=subjects, generator=b, **fields),
        )
        for a, b in matches
    ]
    study = study_create(
        name="Match",
        overlap=overlap,
        repeat_share=0.0,
        created_by=None,
        pairs=Pair.objects.filter(pk__in=[pair.pk for pair in pairs]),
    )
    return study_open(study=study)


def in_order_of_pairs(study):
    return sorted(items_of(study), key=lambda item: item.pair_id)


def test_the_one_that_wins_more_ranks_first():
    study = study_between(*[("new", "old")] * 12)
    annotator = make_annotator(study)
    for number, item in enumerate(items_of(study)):
        judge(item, annotator, ["a", "a", "a_much", "tie", "a", "b"][number % 6])

    ranking = generator_ranking(studies=[study])

    first, second = ranking.rows
    assert (first.name, second.name) == ("new", "old")
    assert (first.wins, first.ties, first.losses, first.win_share) == (8, 2, 2, 0.75)
    assert first.low < first.strength < first.high
    assert first.elo - second.elo == pytest.approx((first.strength - second.strength) * 400 / np.log(10))
    assert ranking.matrix[0][0] is None
    assert ranking.matrix[0][1] is not None
    assert (ranking.matrix[0][1].wins, ranking.matrix[0][1].share) == (8, 0.75)
    assert ranking.matrix[0][1].low < 0.75 < ranking.matrix[0][1].high
    assert (ranking.judgments, ranking.pairs, ranking.simulated) == (12, 12, 0)


def test_nothing_judged_has_a_reason():
    ranking = generator_ranking(studies=[make_study()])

    assert not ranking.rows
    assert not ranking.matrix
    assert ranking.reason == "nothing was compared"


def test_versions_are_different_generators_and_cameras_are_real():
    study = study_between(("wan", ""), generator_version="2.1")
    judge(items_of(study)[0], make_annotator(study), "a")
    other = study_between(("wan", ""))
    judge(items_of(other)[0], make_annotator(other), "b")

    names = {row.name for row in generator_ranking().rows}

    assert names == {"wan 2.1", "2.1", "wan", "real"}


def test_unbound_groups_are_ranked_apart():
    study = study_between(("a", "b"), ("b", "c"), ("y", "z"))
    annotator = make_annotator(study)
    for item in items_of(study):
        judge(item, annotator, "a")

    ranking = generator_ranking(studies=[study])

    assert [row.group for row in ranking.rows] == [0, 0, 0, 1, 1]
    assert [row.name for row in ranking.rows] == ["a", "b", "c", "y", "z"]
    assert ranking.reason == "2 groups of generators were never compared with one another"


def test_simulated_judgments_are_ranked_only_when_asked_for():
    study = study_between(("a", "b"), overlap=2)
    (item,) = items_of(study)
    judge(item, make_annotator(study), "a")
    judge(item, make_annotator(study, is_simulated=True), "b")

    assert [row.name for row in generator_ranking(studies=[study]).rows] == ["a", "b"]
    assert [row.name for row in generator_ranking(studies=[study], judges="simulated").rows] == ["b", "a"]
    everybody = generator_ranking(studies=[study], judges="all")
    assert (everybody.judgments, everybody.simulated) == (2, 1)


def test_it_can_be_narrowed_to_scenes_of_as_many_people():
    two, three = study_between(("a", "b"), people=2), study_between(("a", "b"), people=3)
    judge(items_of(two)[0], make_annotator(two), "a")
    judge(items_of(three)[0], make_annotator(three), "b")

    assert [row.name for row in generator_ranking(person_count=2).rows] == ["a", "b"]
    assert [row.name for row in generator_ranking(person_count=3).rows] == ["b", "a"]
    assert generator_ranking().judgments == 2
    assert ranking_choices() == ([2, 3], 2, 0)


def test_only_first_answers_that_vote_count():
    study = study_between(("a", "b"), ("a", "b"), overlap=2)
    item, other = items_of(study)
    for verdict in ("a", "b"):
        judge(item, make_annotator(study), verdict)
    judge(other, make_annotator(study), "cannot_judge")
    item_consensus_refresh(item=item.pk)
    judge(item, make_annotator(study, Role.REVIEWER), "a", kind=SlotKind.REVIEW)

    assert generator_ranking(studies=[study]).judgments == 2


def test_distorted_clips_stand_for_no_generator():
    study = study_between(("a", "b"), origin=Origin.DISTORTED)
    judge(items_of(study)[0], make_annotator(study), "a")

    assert generator_ranking(studies=[study]).judgments == 0


def test_people_speak_where_the_study_asks_for_them_only():
    study = study_between(("a", "b"), people=1)
    (item,) = items_of(study)
    person = item.pair.clip_a.subjects.get()
    judge(item, make_annotator(study), "", {person.pk: "b"})

    assert [row.name for row in generator_ranking(studies=[study]).rows] == ["b", "a"]


def test_a_new_judgment_shows_at_once(django_assert_num_queries):
    study = study_between(("a", "b"), ("a", "b"))
    item, other = items_of(study)
    judge(item, make_annotator(study), "a")
    assert generator_ranking(studies=[study]).judgments == 1
    with django_assert_num_queries(1):
        generator_ranking(studies=[study])

    judge(other, make_annotator(study), "a")

    assert generator_ranking(studies=[study]).judgments == 2
