"""The identity reward against baselines, strategies and its own parts, on simulated tracks.

    python -m benchmarks.reward_identity run FOLDER [--settings smooth human …] [--seeds 5] [--seconds 270]
    python -m benchmarks.reward_identity table FOLDER

Each seed has a release of its own (`benchmarks.simulated_release`: 240 groups of people, 45 % of them to learn from,
47 % to measure on) and trains a model of its own; two recipes are held out of training and validation. `run` does what
is not done yet until its seconds are over, goes on where it stopped, and several may run side by side. `table` prints
what there is: the mean over seeds, with the 95 % interval of Student's t over seeds.

Nothing here is evidence about real faces: the tracks, the distortions and the annotators are simulated.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.simulated_release import Setting, simulate
from training.reward.config import Config
from training.reward.train import train

HELD_OUT = ("feature_bleed", "reenact")
SETTINGS: dict[str, list[str]] = {
    "human": ["training.strategy='human'"],
    "automatic": ["training.strategy='automatic'"],
    "random": ["training.strategy='random'"],
    "smooth": [],
    "all": ["training.strategy='all'"],
    "no person loss": ["loss.person=0"],
    "no localisation": ["loss.localisation=0"],
    "no routing": ["loss.routing=0"],
    "routing by squares": ["loss.routing_kind='mse'"],
    "with preservation": ["loss.preservation=0.2"],
    "theta learned": ["loss.learn_theta=true"],
    "no people attention": ["network.people=false"],
    "no time attention": ["network.time=false"],
    "no identity attention": ["network.identity=false"],
    "no embeddings": ["network.embeddings=false"],
    "no likeness": ["network.likeness=false"],
}
# The preset as it is shipped, on one thread; two recipes are held out.
COMMON = [f"data.holdout_recipes={list(HELD_OUT)}", "training.threads=1"]
# Half the width of a 95 % interval of a mean, in standard errors, by the number of seeds less one (Student's t).
_T = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26}


class OutOfTime(Exception):
    """The seconds are over; what is done stays done."""


def main() -> int:
    options = _options()
    if options.folder is None:
        print(machine())
        with tempfile.TemporaryDirectory() as scratch:
            one_run(Path(scratch), "human", 0, float("inf"))
        return 0
    if options.what == "table":
        print(machine())
        print("\n".join(table(options.folder)))
        return 0
    until = time.monotonic() + options.seconds
    try:
        for seed in range(options.seeds):
            for name in options.settings:
                one_run(options.folder, name, seed, until)
    except OutOfTime:
        print("Out of time: call it again.")
        return 1
    return 0


def one_run(folder: Path, name: str, seed: int, until: float) -> None:
    """Train one setting with one seed, unless it is done or another process is at it."""
    run = folder / name.replace(" ", "-") / f"seed-{seed}"
    run.mkdir(parents=True, exist_ok=True)
    if (run / "results.json").is_file() or not _claimed(run):
        return

    def watch(stage: str, step: int, steps: int, loss: float) -> None:
        if time.monotonic() > until:
            raise OutOfTime

    try:
        release = folder / "releases" / f"seed-{seed}"
        if not release.is_dir():
            simulate(release, Setting(groups=240, seed=seed, splits="45/8/47"))
        watch("", 0, 0, 0.0)
        config = Config().with_values([*COMMON, f"training.seed={seed}", *SETTINGS[name]])
        resume = (run / "config.toml").is_file()
        found = train(release, config, run, resume=resume, verify=False, on_step=watch)
        print(name, seed, flush=True)
        for which, evaluation in found.items():
            print(which, evaluation.text(), sep="\n", flush=True)
    finally:
        (run / "claim").unlink()


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


def table(folder: Path) -> list[str]:
    """Return the table, a line a judge: baselines of the setting with most seeds, as they do not depend on it."""
    lines = []
    for evaluation in ("held-out people (test)", "held-out recipes (test)"):
        lines += ["", evaluation, f"{'':24}{'seeds':>6}{'without ties':>26}{'with ties':>26}{'log loss':>10}"]
        found = {name: list(_results(folder / name.replace(" ", "-"), evaluation)) for name in SETTINGS}
        lines += [_line(name, "identity", runs) for name, runs in found.items() if runs]
        most = max(found.values(), key=len)
        others = dict.fromkeys(row["judge"] for rows in most for row in rows if row["judge"] != "identity")
        lines += [_line(judge, judge, most) for judge in others]
    return lines


def _results(folder: Path, evaluation: str) -> Iterator[list[dict[str, Any]]]:
    for path in sorted(folder.glob("seed-*/results.json")):
        rows = json.loads(path.read_text())["results"]
        yield [row for row in rows if row["evaluation"] == evaluation]


def _line(label: str, judge: str, runs: Sequence[Sequence[dict[str, Any]]]) -> str:
    names = ("accuracy", "accuracy with ties")
    columns = [f"{interval([_value(rows, judge, name) for rows in runs]):>26}" for name in names]
    loss = np.mean([_value(rows, judge, "log loss") for rows in runs])
    return f"{label:24}{len(runs):6}{''.join(columns)}{loss:10.3f}"


def interval(values: Sequence[float]) -> str:
    """Return a mean over seeds with its interval, in percent."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.1%}"
    half = _T[len(values) - 1] * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return f"{mean:.1%} ({mean - half:.1%}–{mean + half:.1%})"


def _value(rows: Sequence[dict[str, Any]], judge: str, name: str) -> float:
    return next(float(row["value"]) for row in rows if row["judge"] == judge and row["name"] == name)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["run", "table"], nargs="?", default="run")
    parser.add_argument("folder", type=Path, nargs="?", help="left out: one seed of human rows, thrown away")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=["human", "all", "smooth"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=270)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
