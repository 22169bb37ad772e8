"""The identity reward against baselines, strategies and its own parts, on simulated tracks.

    python -m benchmarks.reward_identity run FOLDER [--settings all human …] [--seeds 5] [--seconds 270]
    python -m benchmarks.reward_identity run FOLDER --films FILMS …   # on films, by benchmarks.reward_films
    python -m benchmarks.reward_identity table FOLDER

Each seed has a release of its own (`benchmarks.simulated_release`: 240 groups of people, 45 % of them to learn from,
47 % to measure on) and trains a model of its own; two recipes are held out of training and validation. `run` does what
is not done yet until its seconds are over, goes on where it stopped, and several may run side by side. `table` prints
what there is: the mean over seeds, with the 95 % interval of Student's t over seeds, and the same of the differences
from `all` with the same seeds. Strategies are all, human, automatic, random and smooth; every other setting is `all`
with one thing changed. Baselines and breakdowns are measured with `all` alone, which they do not depend on.

With `--films` the release is one of films of the procedural cast, distorted by the real recipes and looked at by a real
face model; a seed draws the split, the answers and the model, the films are the same for all seeds.

Nothing here is evidence about real faces: people, or their tracks as well, and annotators are simulated.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.reward_films import JUDGED, release_write
from benchmarks.simulated_release import Setting, simulate
from training.reward.config import Config, Data
from training.reward.corpus import Corpus, corpus_read
from training.reward.evaluation import evaluate, fit_calibration, results_write
from training.reward.model import RewardModel
from training.reward.stages import stopping_rows
from training.reward.training import Trainer

HELD_OUT = ("feature_bleed", "reenact")
STRATEGIES = {
    name: [f"training.strategy='{name}'"] for name in ("all", "human", "automatic", "random", "smooth")
}
PARTS: dict[str, list[str]] = {
    "no person loss": ["loss.person=0"],
    "no overall loss": ["loss.overall=0"],
    "no localisation": ["loss.localisation=0"],
    "no routing": ["loss.routing=0"],
    "routing by squares": ["loss.routing_kind='mse'"],
    "with preservation": ["loss.preservation=0.2"],
    "own head for curves": ["network.own_curve=true"],
    "theta learned": ["loss.learn_theta=true"],
    "no people attention": ["network.people=false"],
    "no time attention": ["network.time=false"],
    "no identity attention": ["network.identity=false"],
    "no embeddings": ["network.embeddings=false"],
    "no likeness": ["network.likeness=false"],
}
SETTINGS = STRATEGIES | {name: ["training.strategy='all'", *values] for name, values in PARTS.items()}
BASE = "all"
# The preset as it is shipped but for half as many steps, on one thread; two recipes are held out.
COMMON = [
    f"data.holdout_recipes={list(HELD_OUT)}",
    "training.threads=1",
    "training.steps=200",
    "training.teacher_steps=100",
]
# Half the width of a 95 % interval of a mean, in standard errors, by the number of seeds less one (Student's t).
_T = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}


class OutOfTime(Exception):
    """The seconds are over; what is done stays done."""


def main() -> int:
    options = _options()
    if options.folder is None:
        print(machine())
        with tempfile.TemporaryDirectory() as scratch:
            one_run(Path(scratch), BASE, 0, float("inf"))
            print("\n".join(table(Path(scratch))))
        return 0
    if options.what == "table":
        print(machine())
        print("\n".join(table(options.folder)))
        return 0
    until = time.monotonic() + options.seconds
    try:
        for seed in range(options.seeds):
            for name in options.settings:
                one_run(options.folder, name, seed, until, options.films, options.judged)
    except OutOfTime:
        print("Out of time: call it again.")
        return 1
    return 0


def one_run(
    folder: Path, name: str, seed: int, until: float, films: Path | None = None, judged: int = JUDGED
) -> None:
    """Train one setting with one seed, unless it is done or another process is at it."""
    run = folder / name.replace(" ", "-") / f"seed-{seed}"
    run.mkdir(parents=True, exist_ok=True)
    if (run / "results.json").is_file() or not _claimed(run):
        return

    def watch(stage: str, step: int, steps: int, loss: float) -> None:
        if time.monotonic() > until:
            raise OutOfTime

    try:
        watch("", 0, 0, 0.0)
        config = Config().with_values([*COMMON, f"training.seed={seed}", *SETTINGS[name]])
        corpus = _corpus(folder / "releases" / f"seed-{seed}", seed, films, judged)
        started = time.process_time()
        trained = Trainer(corpus, config, run).run(resume=True, on_step=watch)
        seconds = time.process_time() - started
        model = RewardModel(trained.network, config, corpus.backend, corpus.dimension)
        model = fit_calibration(model, corpus, stopping_rows(corpus, config))
        found = {
            f"held-out {'recipes' if held_out else 'people'} (test)": evaluate(
                model, corpus, config, held_out_only=held_out, alone=name != BASE
            )
            for held_out in (False, True)
        }
        results_write(run, found)
        model.save(run / "model", "Of a benchmark: benchmarks.reward_identity.\n")
        kept = "" if trained.kept is None else f", {trained.kept} of {trained.automatic} automatic rows kept"
        print(f"{name} {seed}: {seconds:.0f} s to step {trained.steps}{kept}", flush=True)
    finally:
        (run / "claim").unlink()


@lru_cache(maxsize=1)
def _corpus(release: Path, seed: int, films: Path | None, judged: int) -> Corpus:
    """Return a seed's corpus; settings differ in nothing that is read from it."""
    if not release.is_dir() and films is not None:
        release_write(films, release, seed, judged)
    elif not release.is_dir():
        simulate(release, Setting(groups=240, seed=seed, splits="45/8/47"))
    return corpus_read(release, Data(), verify=False)


def _claimed(run: Path) -> bool:
    """Whether the run is this process's now; a claim whose process is gone is taken over."""
    claim = run / "claim"
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        owner = claim.read_text()
        if not owner or Path(f"/proc/{owner}").exists():
            return False
    claim.write_text(str(os.getpid()))
    return True


Rows = list[dict[str, Any]]
COLUMNS = {
    "accuracy": "without ties",
    "accuracy with ties": "with ties",
    "log loss": "log loss",
    "effect of controls": "controls, d",
    "onset error, median frames": "onset, frames",
}


def table(folder: Path) -> list[str]:
    """Return the tables in Markdown, a line a judge, and a line a setting with its differences from `all`."""
    lines = []
    for evaluation in ("held-out people (test)", "held-out recipes (test)"):
        found = {name: _results(folder / name.replace(" ", "-"), evaluation) for name in SETTINGS}
        lines += ["", evaluation, "", *_head("")]
        lines += [_line(name, "identity", runs.values()) for name, runs in found.items() if runs]
        others = dict.fromkeys(row["judge"] for rows in found[BASE].values() for row in rows)
        lines += [
            _line(judge, judge, found[BASE].values())
            for judge in others
            if judge not in ("identity", "chance")
        ]
        lines += ["", f"{evaluation}, less `{BASE}` with the same seed", "", *_head("less ")]
        lines += [
            _difference(name, runs, found[BASE]) for name, runs in found.items() if name != BASE and runs
        ]
    return lines


def _head(prefix: str) -> list[str]:
    names = " | ".join(prefix + column for column in COLUMNS.values())
    return [f"| | seeds | {names} |", "|---" * (len(COLUMNS) + 2) + "|"]


def _results(folder: Path, evaluation: str) -> dict[str, Rows]:
    """Return the results of a setting, by seed."""
    found = {}
    for path in sorted(folder.glob("seed-*/results.json")):
        rows = json.loads(path.read_text())["results"]
        found[path.parent.name] = [row for row in rows if row["evaluation"] == evaluation]
    return found


def _line(label: str, judge: str, runs: Iterable[Rows]) -> str:
    each = list(runs)
    columns = [
        interval([_value(rows, judge, name) for rows in each], percent=name.startswith("accuracy"))
        for name in COLUMNS
    ]
    return f"| {label} | {len(each)} | {' | '.join(columns)} |"


def _difference(label: str, runs: Mapping[str, Rows], base: Mapping[str, Rows]) -> str:
    seeds = sorted(set(runs) & set(base))
    columns = []
    for name in COLUMNS:
        less = [_value(runs[seed], "identity", name) - _value(base[seed], "identity", name) for seed in seeds]
        columns.append(interval(less, percent=name.startswith("accuracy"), sign=True))
    return f"| {label} | {len(seeds)} | {' | '.join(columns)} |"


def interval(values: Sequence[float], *, percent: bool, sign: bool = False) -> str:
    """Return a mean over seeds with its interval, in percent or as a number; nothing without a value."""
    if not np.isfinite(values).all() or not len(values):
        return ""
    scale, digits = (100, 1) if percent else (1, 3)

    def text(value: float) -> str:
        return f"{scale * value:{'+' if sign else ''}.{digits}f}"

    mean = float(np.mean(values))
    if len(values) < 2:
        return text(mean)
    half = _T[len(values) - 1] * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return f"{text(mean)} ({text(mean - half)} to {text(mean + half)})"


def _value(rows: Rows, judge: str, name: str) -> float:
    """Return what was measured; NaN where it was not."""
    values = (row["value"] for row in rows if row["judge"] == judge and row["name"] == name)
    return float(next(values, float("nan")))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"], nargs="?", default="run")
    parser.add_argument("folder", type=Path, nargs="?", help="left out: one seed of all rows, thrown away")
    parser.add_argument("--films", type=Path, help="made by benchmarks.reward_films")
    parser.add_argument(
        "--judged", type=int, default=JUDGED, help="pairs of a group of films that are judged"
    )
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(STRATEGIES))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=270)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
