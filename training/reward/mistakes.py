"""The comparisons that a model gets most wrong, with its curves: written beside results.json, to be looked at."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.reward.config import Config
from training.reward.corpus import Comparison, Corpus
from training.reward.evaluation import rows_of
from training.reward.model import RewardModel

MISTAKES = "mistakes.json"
MOST = 24
Row = dict[str, Any]


def mistakes_of(
    model: RewardModel, corpus: Corpus, config: Config, *, split: str = "test", held_out_only: bool = False
) -> list[Row]:
    """Return the decided comparisons of a split whose better side the model gives least, the worst first.

    Each with what was said, what the model gives (a, tie, b), and for both clips, by person, the probability that the
    face is kept at each moment. Those that it gets right are left out.

    Raises:
        BadCorpus: the split has no decided comparison.
    """
    rows = [row for row in rows_of(corpus, config, split, held_out_only=held_out_only) if row.choice != 1]
    places = sorted({place for row in rows for place in (row.a, row.b)})
    at = {place: number for number, place in enumerate(places)}
    scores = model.score_clips([corpus.clips[place] for place in places])
    given = {row.key: scores.probability(at[row.a], at[row.b]) for row in rows}
    wrong = [row for row in rows if given[row.key][row.choice] < given[row.key][2 - row.choice]]
    wrong.sort(key=lambda row: (given[row.key][row.choice], row.key))

    def side(place: int) -> Row:
        clip, known = corpus.clips[place], corpus.known[place]
        curves = scores.curves[at[place]]
        return {
            "clip": clip.key,
            "reward": round(float(scores.reward[at[place]]), 4),
            "recipe": known.recipe,
            "severity": known.severity,
            "people": {
                person: {
                    "score": round(scores.people[at[place]][person], 4),
                    "kept": [round(float(each), 3) for each in curves[person]],
                }
                for person in clip.people
            },
        }

    def said(row: Comparison) -> Row:
        return {
            "comparison": row.key,
            "origin": row.origin,
            "label": [round(float(each), 4) for each in row.label],
            "given": [round(each, 4) for each in given[row.key]],
            "judgments": row.judgments,
            "a": side(row.a),
            "b": side(row.b),
        }

    return [said(row) for row in wrong[:MOST]]


def mistakes_write(folder: Path, found: Mapping[str, Sequence[Row]]) -> None:
    """Write mistakes.json: by evaluation, its list."""
    (folder / MISTAKES).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
