import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement import consensus as module
from annotator.agreement.consensus import (
    ItemConsensus,
    Rule,
    model_consensus,
    overall_from_people,
    review_consensus,
    strength_of,
    to_storage,
    vote_consensus,
)

ANSWERS = ["a_much", "a", "tie", "b", "b_much", "both_bad", "cannot_judge"]


def preference(outcome: ItemConsensus) -> str:
    return module.preference(
        prob_a=outcome.prob_a,
        prob_tie=outcome.prob_tie,
        prob_b=outcome.prob_b,
        both_bad=outcome.both_bad,
        answers=outcome.answers,
    )


some_answers = st.lists(st.sampled_from(ANSWERS), max_size=8)
MIRROR = {"a_much": "b_much", "a": "b", "b": "a", "b_much": "a_much"}


@pytest.mark.parametrize(
    ("verdict", "left_is_a", "answer"),
    [
        ("left", True, "a"),
        ("left", False, "b"),
        ("right_much", True, "b_much"),
        ("right_much", False, "a_much"),
        ("tie", False, "tie"),
        ("same", True, "same"),
        ("both_bad", False, "both_bad"),
        ("cannot_judge", True, "cannot_judge"),
    ],
)
def test_sides_become_clips(verdict: str, left_is_a: bool, answer: str) -> None:
    assert to_storage(verdict, left_is_a=left_is_a) == answer


@pytest.mark.parametrize(
    ("answers", "overlap", "state"),
    [
        ([], 1, "open"),
        (["a"], 2, "open"),
        (["a"], 1, "agreed"),
        (["a", "a"], 2, "agreed"),
        (["a", "b"], 2, "disputed"),
        (["a", "a", "a"], 3, "agreed"),
        (["a", "a", "b"], 3, "disputed"),
        (["a", "a", "tie"], 3, "disputed"),
        (["a", "a", "cannot_judge"], 3, "agreed"),
        (["cannot_judge"] * 3, 3, "disputed"),
        (["a", "tie", "b"], 3, "disputed"),
        (["b", "b", "b", "a"], 4, "agreed"),
        (["b", "b", "b", "b", "a"], 5, "agreed"),
        (["b", "b", "b", "a", "a"], 5, "disputed"),
        (["a", "a", "a", "a"], 3, "agreed"),
    ],
)
def test_the_state_of_a_vote(answers: list[str], overlap: int, state: str) -> None:
    assert vote_consensus(answers, overlap=overlap).state == state


def test_much_better_is_one_vote_for_its_side() -> None:
    much = vote_consensus(["a_much", "b", "b"], overlap=3)

    assert (much.prob_a, much.prob_tie, much.prob_b) == pytest.approx((1.5 / 4.5, 0.5 / 4.5, 2.5 / 4.5))
    assert [strength_of(answer) for answer in ANSWERS] == [-2, -1, 0, 1, 2, None, None]


def test_both_bad_is_a_tie_that_is_remembered() -> None:
    bad = vote_consensus(["both_bad", "both_bad", "tie"], overlap=3)
    tie = vote_consensus(["tie", "tie", "both_bad"], overlap=3)

    assert (bad.prob_tie, bad.both_bad, bad.state) == (tie.prob_tie, 2, "agreed")
    assert (preference(bad), preference(tie)) == ("both_bad", "tie")


def test_cannot_judge_is_an_answer_and_no_vote() -> None:
    consensus = vote_consensus(["cannot_judge", "b"], overlap=2)

    assert (consensus.answers, consensus.votes, consensus.agreement) == (2, 1, None)
    assert preference(consensus) == "b"


def test_agreement_is_the_share_of_pairs_that_agree() -> None:
    assert vote_consensus(["a", "a", "b"], overlap=3).agreement == pytest.approx(1 / 3)
    assert vote_consensus(["a", "a_much", "a"], overlap=3).agreement == 1


def test_a_stricter_rule_disputes_more() -> None:
    assert vote_consensus(["a", "a"], overlap=2, rule=Rule(vote_threshold=0.75)).state == "disputed"
    with pytest.raises(ValueError, match="above 1/3"):
        Rule(vote_threshold=0.2)
    with pytest.raises(ValueError, match="above 0"):
        Rule(smoothing=0)


def test_overlap_must_be_sensible() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        vote_consensus(["a"], overlap=0)


@pytest.mark.parametrize(
    ("people", "overall"),
    [
        ([], ""),
        (["cannot_judge"], ""),
        (["a", "same"], "a"),
        (["a", "b"], "tie"),
        (["same"], "tie"),
        (["b", "b", "a"], "b"),
    ],
)
def test_people_imply_an_overall_answer(people: list[str], overall: str) -> None:
    assert overall_from_people(people) == overall


def long_form(table: dict[int, dict[int, str]]) -> tuple[list[int], list[int], list[str]]:
    rows = [(item, annotator, answer) for item, row in table.items() for annotator, answer in row.items()]
    items, annotators, answers = zip(*rows, strict=True)
    return list(items), list(annotators), list(answers)


def test_the_model_sides_with_those_who_agree_with_the_rest() -> None:
    # 1 and 2 always say the same; 3 answers as chance has it.
    rng = np.random.default_rng(0)
    table = {}
    for item in range(200):
        truth = str(rng.choice(["a", "b"]))
        table[item] = {1: truth, 2: truth, 3: str(rng.choice(["a", "tie", "b"]))}
    table[200] = {1: "a", 2: "a", 3: "b"}
    table[201] = {1: "a", 2: "b", 3: "tie"}

    consensus = model_consensus(*long_form(table), overlap=3)

    assert vote_consensus(["a", "a", "b"], overlap=3).state == "disputed"
    assert (consensus[200].state, preference(consensus[200])) == ("agreed", "a")
    assert consensus[201].state == "disputed"
    assert consensus[200].method == "dawid_skene"


def test_the_model_knows_items_that_nobody_could_judge_or_finish() -> None:
    consensus = model_consensus(
        [1, 1, 2, 3, 3], [7, 8, 7, 7, 8], ["cannot_judge", "cannot_judge", "a", "b", "b"], overlap=2
    )

    assert consensus[1].state == "disputed"
    assert consensus[1].prob_a == pytest.approx(1 / 3)
    assert consensus[2].state == "open"
    assert consensus[3].votes == 2


def test_the_model_of_nothing_is_nothing() -> None:
    assert model_consensus([], [], [], overlap=3) == {}


@given(some_answers, st.sampled_from(["a", "tie", "b", "a_much", "both_bad"]))
def test_a_reviewer_always_decides(answers: list[str], decision: str) -> None:
    consensus = review_consensus(answers, decision)

    assert consensus.state == "agreed"
    assert preference(consensus) in {
        decision.removesuffix("_much"),
        "both_bad" if "tie" in decision else "tie",
    }
    assert consensus.answers == len(answers) + 1


def test_a_review_still_shows_how_divided_annotators_were() -> None:
    assert review_consensus(["a", "b", "tie"], "a").prob_a < review_consensus(["a", "a", "b"], "a").prob_a


def test_a_reviewer_who_cannot_judge_leaves_the_dispute() -> None:
    assert review_consensus(["a", "b"], "cannot_judge").state == "disputed"


@given(some_answers)
def test_probabilities_are_a_distribution_and_mirror(answers: list[str]) -> None:
    consensus = vote_consensus(answers, overlap=3)
    mirrored = vote_consensus([MIRROR.get(answer, answer) for answer in answers], overlap=3)

    assert consensus.prob_a + consensus.prob_tie + consensus.prob_b == pytest.approx(1)
    assert (mirrored.prob_a, mirrored.prob_tie, mirrored.prob_b) == pytest.approx(
        (consensus.prob_b, consensus.prob_tie, consensus.prob_a)
    )
    assert mirrored.state == consensus.state


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.sampled_from(ANSWERS)), max_size=30))
def test_the_model_mirrors_too(rows: list) -> None:
    rows = list({row[:2]: row for row in rows}.values())
    items, annotators, answers = ([row[place] for row in rows] for place in range(3))

    straight = model_consensus(items, annotators, answers, overlap=2)
    mirrored = model_consensus(
        items, annotators, [MIRROR.get(answer, answer) for answer in answers], overlap=2
    )

    assert straight.keys() == mirrored.keys() == set(items)
    for item, consensus in straight.items():
        assert mirrored[item].prob_a == pytest.approx(consensus.prob_b, abs=1e-6)
        assert consensus.prob_a + consensus.prob_tie + consensus.prob_b == pytest.approx(1)
