"""A batch whose worker is killed, again and again: `python -m benchmarks.distortion_kills --models DIR`.

Real processes: Celery's worker over its filesystem broker, and SQLite in a home of its own or the database that
`--database` names (which must be empty). Short clips of two people of the procedural cast, cheap recipes mixed. The
worker is killed by SIGKILL at moments spread over the batch; then the rest is made, and the results, clips and pairs
are counted. `--home` keeps the installation: started again with it, a run that `--minutes` ended goes on.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from celery import Celery

from benchmarks.machine import machine
from datasets.cast import draw_clip, film

REPOSITORY = Path(__file__).parents[1]
RECIPES = ("geometry_drift", "texture_loss", "photometric", "temporal", "crop_scale", "self_blend")
ENDED = "SELECT count(*) FROM distortions_distortion WHERE state <> 'planned'"
OVER = "SELECT count(*) FROM distortions_batch WHERE state = 'finished'"
CHECKS = {
    "results": "SELECT count(*) FROM distortions_distortion",
    "numbers that occur once": "SELECT count(DISTINCT number) FROM distortions_distortion",
    "still planned": "SELECT count(*) FROM distortions_distortion WHERE state = 'planned'",
    "made": "SELECT count(*) FROM distortions_distortion WHERE state = 'made'",
    "refused by the gate": "SELECT count(*) FROM distortions_distortion WHERE state = 'refused'",
    "failed": "SELECT count(*) FROM distortions_distortion WHERE state = 'failed'",
    "made without a clip": "SELECT count(*) FROM distortions_distortion WHERE state = 'made' AND clip_id IS NULL",
    "clips of results": "SELECT count(DISTINCT clip_id) FROM distortions_distortion WHERE clip_id IS NOT NULL",
    "distorted clips in the library": "SELECT count(*) FROM datasets_clip WHERE origin = 'distorted'",
    "pairs": "SELECT count(*) FROM distortions_syntheticpair",
    # Each against a clean copy of its own; controls become no pair here.
    "clean copies": "SELECT count(*) FROM distortions_cleancopy",
    "results that are to be a pair": """SELECT count(DISTINCT "group") FROM distortions_distortion
        WHERE state = 'made' AND pair_kind <> ''""",
}


class Ended(Exception):
    """The time is over."""


class Installation:
    """A home with its database, and the one worker that runs in it."""

    def __init__(self, home: Path, models: Path | None, database: str, until: float) -> None:
        self.home, self.database, self.until = home, database, until
        self.worker: subprocess.Popen[bytes] | None = None
        self._swept = 0.0
        self.environment = {
            "PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "LIKENESS_HOME": str(home), "LIKENESS_ENV_FILE": str(home / "none.env"),
            "LIKENESS_JOB_STALE_SECONDS": "5", "LIKENESS_ANALYSE_CLIPS": "0",
        }  # fmt: skip
        if database:
            self.environment["DATABASE_URL"] = database
        if models:
            self.environment["LIKENESS_MODELS"] = str(models.resolve())
        for name in ("LIKENESS_FACE_BACKEND", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    def manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=REPOSITORY, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"manage.py {arguments[0]}: {done.stderr[-2000:]}")

    def start(self) -> subprocess.Popen[bytes]:
        with (self.home / "worker.log").open("ab") as log:
            command = [
                sys.executable,
                "-m",
                "celery",
                "-A",
                "config",
                "worker",
                "--pool",
                "solo",
                "-Q",
                "vision",
            ]
            self.worker = subprocess.Popen(
                command, cwd=REPOSITORY, env=self.environment, stdout=log, stderr=log
            )
        return self.worker

    def stop(self, kind: signal.Signals) -> None:
        if self.worker is not None:
            self.worker.send_signal(kind)
            self.worker.wait()
            self.worker = None

    def number(self, query: str) -> int:
        """Return the one number that a query asks for."""
        if self.database:
            import psycopg

            with psycopg.connect(self.database) as connection:
                row: Any = connection.execute(query).fetchone()
        else:
            import sqlite3

            connection_ = sqlite3.connect(self.home / "likeness.sqlite3", timeout=30)
            try:
                row = connection_.execute(query).fetchone()
            finally:
                connection_.close()
        return int(row[0])

    def sweep(self) -> None:
        """Ask the worker to look for jobs that nobody works on, as Celery beat does."""
        if time.monotonic() - self._swept < 2:
            return
        self._swept = time.monotonic()
        with Celery(broker="filesystem://localhost", set_as_current=False) as beat:
            folder = self.home / "broker"
            beat.conf.broker_transport_options = {
                "data_folder_in": str(folder / "queue"), "data_folder_out": str(folder / "queue"),
                "control_folder": str(folder / "control"),
            }  # fmt: skip
            beat.send_task("config.jobs.tasks.jobs_sweep", queue="vision", ignore_result=True)

    def wait(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if time.monotonic() > self.until:
                raise Ended
            self.sweep()
            time.sleep(0.1)


def main() -> int:
    options = _options()
    until = time.monotonic() + 60 * options.minutes
    with tempfile.TemporaryDirectory(prefix="likeness-kills-") as scratch:
        home = options.home or Path(scratch)
        home.mkdir(parents=True, exist_ok=True)
        installation = Installation(home, options.models, options.database, until)
        try:
            return _run(installation, options)
        except Ended:
            print("The time is over; the same command goes on from here.")
            return 3
        finally:
            installation.stop(signal.SIGKILL)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", type=Path)
    parser.add_argument("--database", default="", help="postgres://…, an empty database; SQLite without")
    parser.add_argument("--results", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--minutes", type=float, default=1e6)
    return parser.parse_args()


def _run(installation: Installation, options: argparse.Namespace) -> int:
    state = installation.home / "kills.json"
    kills: list[int] = json.loads(state.read_text()) if state.is_file() else []
    if not state.is_file():
        _prepare(installation, options.results, options.clips)
        state.write_text("[]")
    rng = random.Random(5)
    started = time.monotonic()
    while len(kills) < options.kills:
        ended = installation.number(ENDED)
        apart = max(1, round((options.results - ended) / (options.kills - len(kills) + 1)))
        installation.start()
        installation.wait(lambda least=ended + apart: installation.number(ENDED) >= least)  # type: ignore[misc]
        time.sleep(rng.uniform(0, 0.8))  # somewhere in the next result
        installation.stop(signal.SIGKILL)
        kills.append(installation.number(ENDED))
        state.write_text(json.dumps(kills))
    installation.start()
    installation.wait(lambda: installation.number(OVER) == 1)
    print(machine())
    print(
        f"{'PostgreSQL' if options.database else 'SQLite'}; killed after {', '.join(map(str, kills))} results;",
        end="",
    )
    print(f" {time.monotonic() - started:.0f} s in this run\n")
    found = {name: installation.number(query) for name, query in CHECKS.items()}
    print("| | |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in found.items()))
    is_whole = (
        found["results"] == found["numbers that occur once"] == options.results
        and found["still planned"] == found["made without a clip"] == 0
        and found["made"] == found["clips of results"] == found["distorted clips in the library"]
        and found["pairs"] == found["results that are to be a pair"] == found["clean copies"]
        and max(kills, default=0) < options.results
    )
    print("\nNone is lost or doubled." if is_whole else "\nNOT as it should be.")
    return 0 if is_whole else 1


def _prepare(installation: Installation, results: int, clips: int) -> None:
    """Draw clips, take them into the library with their faces, and plan the batch."""
    folder = installation.home / "films"
    folder.mkdir(exist_ok=True)
    with (folder / "import.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "subjects", "references"])
        for seed in range(20, 20 + clips):
            drawn = draw_clip(seed, 2, frames=16, fps=Fraction(8), size=(320, 180), events=())
            filmed = film(drawn, folder / f"{seed}" / "clip.mp4", views=("neutral",))
            people = ";".join(f"person_{seed}_{place}" for place in range(2))
            pictures = ";".join(str(each[0].relative_to(folder)) for each in filmed.references)
            rows.writerow([filmed.clip.relative_to(folder), people, pictures])
    (folder / "batch.toml").write_text(
        f"count = {results}\nseed = 3\ntries = 1\nlongest_side = 320\ncontrols = 0.5\n[recipes]\n"
        + "".join(f"{name} = 1\n" for name in RECIPES)
        + "[severities]\n1 = 1\n2 = 1\n[pairs]\nclean = 1\n"
    )
    installation.manage("migrate", "--verbosity", "0")
    installation.manage("import_clips", str(folder / "import.csv"))
    installation.manage("analyse_clips", "--all")
    installation.manage("distort", str(folder / "batch.toml"), "--detach")


if __name__ == "__main__":
    raise SystemExit(main())
