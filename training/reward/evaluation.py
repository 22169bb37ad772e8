"""A model beside the baselines on one split: the table, and everything that goes into results.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from training.reward import measures
from training.reward.baselines import baselines
from training.reward.calibration import calibrate, calibration_curve, calibration_error, differences
from training.reward.checks import usable
from training.reward.config import Config
from training.reward.corpus import Comparison, Corpus
from training.reward.errors import BadCorpus
from training.reward.measures import Floats, Measured, mean_measured
from training.reward.model import Calibration, RewardModel

RESULTS = "results.json"
Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judge:
    """Something that gives every clip a number, calibrated on the validation rows."""

    name: str
    rewards: Floats
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What came out.

    Attributes:
        split: Which rows.
        table: (name, accuracy without ties, accuracy with ties, log loss, calibration error) of each judge.
        results: Rows of results.json.
        curve: The model's calibration curve.
    """

    split: str
    table: tuple[tuple[str, Measured, Measured, Measured, float], ...]
    results: tuple[Row, ...]
    curve: tuple[tuple[float, float, int], ...]

    def text(self) -> str:
        """The table for a terminal."""
        lines = [
            f"{'':22}{'without ties':>24}{'with ties':>24}{'log loss':>10}{'calibration':>13}",
        ]
        for name, without, with_ties, loss, error in self.table:
            lines.append(
                f"{name:22}{_percent(without):>24}{_percent(with_ties):>24}{loss.value:10.3f}{error:13.3f}"
            )
        return "\n".join(lines)


def evaluate(
    model: RewardModel,
    corpus: Corpus,
    config: Config,
    *,
    split: str = "test",
    held_out_only: bool = False,
    name: str = "identity",
    alone: bool = False,
) -> Evaluation:
    """Measure a model and the baselines.

    Args:
        model: To measure.
        corpus: Read with the model's grid.
        config: Says which origins are human, and which recipes were held out.
        split: Which rows.
        held_out_only: Only comparisons with a clip of a held-out recipe.
        name: Of the model in the table.
        alone: Without baselines, breakdowns and takings away: for runs that are compared with one another.

    Raises:
        BadCorpus: the split has no decided comparison.
        BadModel: the corpus has tracks of another embedder.
    """
    model.require(corpus.backend)
    rows = rows_of(corpus, config, split, held_out_only=held_out_only)
    validation = usable(corpus, config, "validation")
    fitting = [row for row in validation if row.origin in config.data.human] or validation or rows
    places = sorted({place for row in [*rows, *fitting] for place in (row.a, row.b)})
    judges = [Judge(name, _rewards(model, corpus, places), model.calibration)]
    if not alone:
        judges += _baseline_judges(corpus, config, places, fitting)
    groups = measures.groups_of(corpus, rows)
    table = []
    results: list[Row] = []
    curve: list[tuple[float, float, int]] = []
    common = {"split": split, "seed": config.training.seed, "held_out_recipes": held_out_only}
    for judge in judges:
        difference = differences(judge.rewards, rows)
        without = mean_measured("accuracy", measures.rights(difference, rows), groups)
        with_ties = mean_measured(
            "accuracy with ties", measures.rights_with_ties(difference, rows, judge.calibration), groups
        )
        loss = mean_measured("log loss", measures.log_losses(difference, rows, judge.calibration), groups)
        own_curve = calibration_curve(judge.calibration.probabilities(difference), rows)
        error = calibration_error(own_curve)
        curve = curve or own_curve
        table.append((judge.name, without, with_ties, loss, error))
        measured = [without, with_ties, loss, Measured("calibration error", error, None, None, len(rows))]
        measured += [] if alone else _by_part(judge, corpus, config, rows)
        measured += _by_severity(judge, corpus, rows)
        results += measures.as_rows(measured, {"judge": judge.name, **common})
    table.append(_chance(rows, groups))
    own = _of_the_model(model, corpus, rows)
    own += [] if alone else _with_less(model, corpus, rows, groups)
    agreement = mean_measured("agreement of judgments", measures.ceiling(corpus, rows), groups)
    results += measures.as_rows([*own, agreement], {"judge": judges[0].name, **common})
    return Evaluation(split, tuple(table), tuple(results), tuple(curve))


def rows_of(corpus: Corpus, config: Config, split: str, *, held_out_only: bool = False) -> list[Comparison]:
    """Return the rows of a split that are measured on: all of them, or those with held-out recipes."""
    rows = list(corpus.comparisons.get(split, ()))
    if held_out_only:
        rows = [row for row in rows if corpus.held_out(row, config.data.holdout_recipes)]
    if not any(row.choice != 1 for row in rows):
        which = " with held-out recipes" if held_out_only else ""
        raise BadCorpus(
            f"{corpus.name} has no decided comparison{which} in its split {split}: choose another by --split, of "
            f"{', '.join(corpus.comparisons)}."
        )
    return rows


def results_write(folder: Path, evaluations: Mapping[str, Evaluation]) -> None:
    """Write results.json: one row a number, with its interval, split and seed."""
    rows = [{"evaluation": name, **row} for name, each in evaluations.items() for row in each.results]
    clean = [{key: _plain(value) for key, value in row.items()} for row in rows]
    curves = {name: [list(point) for point in each.curve] for name, each in evaluations.items()}
    document = {"results": clean, "calibration_curves": curves}
    (folder / RESULTS).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def fit_calibration(model: RewardModel, corpus: Corpus, rows: Sequence[Comparison]) -> RewardModel:
    """Return the model with probabilities fitted on these rows, which it was not trained on."""
    places = sorted({place for row in rows for place in (row.a, row.b)})
    return replace(model, calibration=calibrate(differences(_rewards(model, corpus, places), rows), rows))


def _baseline_judges(
    corpus: Corpus, config: Config, places: Sequence[int], fitting: Sequence[Comparison]
) -> list[Judge]:
    found = []
    for other, measure in baselines(corpus.clips, usable(corpus, config, "train")).items():
        rewards = np.full(len(corpus.clips), np.nan)
        for place in places:
            rewards[place] = measure(corpus.clips[place])
        found.append(Judge(other, rewards, calibrate(differences(rewards, fitting), fitting)))
    return found


def _rewards(model: RewardModel, corpus: Corpus, places: Sequence[int]) -> Floats:
    rewards = np.full(len(corpus.clips), np.nan)
    rewards[list(places)] = model.score_clips([corpus.clips[place] for place in places]).reward
    return rewards


def _by_part(judge: Judge, corpus: Corpus, config: Config, rows: Sequence[Comparison]) -> list[Measured]:
    found = []
    for name, places in measures.breakdowns(corpus, rows, config.data.automatic).items():
        part = [rows[place] for place in places]
        right = measures.rights(differences(judge.rewards, part), part)
        found.append(mean_measured(f"accuracy, {name}", right, measures.groups_of(corpus, part)))
    return found


def _by_severity(judge: Judge, corpus: Corpus, rows: Sequence[Comparison]) -> list[Measured]:
    falls = measures.falls_of(corpus, rows, judge.rewards)
    if not len(falls.fall):
        return []
    control, negative = falls.fall[falls.control], falls.fall[~falls.control]
    order = measures.severity_order(falls)
    found = [
        Measured("effect of controls", measures.effect_size(control), None, None, len(control)),
        Measured("effect of negatives", measures.effect_size(negative), None, None, len(negative)),
    ]
    if len(order):
        found.append(Measured("stronger falls further", float(order.mean()), None, None, len(order)))
    for severity in np.unique(falls.severity[~falls.control]).tolist():
        chosen = ~falls.control & (falls.severity == severity)
        groups = [group for group, here in zip(falls.group, chosen, strict=True) if here]
        scaled = falls.fall[chosen] / judge.calibration.temperature
        found.append(mean_measured(f"fall at severity {severity}", scaled, groups))
    return found


def _of_the_model(model: RewardModel, corpus: Corpus, rows: Sequence[Comparison]) -> list[Measured]:
    places = sorted({place for row in rows for place in (row.a, row.b)})
    scores = model.score_clips([corpus.clips[place] for place in places])
    gap = measures.order_gap(corpus, places, lambda clips: model.score_clips(clips).reward)
    spread = float(np.std(scores.reward)) or 1.0
    found = [Measured("order of people, largest change in spreads", gap / spread, None, None, len(places))]
    onsets = {
        "onset error, median frames": measures.onset_errors(corpus, places, scores),
        "onset error of the median guess": measures.guess_errors(corpus, places),
    }
    return found + [_median(name, errors) for name, errors in onsets.items() if len(errors)]


def _median(name: str, errors: Floats) -> Measured:
    draws = np.random.default_rng(0).integers(len(errors), size=(measures.RESAMPLES, len(errors)))
    low, high = np.percentile(np.median(errors[draws], axis=1), [2.5, 97.5]).tolist()
    return Measured(name, float(np.median(errors)), low, high, len(errors))


def _with_less(
    model: RewardModel, corpus: Corpus, rows: Sequence[Comparison], groups: Sequence[str]
) -> list[Measured]:
    """Return how right the model is with one reference of each person, and with every second moment alone."""
    places = sorted({place for row in rows for place in (row.a, row.b)})
    found = []
    for name, change in (("one reference", {"references": 1}), ("every second moment", {"every": 2})):
        rewards = np.full(len(corpus.clips), np.nan)
        clips = [corpus.clips[place].changed(**change) for place in places]
        rewards[places] = model.score_clips(clips).reward
        right = measures.rights(differences(rewards, rows), rows)
        found.append(mean_measured(f"accuracy with {name}", right, groups))
    return found


def _chance(
    rows: Sequence[Comparison], groups: Sequence[str]
) -> tuple[str, Measured, Measured, Measured, float]:
    n = len(rows)
    share = max(np.mean([row.choice == choice for row in rows]) for choice in (0, 1, 2))
    return (
        "chance",
        Measured("accuracy", 0.5, None, None, sum(row.choice != 1 for row in rows)),
        Measured("accuracy with ties", float(share), None, None, n),
        Measured("log loss", float(np.log(3)), None, None, n),
        float("nan"),
    )


def _percent(measured: Measured) -> str:
    if measured.low is None or measured.high is None:
        return f"{measured.value:.1%}"
    return f"{measured.value:.1%} ({measured.low:.1%}–{measured.high:.1%})"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
