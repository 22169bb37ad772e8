"""Intervals over prompts, differences clip by clip, and the rows of results.json."""

import json

import numpy as np
import pytest

from training.evaluation.intervals import difference_of, mean_of
from training.evaluation.tables import Cell, against, markdown, results_write, rows_of

PROMPTS = np.repeat(np.arange(20), 2)


def cell(policy: str, values: np.ndarray, guidance: float = 1.0) -> Cell:
    return Cell(
        policy, guidance, PROMPTS, {"assigned similarity": values}, {"diversity": values[::2]}, {"FD": 3.0}
    )


@pytest.fixture
def base() -> Cell:
    return cell("base", np.random.default_rng(0).uniform(0.2, 0.4, 40))


def test_a_paired_gain_is_known_better_than_either_mean(base):
    values = base.clips["assigned similarity"]
    gained = difference_of(values + 0.1, values, PROMPTS)
    alone = mean_of(values, PROMPTS)

    assert gained.value == pytest.approx(0.1)
    assert gained.low is not None
    assert gained.high is not None
    assert alone.low is not None
    assert alone.high is not None
    assert gained.high - gained.low < 1e-9
    assert alone.low < alone.value < alone.high
    assert alone.n == 20


def test_one_prompt_has_no_interval_and_what_is_no_number_is_left_out():
    assert mean_of(np.array([0.5, 0.7]), np.array([3, 3])).low is None
    assert mean_of(np.array([np.nan, np.nan, 0.5]), np.array([0, 0, 1])).value == 0.5
    assert mean_of(np.array([np.nan]), np.array([0])).n == 0


def test_wins_ties_and_losses_add_up_and_the_decided_are_apart(base):
    values = base.clips["assigned similarity"].copy()
    apart = np.where(np.arange(40) % 4 == 0, 0.0, np.where(np.arange(40) % 4 == 1, -0.1, 0.1))
    found = against(cell("tuned", values + apart), base)

    assert [found[name].value for name in ("won", "tied", "lost")] == pytest.approx([0.5, 0.25, 0.25])
    # Prompts whose only decided clip was lost count as one, like those with two that were won.
    assert found["won of decided"].value == pytest.approx(0.5)


def test_results_have_each_cell_and_its_gain_over_the_base_at_the_same_guidance(base, tmp_path):
    guided = cell("tuned", base.clips["assigned similarity"] + 0.2, guidance=2.5)
    rows = rows_of(
        [base, guided, cell("base", base.clips["assigned similarity"], guidance=2.5)], split="test", seed=1
    )
    results_write(tmp_path, rows, {"prompts": 20})

    read = json.loads((tmp_path / "results.json").read_text())["results"]
    assert {row["judge"] for row in read} == {"base", "base, guidance 2.5", "tuned, guidance 2.5"}
    gains = [row for row in read if row["name"] == "assigned similarity gained"]
    assert [(row["judge"], round(row["value"], 6)) for row in gains] == [("tuned, guidance 2.5", 0.2)]
    assert "tuned, guidance 2.5" in markdown([base, guided])
