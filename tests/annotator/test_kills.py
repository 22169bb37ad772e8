"""Sixteen annotators over HTTP while the server is killed again and again: nothing accepted is lost or doubled."""

import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.annotator.annotating import judge_together
from tests.live_site import LiveSite

OVERLAP = 4
N_ITEMS = 60
N_ANNOTATORS = 16
N_THREADS_HERE = 8
N_KILLS = 4


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Iterator[LiveSite]:
    site = LiveSite(f"sqlite:///{tmp_path}/site.sqlite3", tmp_path, workers=3)
    yield site
    site.stop()


@pytest.fixture
def postgres_site(tmp_path: Path, postgres_url: str) -> Iterator[LiveSite]:
    server, name = postgres_url.rpartition("/")[0], f"likeness_kills_{uuid4().hex[:8]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        site = LiveSite(f"{server}/{name}", tmp_path, workers=3)
        try:
            yield site
        finally:
            site.stop()
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_no_accepted_answer_is_lost_or_doubled_when_the_server_is_killed(
    database: str, request: pytest.FixtureRequest
) -> None:
    site: LiveSite = request.getfixturevalue(f"{database}_site")
    seeded = site.seed(n_slots=N_ITEMS * OVERLAP, overlap=OVERLAP, n_annotators=N_ANNOTATORS)
    site.start()
    here, elsewhere = seeded.sessions[:N_THREADS_HERE], seeded.sessions[N_THREADS_HERE:]
    with _killing(site) as kills, ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        halves = [elsewhere[: len(elsewhere) // 2], elsewhere[len(elsewhere) // 2 :]]
        others = [processes.submit(judge_together, site.port, seeded.slug, half) for half in halves]
        accepted = judge_together(site.port, seeded.slug, here)
        for other in others:
            accepted += other.result()

    assert kills == ["server", "worker"] * (N_KILLS // 2)
    judgments = {
        str(UUID(str(key))): (number, bool(surplus), overall, slot, item, annotator)
        for key, number, surplus, overall, slot, item, annotator in _rows(
            site,
            "SELECT idempotency_key, id, surplus, overall, slot_id, item_id, annotator_id FROM annotator_judgment",
        )
    }
    # Every answer that got a 2xx is there, as it was sent, and nothing else is.
    assert {a.key: (a.judgment, a.surplus, a.overall) for a in accepted} == {
        key: row[:3] for key, row in judgments.items()
    }
    counted = [row for row in judgments.values() if not row[1]]
    assert max(Counter(row[3] for row in counted).values()) == 1
    assert max(Counter(row[4:] for row in counted).values()) == 1
    assert len(counted) == N_ITEMS * OVERLAP
    states = Counter(
        state for (state,) in _rows(site, "SELECT state FROM annotator_slot WHERE kind = 'answer'")
    )
    assert states == {"done": N_ITEMS * OVERLAP}
    assert "Traceback" not in (site.home / "server.log").read_text()


class _killing:
    """Kill the whole server, which is started again, or a worker, each time that so many answers more are there."""

    def __init__(self, site: LiveSite) -> None:
        self._site = site
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._kills: list[str] = []

    def __enter__(self) -> list[str]:
        self._thread.start()
        return self._kills

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        draw = random.Random(1)
        for turn in range(N_KILLS):
            while self._n_answers() < (turn + 1) * N_ITEMS * OVERLAP // (N_KILLS + 1):
                if self._stop.wait(draw.uniform(0, 0.1)):
                    return
            if turn % 2:
                self._kills.append("worker")
                self._site.kill_a_worker()
            else:
                self._kills.append("server")
                self._site.kill()
                time.sleep(draw.uniform(0, 0.3))
                self._site.start()

    def _n_answers(self) -> int:
        return int(_rows(self._site, "SELECT count(*) FROM annotator_judgment")[0][0])


def _rows(site: LiveSite, sql: str) -> list[tuple[Any, ...]]:
    if site.database_url.startswith("sqlite"):
        with closing(sqlite3.connect(site.database_url.removeprefix("sqlite:///"), timeout=60)) as lite:
            return lite.execute(sql).fetchall()
    with psycopg.connect(site.database_url) as connection:
        return connection.execute(sql.encode()).fetchall()
