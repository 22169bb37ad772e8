"""Runs as their folders would have made them, without training."""

import json
from pathlib import Path

import numpy as np

from config.accounts.models import User
from training.evaluation.sheets import references_keep
from training.models import Run, RunKind, RunState
from training.reward.config import Config
from training.services import run_begin, run_create, run_finish

METRICS = [
    {"update": 0, "reward": 0.1, "judge/similarity": 0.2, "motion": 0.03, "flat_groups": 1.0},
    {"update": 1, "reward": 0.3, "motion": 0.04, "flat_groups": 2.0, "kl": float("nan")},
]


def make_policy(user: User, folder: Path) -> Run:
    """A policy of two updates, with clips of both evaluations."""
    run = run_create(
        kind=RunKind.POLICY, release_folder=folder / "release", config="updates = 2", name="First policy",
        generator_folder=folder / "toy", folder=folder / "run", created_by=user,
    )  # fmt: skip
    place = Path(run.folder)
    place.mkdir(parents=True)
    (place / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in METRICS) + '{"up')
    picture = np.zeros((32, 24, 3), np.uint8)
    references_keep(place, [[picture, picture]])
    for update in (0, 2):
        np.save(place / "evaluation" / f"{update:05d}.npy", np.full((1, 6, 32, 48, 3), update, np.uint8))
    return run


def finish_policy(run: Run) -> None:
    rows = [
        _result("base", "assigned similarity", 0.25), _result("tuned", "assigned similarity", 0.5),
        _result("tuned", "won of decided", 0.75),
    ]  # fmt: skip
    (Path(run.folder) / "results.json").write_text(json.dumps({"results": rows}))
    run_begin(run=run)
    run_finish(run=run, state=RunState.FINISHED)


def _result(policy: str, name: str, value: float) -> dict:
    return {"judge": policy, "name": name, "value": value, "low": value - 0.1, "high": value + 0.1}


def make_reward(user: User, folder: Path, sha256: str) -> Run:
    """A finished reward model that was wrong once, about a clip of the library and one that nobody has."""
    run = run_create(
        release_folder=folder / "release",
        config=Config(),
        name="First reward",
        folder=folder,
        created_by=user,
    )
    place = Path(run.folder)
    place.mkdir(parents=True)
    look = {"validation_loss": 0.9, "validation_accuracy": 0.75, "recipes": {"swap": [0.625, 8]}}
    (place / "metrics.jsonl").write_text(
        json.dumps({"stage": "model", "step": 4, "overall": 1.0, **look}) + "\n"
    )
    (place / "results.json").write_text(json.dumps({"results": []}))
    people = {"ada": {"score": 0.5, "kept": [0.9, 0.4, 0.2]}}
    sides = {
        side: {"clip": clip, "reward": 0.0, "recipe": "swap", "severity": 3, "people": people}
        for side, clip in (("a", sha256), ("b", "0" * 64))
    }
    said = {
        "comparison": "c",
        "origin": "human",
        "label": [1, 0, 0],
        "given": [0.1, 0.1, 0.8],
        "judgments": 3,
    }
    (place / "mistakes.json").write_text(json.dumps({"held-out people (test)": [said | sides]}))
    run_begin(run=run)
    run_finish(run=run, state=RunState.FINISHED)
    return run
