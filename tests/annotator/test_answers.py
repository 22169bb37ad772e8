import pytest
from django.core.exceptions import ValidationError

from annotator.services.answers import MAX_MARKS, MAX_PEOPLE, Answer, MarkAnswer, Questions, answer_check

ALL = Questions(
    overall=True, people=True, marks=True, remark=True, person_ids={1, 2}, frames={"left": 48, "right": 60}
)
PEOPLE_ONLY = Questions(
    overall=False, people=True, marks=False, remark=False, person_ids={1, 2}, frames={"left": 48, "right": 60}
)
MARK = {"person": 1, "side": "left", "kind": "drift", "frame": 47}


def refused(raw, questions=ALL) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        answer_check(raw, questions)
    return caught.value.message_dict


def test_a_full_answer_is_taken():
    raw = {
        "overall": "left_much",
        "people": {"1": "left", "2": "same"},
        "marks": [MARK, MARK, {**MARK, "side": "right", "frame": 59, "kind": "swap"}],
        "no_drift": [2],
        "remark": "  The\x00 jaw. ",
    }
    assert answer_check(raw, ALL) == Answer(
        overall="left_much",
        people={1: "left", 2: "same"},
        marks=[MarkAnswer(1, "left", "drift", 47), MarkAnswer(1, "right", "swap", 59)],
        no_drift=frozenset({2}),
        remark="The jaw.",
    )


def test_an_overall_verdict_alone_is_enough():
    assert answer_check({"overall": "cannot_judge"}, ALL) == Answer("cannot_judge")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("overall", None),
        ("overall", "better"),
        ("overall", ["left"]),
        ("people", {"": "left"}),
        ("people", {"0": "left"}),
        ("people", {str(n): "left" for n in range(1, MAX_PEOPLE + 2)}),
        ("people", {"1": "left_much"}),
        ("people", {"1": ["left"]}),
        ("people", ["left"]),
        ("people", {"١": "left"}),
        ("marks", "none"),
        ("marks", [3]),
        ("marks", [{**MARK, "frame": 48}]),
        ("marks", [{**MARK, "frame": -1}]),
        ("marks", [{**MARK, "frame": True}]),
        ("marks", [{**MARK, "frame": 1.0}]),
        ("marks", [{**MARK, "side": "a"}]),
        ("marks", [{**MARK, "side": {}}]),
        ("marks", [{**MARK, "kind": "blur"}]),
        ("marks", [{**MARK, "person": None}]),
        ("marks", [{**MARK, "frame": n} for n in range(MAX_MARKS + 1)]),
        ("no_drift", {"1": True}),
        ("no_drift", [None]),
        ("no_drift", [*range(1, MAX_PEOPLE + 2)]),
        ("remark", 5),
        ("remark", "x" * 10_001),
        ("verdict", "left"),
    ],
)
def test_a_wrong_field_is_named(field, value):
    assert list(refused({"overall": "left", field: value})) == [field]


def test_people_who_left_the_clips_are_named_apart_and_cost_nothing_else():
    """A person may be deleted while the pair is on a screen, where nobody can mend the answer."""
    raw = {
        "people": {"1": "left", "2": "same", "3": "left"},
        "marks": [{**MARK, "person": 4}],
        "no_drift": [5],
    }
    answer = answer_check({**raw, "overall": "left"}, ALL)
    assert answer.gone == {3, 4, 5}
    assert answer.people == {1: "left", 2: "same", 3: "left"}
    assert list(refused({"people": {"1": "left", "3": "same"}}, PEOPLE_ONLY)) == ["people"]


@pytest.mark.parametrize("raw", [None, [], "left", 5])
def test_an_answer_is_an_object(raw):
    assert list(refused(raw)) == ["answer"]


def test_drift_and_no_drift_of_one_person_contradict():
    assert list(refused({"overall": "left", "marks": [MARK], "no_drift": [1]})) == ["no_drift"]
    swap = {**MARK, "kind": "swap"}
    assert answer_check({"overall": "left", "marks": [swap], "no_drift": [1]}, ALL).no_drift == {1}


def test_without_an_overall_question_everybody_gets_a_verdict():
    assert list(refused({"people": {"1": "left"}}, PEOPLE_ONLY)) == ["people"]
    assert answer_check({"people": {"1": "left", "2": "same"}}, PEOPLE_ONLY).overall == ""


def test_what_was_not_asked_is_refused():
    everything = {
        "overall": "left",
        "people": {"1": "left", "2": "left"},
        "marks": [MARK],
        "no_drift": [2],
        "remark": "x",
    }
    assert set(refused(everything, PEOPLE_ONLY)) == {"overall", "marks", "no_drift", "remark"}
