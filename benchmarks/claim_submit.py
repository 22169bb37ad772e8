"""Load on claim and submit, the two requests that annotators wait for: `python -m benchmarks.claim_submit`.

Annotators are threads of this process that speak HTTP to a gunicorn of two workers, so the client takes its
share of the same cores. Times are as the client sees them. Processor time is that of the web workers, and of
PostgreSQL's backends where there are some. Every answer must get a 201, and the rows are counted at the end.

The last row is the least that Django does for it (`benchmarks.bare_django`), on the same machine in the same
minute: what is left of a difference between two machines, or two days of one, is ours.

    python -m benchmarks.claim_submit --out docs/experiments/claim-submit.md
"""

import argparse
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.live_site import AnnotatorClient, LiveSite, Seeded, process_cpu_seconds
from tests.servers import POSTGRES_URL

OVERLAP = 5


@dataclass
class Figures:
    claims_ms: list[float] = field(default_factory=list)
    submits_ms: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    accepted: int = 0


@dataclass(frozen=True)
class Row:
    title: str
    figures: Figures
    seconds: float
    web_cpu_s: float
    database_cpu_s: float
    memory_mb: float
    duplicates: int
    load: float

    def cells(self) -> list[str]:
        judgments = len(self.figures.submits_ms)
        return [
            self.title,
            f"{judgments:,}",
            f"{judgments / self.seconds:.0f}",
            _percentiles(self.figures.claims_ms),
            _percentiles(self.figures.submits_ms),
            f"{1000 * self.web_cpu_s / max(judgments, 1):.1f}",
            f"{1000 * self.database_cpu_s / max(judgments, 1):.1f}" if self.database_cpu_s else "in it",
            f"{self.memory_mb:.0f}",
            f"{len(self.figures.errors)} / {self.duplicates}",
            f"{self.load:.1f}",
        ]


HEADINGS = [
    "",
    "judgments",
    "per second",
    "next p50 / p95 ms",
    "submit p50 / p95 ms",
    "web CPU ms each",
    "database CPU ms each",
    "web memory MB",
    "errors / duplicates",
    "load before",
]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="length of the run with think time")
    parser.add_argument("--busy-seconds", type=float, default=20, help="length of the runs without")
    parser.add_argument("--slots", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--only", choices=["think", "postgres", "sqlite"])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()

    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        if options.only in (None, "think", "postgres"):
            with postgres_database() as url:
                site = LiveSite(url, Path(folder) / "postgres", options.workers, options.threads)
                seeded = site.seed(n_slots=options.slots, overlap=OVERLAP, n_annotators=200)
                if options.only != "postgres":
                    title = f"PostgreSQL, 200 annotators, 10 s think time, {options.slots:,} slots"
                    rows.append(measure(title, site, seeded, 200, 10.0, options.seconds))
                if options.only != "think":
                    title = "PostgreSQL, 8 annotators, no think time"
                    rows.append(measure(title, site, seeded, 8, 0.0, options.busy_seconds))
        if options.only in (None, "sqlite"):
            home = Path(folder) / "sqlite"
            site = LiveSite(f"sqlite:///{home}/bench.sqlite3", home, options.workers, options.threads)
            seeded = site.seed(n_slots=options.slots, overlap=OVERLAP, n_annotators=8)
            title = "SQLite, 8 annotators, no think time"
            rows.append(measure(title, site, seeded, 8, 0.0, options.busy_seconds))

        if options.only in (None, "postgres"):
            with postgres_database() as url:
                bare = BareSite(url, Path(folder) / "bare", options.workers, options.threads)
                seeded = bare.seed(n_slots=options.slots, overlap=1, n_annotators=8)
                title = "bare Django on PostgreSQL, 8 annotators, no think time"
                rows.append(measure(title, bare, seeded, 8, 0.0, options.busy_seconds))

    text = table(rows)
    print(text)
    for row in rows:
        for error in sorted(set(row.figures.errors))[:5]:
            print(f"{row.title}: {error}")
    if options.out:
        options.out.write_text(text + "\n")


@dataclass
class BareSite(LiveSite):
    """The yardstick, served as the site is."""

    application: str = "benchmarks.bare_django:application"

    def seed(self, *, n_slots: int, overlap: int, n_annotators: int) -> Seeded:
        self.home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "benchmarks.bare_django", "seed", str(n_slots), str(n_annotators)]
        done = subprocess.run(command, env=self.environment, check=True, stdout=subprocess.PIPE)
        return Seeded(**json.loads(done.stdout))


def measure(
    title: str, site: LiveSite, seeded: Seeded, n_annotators: int, think_s: float, seconds: float
) -> Row:
    load = os.getloadavg()[0]
    site.start()
    try:
        warm_up = Figures()
        _work(site, seeded, n_annotators, 0.0, time.monotonic() + 2, warm_up)
        figures = Figures()
        cpu, database_cpu, started = site.cpu_seconds(), _database_cpu(site), time.monotonic()
        _work(site, seeded, n_annotators, think_s, started + seconds, figures)
        elapsed = time.monotonic() - started
        web_cpu, database_cpu = site.cpu_seconds() - cpu, _database_cpu(site) - database_cpu
        memory = site.memory_mb()
    finally:
        site.stop()
    duplicates = 0 if isinstance(site, BareSite) else _duplicates(site, seeded.study)
    return Row(title, figures, elapsed, web_cpu, database_cpu, memory, duplicates, load)


def _work(
    site: LiveSite, seeded: Seeded, n_annotators: int, think_s: float, until: float, figures: Figures
) -> None:
    threads = [
        threading.Thread(
            target=_annotate, args=(AnnotatorClient(site.port, session, seeded.slug), think_s, until, figures)
        )
        for session in seeded.sessions[:n_annotators]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _annotate(client: AnnotatorClient, think_s: float, until: float, figures: Figures) -> None:
    # Lists are shared by all threads: append is atomic.
    if think_s:
        time.sleep(random.uniform(0, think_s))
    try:
        while time.monotonic() < until:
            _judge_one(client, think_s, until, figures)
    except Exception as error:
        figures.errors.append(f"{type(error).__name__}: {error}")
    finally:
        client.close()


def _judge_one(client: AnnotatorClient, think_s: float, until: float, figures: Figures) -> None:
    started = time.perf_counter()
    claimed = client.claim()
    figures.claims_ms.append(1000 * (time.perf_counter() - started))
    if claimed.status != 200:
        figures.errors.append(f"claim {claimed.status}: {claimed.raw[:200]!r}")
        return
    if think_s:
        left_s = until - time.monotonic()
        thinks_s = random.uniform(0.5, 1.5) * think_s
        time.sleep(max(0.0, min(thinks_s, left_s)))
        if thinks_s > left_s:
            return  # Else all would answer in the moment in which the run ends, as people never do.
    person = claimed.body["people"][0]["id"]
    answer: dict[str, Any] = {
        "overall": "left",
        "people": {str(each["id"]): "left" for each in claimed.body["people"]},
        "marks": [{"person": person, "side": "right", "kind": "drift", "frame": 40}],
        "no_drift": [],
        "remark": "",
    }
    started = time.perf_counter()
    submitted = client.submit(claimed.body["slot"]["token"], answer, uuid.uuid4())
    figures.submits_ms.append(1000 * (time.perf_counter() - started))
    if submitted.status != 201:
        figures.errors.append(f"submit {submitted.status}: {submitted.raw[:200]!r}")


@contextmanager
def postgres_database() -> Iterator[str]:
    """Make a database for this run alone."""
    server = POSTGRES_URL.rpartition("/")[0]
    name = f"likeness_bench_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _query(site: LiveSite, sql: str) -> list[tuple[Any, ...]]:
    if site.database_url.startswith("sqlite"):
        with sqlite3.connect(site.database_url.removeprefix("sqlite:///")) as lite:
            return lite.execute(sql).fetchall()
    with psycopg.connect(site.database_url) as connection:
        return connection.execute(sql.encode()).fetchall()


def _database_cpu(site: LiveSite) -> float:
    """Return the processor time of the backends that serve the site; 0 for SQLite, which is in its process."""
    if site.database_url.startswith("sqlite"):
        return 0.0
    sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return sum(process_cpu_seconds(pid) for (pid,) in _query(site, sql))


def _duplicates(site: LiveSite, study: int) -> int:
    """Return how many answers beyond the first a slot, or an annotator in one item, has."""
    counted = f"annotator_judgment WHERE study_id = {study} AND NOT surplus AND supersedes_id IS NULL"
    total = 0
    for group in ("slot_id", "item_id, annotator_id"):
        sql = (
            f"SELECT COALESCE(SUM(n - 1), 0) FROM (SELECT COUNT(*) AS n FROM {counted} GROUP BY {group}) AS g"
        )
        total += int(_query(site, sql)[0][0])
    return total


def _percentiles(values: list[float]) -> str:
    if not values:
        return "–"
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 2]:.0f} / {ordered[int(0.95 * (len(ordered) - 1))]:.0f}"


def table(rows: list[Row]) -> str:
    lines = [HEADINGS, ["---"] * len(HEADINGS), *(row.cells() for row in rows)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    return "\n".join(
        [f"{machine}; client on the same cores.", "", *("| " + " | ".join(c) + " |" for c in lines)]
    )


if __name__ == "__main__":
    main()
