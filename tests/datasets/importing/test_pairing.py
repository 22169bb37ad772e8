"""Which rows become pairs."""

from pathlib import Path
from typing import Any

import pytest

from datasets.importing.pairing import PairRule, plan_pairs
from datasets.importing.rows import Row


def row(line: int, **fields: Any) -> Row:
    return Row(line=line, name=f"{line}.mp4", path=Path(f"/{line}.mp4"), bytes=1, **fields)


def test_all_clips_of_a_scene_by_different_generators() -> None:
    rows = [
        row(2, scene="s", generator="x", generator_version="1"),
        row(3, scene="s", generator="x", generator_version="1", seed="2"),
        row(4, scene="s", generator="x", generator_version="2"),
        row(5, scene="s", generator="y"),
        row(6, scene="other", generator="y"),
        row(7, scene="", generator="x"),
        row(8, scene="", generator="y"),
    ]
    planned, problems = plan_pairs(rows)
    assert [(pair.a.line, pair.b.line) for pair in planned] == [(2, 4), (2, 5), (3, 4), (3, 5), (4, 5)]
    assert not problems


def test_named_pairs_stand_alone_unless_all_are_asked_for() -> None:
    rows = [
        row(2, scene="s", generator="x", pair="p"),
        row(3, scene="s", generator="y", pair="p"),
        row(4, scene="s", generator="z"),
    ]
    assert [(pair.a.line, pair.b.line, pair.key) for pair in plan_pairs(rows)[0]] == [(2, 3, "p")]
    assert len(plan_pairs(rows, PairRule.ALL)[0]) == 3
    assert plan_pairs(rows, PairRule.NONE)[0] == []


@pytest.mark.parametrize(
    ("a", "b", "better"),
    [("yes", "no", "a"), ("yes", "", "a"), ("no", "yes", "b"), ("", "yes", "b"), ("tie", "tie", "tie")]
    + [(a, b, "") for a in ("", "no") for b in ("", "no")],
)
def test_what_is_published_is_kept(a: str, b: str, better: str) -> None:
    [pair] = plan_pairs([row(2, pair="p", better=a), row(3, pair="p", better=b)])[0]
    assert pair.better == better


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([row(2, pair="p")], "line 2: pair p: a pair has two clips, this one 1"),
        (
            [row(2, pair="p"), row(3, pair="p"), row(5, pair="p")],
            "line 5: pair p: a pair has two clips, this one 3 (lines 2, 3, 5)",
        ),
        (
            [row(2, pair="p", prompt="x"), row(3, pair="p", prompt="y")],
            "line 3: pair p: its two clips have different prompts (lines 2, 3)",
        ),
        (
            [row(2, pair="p", subjects=("jo",)), row(3, pair="p", subjects=("al",))],
            "line 3: pair p: its two clips have different subjects (lines 2, 3)",
        ),
        (
            [row(2, pair="p", better="yes"), row(3, pair="p", better="yes")],
            "line 3: pair p: published_better is 'yes' and 'yes' (lines 2, 3): they contradict one another",
        ),
    ],
)
def test_a_pair_that_is_none_is_said(rows: list[Row], sentence: str) -> None:
    planned, problems = plan_pairs(rows)
    assert planned == []
    assert [str(problem) for problem in problems] == [sentence]


def test_more_pairs_than_anybody_can_judge_are_refused() -> None:
    rows = [row(line, scene="s", generator=str(line)) for line in range(1500)]
    planned, [problem] = plan_pairs(rows)
    assert planned == []
    assert "name them in the column 'pair'" in problem.reason
