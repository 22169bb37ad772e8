"""A worker that is killed with -9 in the middle of a clip costs that attempt and nothing else.

Real processes: Celery's worker over its filesystem broker, SQLite in a home of its own.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from celery import Celery

from datasets.media.write import write_video
from tests.made_once import MadeOnce

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
# Only ends a test that would never end.
PATIENCE_S = 600
MANAGE = """
import django, shlex, sys
from django.core.management import call_command
django.setup()
for command in sys.argv[1:]:
    call_command(*shlex.split(command))
"""


class Installation:
    """A home with a database, and the processes started in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "LIKENESS_HOME": str(home),
            "LIKENESS_ENV_FILE": str(home / "none.env"),
            "LIKENESS_JOB_STALE_SECONDS": "1",
            "LIKENESS_ANALYSE_CLIPS": "0",
            "LIKENESS_FACE_BACKEND": "dlib",
        }
        self.workers: list[subprocess.Popen[bytes]] = []
        self._swept_at = float("-inf")

    def run(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            check=True,
            capture_output=True,
        )

    def start_worker(self, queue: str = "media") -> subprocess.Popen[bytes]:
        log = (self.home / f"worker-{len(self.workers)}.log").open("wb")
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "-Q", queue]
        with log:
            worker = subprocess.Popen(command, cwd=REPOSITORY, env=self.environment, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / "likeness.sqlite3", timeout=20)) as database:
            return database.execute(query).fetchall()

    def manage(self, *commands: str) -> None:
        """Run commands of manage.py, one after another in one process."""
        self.run("-c", MANAGE, *commands)

    def sweep(self, queue: str) -> None:
        """Do what celery beat does, only oftener: once a second at the most."""
        if time.monotonic() - self._swept_at > 1:
            self._swept_at = time.monotonic()
            with Celery(broker="filesystem://localhost", set_as_current=False) as beat:
                beat.conf.broker_transport = "config.jobs.file_broker:Transport"
                beat.conf.broker_transport_options = {
                    "data_folder_in": str(self.home / "broker" / "queue"),
                    "data_folder_out": str(self.home / "broker" / "queue"),
                    "control_folder": str(self.home / "broker" / "control"),
                }
                beat.send_task("config.jobs.tasks.jobs_sweep", queue=queue, ignore_result=True)

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come; see the logs in {self.home}"
            time.sleep(0.02)


def new_home(home: Path, once: MadeOnce) -> None:
    """Make a home with an empty database; the migrations run once for all tests."""
    empty = once("empty-home", lambda folder: Installation(folder).manage("migrate --verbosity 0"))
    home.mkdir()
    shutil.copy(empty / "likeness.sqlite3", home)


@pytest.fixture
def installation(tmp_path: Path, once: MadeOnce) -> Iterator[Installation]:
    installation = Installation(tmp_path / "own")
    new_home(installation.home, once)
    yield installation
    for worker in installation.workers:
        worker.kill()
        worker.wait()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with one clip of noise: long enough to be caught while it is copied."""
    folder = tmp_path / "source"
    folder.mkdir()
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 255, (8, 360, 640, 3), dtype=np.uint8)
    write_video((noise[index % 8] for index in range(120)), folder / "noise.mp4", fps=24)
    return folder


def test_the_job_is_taken_up_again_and_nothing_is_doubled(installation: Installation, source: Path) -> None:
    home = installation.home
    installation.manage(f"import_clips {source} --no-wait")
    first = installation.start_worker()

    def is_copying() -> bool:
        copies = home.glob("uploads/prepare-*/out/.preparing-*/*clip.mp4*")
        return any(copy.stat().st_size > 0 for copy in copies)

    installation.wait_for(is_copying, "the copy under way")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert installation.rows("SELECT state, attempt FROM jobs_job") == [("running", 1)]
    assert installation.rows("SELECT state FROM datasets_clip") == [("pending",)]

    installation.start_worker()

    def is_ready() -> bool:
        installation.sweep("media")
        return installation.rows("SELECT state FROM datasets_clip") == [("ready",)]

    installation.wait_for(is_ready, "the clip")
    installation.wait_for(
        lambda: installation.rows("SELECT state FROM jobs_job") == [("succeeded",)], "the end of the job"
    )
    assert installation.rows("SELECT attempt FROM jobs_job") == [(2,)]
    stored = [path.parent.parent.name for path in (home / "media").rglob("*") if path.is_file()]
    assert sorted(stored) == ["clips", "filmstrip", "playback", "poster"]
    assert list((home / "uploads").iterdir()) == []


def test_a_batch_of_faces_goes_on_and_leaves_no_process_behind(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "clips").mkdir()
    rng = np.random.default_rng(7)
    for number in range(6):
        noise = rng.integers(0, 255, (8, 240, 320, 3), dtype=np.uint8)
        write_video((noise[index % 8] for index in range(48)), tmp_path / "clips" / f"{number}.mp4", fps=24)
    installation.manage(f"import_clips {tmp_path / 'clips'}", "analyse_clips --all --detach")
    first = installation.start_worker("vision")
    done = "SELECT count(*) FROM datasets_clipanalysis"
    installation.wait_for(lambda: installation.rows(done)[0][0] >= 1, "the first clip's faces")
    family = psutil.Process(first.pid).children(recursive=True)
    assert family  # clips are analysed in processes of their own
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    _, alive = psutil.wait_procs(family, timeout=120)
    assert alive == []
    before = installation.rows("SELECT clip_id, analysed_at FROM datasets_clipanalysis")
    assert len(before) < 6

    installation.start_worker("vision")

    def is_over() -> bool:
        installation.sweep("vision")
        return installation.rows("SELECT state, attempt FROM jobs_job WHERE kind = 'clips_analyse'") == [
            ("succeeded", 2)
        ]

    installation.wait_for(is_over, "the end of the batch")
    after = installation.rows("SELECT clip_id, analysed_at FROM datasets_clipanalysis")
    assert len(after) == 6
    assert set(before) <= set(after)  # nothing was done twice
