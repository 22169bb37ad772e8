"""What is measured, against cases whose answer is known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from training.reward import evaluate as command
from training.reward import measures
from training.reward.baselines import Logistic, assigned_score, baselines, face_sim, mean_similarity
from training.reward.calibration import calibrate, calibration_curve, calibration_error
from training.reward.clips import Track, clip_of
from training.reward.corpus import Comparison
from training.reward.errors import BadCorpus
from training.reward.evaluation import evaluate, results_write

E0, E1 = np.eye(4, dtype=np.float32)[:2]


def row(label, a=0, b=1, key="x") -> Comparison:
    return Comparison(key, "human", a, b, label, np.full((1, 3), np.nan, np.float32))


A, TIE, B = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def whole_track(vector) -> Track:
    frames = np.arange(4, dtype=np.int32)
    return Track(frames, np.ones(4, np.float32), frames, np.tile(vector, (4, 1)).astype(np.float32))


def two_people(first, second):
    tracks = [None if each is None else whole_track(each) for each in (first, second)]
    return clip_of("x", 4, ["amy", "bob"], [E0[None], E1[None]], tracks, steps=4)


def test_face_sim_does_not_see_a_swap_and_the_others_do():
    kept, swapped = two_people(E0, E1), two_people(E1, E0)

    assert face_sim(kept) == face_sim(swapped) == 1
    assert (mean_similarity(kept), mean_similarity(swapped)) == (1, 0)
    assert (assigned_score(kept), assigned_score(swapped)) == (1, 0)


def test_the_assigned_score_counts_who_is_missing():
    assert assigned_score(two_people(E0, None)) == 0.5
    assert mean_similarity(two_people(E0, None)) == 1


def test_a_logistic_model_learns_which_metric_matters():
    clips = [two_people(E0, E1), two_people(E1, E0), two_people(E0, None)]
    rows = [row(A, 0, 1), row(B, 1, 0), row(A, 0, 2), row(B, 2, 0)]

    judge = Logistic(clips, rows)

    assert judge(clips[0]) > max(judge(clips[1]), judge(clips[2]))


def test_accuracy_counts_decided_rows_and_equal_scores_by_half():
    rows = [row(A), row(B), row(A), row(TIE)]

    right = measures.rights(np.array([1.0, 1.0, 0.0, 5.0]), rows)

    assert right[:3].tolist() == [1, 0, 0.5]
    assert np.isnan(right[3])


def test_an_interval_is_over_groups_of_people():
    values = np.array([1.0] * 50 + [0.0] * 50)

    one_each = measures.mean_measured("x", values, [str(n) for n in range(100)])
    two_groups = measures.mean_measured("x", values, ["good"] * 50 + ["bad"] * 50)

    assert one_each.value == two_groups.value == 0.5
    assert (two_groups.low, two_groups.high) == (0, 1)
    assert one_each.low == pytest.approx(0.4, abs=0.04)


def test_nothing_to_measure():
    assert np.isnan(measures.mean_measured("x", np.array([np.nan]), ["g"]).value)


def test_calibration_finds_temperature_and_theta_again():
    rng = np.random.default_rng(0)
    difference = rng.normal(0, 3, 4000)
    a, b = 1 / (1 + np.exp(np.log(3) - difference / 1.5)), 1 / (1 + np.exp(np.log(3) + difference / 1.5))
    rows = [row((x, 1 - x - y, y)) for x, y in zip(a, b, strict=True)]

    found = calibrate(difference, rows)

    assert found.theta == pytest.approx(3, rel=0.08)
    assert found.temperature == pytest.approx(1.5, rel=0.1)
    assert calibration_error(calibration_curve(found.probabilities(difference), rows)) < 0.02


@pytest.mark.parametrize(
    ("curve", "onset"),
    [
        ([0.9, 0.9, 0.9, 0.1, 0.1, 0.1], 6),
        ([0.9, 0.1, 0.1, 0.9, 0.9, 0.9], 2),
        ([0.9, 0.85, 0.8, 0.6, 0.3, 0.1], 6),
    ],
)
def test_an_onset_is_where_the_curve_first_falls(curve, onset):
    frames = np.arange(6) * 2 + 0.5

    assert measures.onset_of(np.array(curve, float), np.array(frames, float)) == onset - 0.5


def test_an_effect_is_in_its_own_spread():
    assert measures.effect_size(np.array([1.0, 3.0])) == pytest.approx(2 / np.sqrt(2))
    assert measures.effect_size(np.array([1.0])) == 0


def test_severities_of_one_recipe_are_compared():
    falls = measures.Falls(
        np.array([1.0, 2.0, 0.0, 9.0]),
        np.array([False, False, False, True]),
        np.array([1, 3, 5, 5]),
        ("drift", "drift", "swap", "drift"),
        ("g",) * 4,
    )

    assert measures.severity_order(falls).tolist() == [1.0]


@pytest.fixture(scope="module")
def evaluation(model, corpus):
    return evaluate(model, corpus, model.config)


def test_the_table_has_the_model_every_baseline_and_chance(evaluation, corpus):
    names = [name for name, *_ in evaluation.table]

    assert names == ["identity", *baselines(corpus.clips, corpus.comparisons["train"]), "chance"]
    assert all(name in evaluation.text() for name in names)


def test_results_have_interval_number_split_and_seed(evaluation, tmp_path):
    results_write(tmp_path, {"test": evaluation})

    rows = json.loads((tmp_path / "results.json").read_text())["results"]
    assert all(
        {"name", "value", "low", "high", "n", "split", "seed", "judge"} <= each.keys() for each in rows
    )
    names = {each["name"] for each in rows if each["judge"] == "identity"}
    assert {"accuracy", "log loss", "effect of controls", "onset error, median frames"} <= names
    assert {"accuracy, origin synthetic", "accuracy, people 2"} <= names


def test_the_order_of_people_is_measured_to_be_nothing(evaluation):
    gap = next(each for each in evaluation.results if str(each["name"]).startswith("order of people"))

    assert gap["value"] < 1e-3


def test_a_split_without_decided_rows_is_refused(model, corpus):
    ties = replace(corpus, comparisons={"test": (row(TIE),)})

    with pytest.raises(BadCorpus, match="no decided comparison in its split test"):
        evaluate(model, ties, model.config)


def test_the_command_prints_the_table_and_writes_results(run, simulated, tmp_path, capsys):
    assert command.main([str(run / "model"), str(simulated), "--out", str(tmp_path), "--unverified"]) == 0

    assert "mean similarity" in capsys.readouterr().out
    assert (tmp_path / "results.json").is_file()
