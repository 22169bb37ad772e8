"""A real worker that builds a release: killed with -9 half-way, or with a disk that is full.

Real processes: Celery's worker over its filesystem broker, SQLite in a home of its own.
"""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from datasets.releases.verify import verify_release
from tests.datasets.test_killed_worker import REPOSITORY, Installation, new_home
from tests.made_once import MadeOnce

pytestmark = pytest.mark.slow

CLIP_MB = 12
# Far above the database's files, below one clip.
DISK_BYTES = 8 * 1024**2

# Six clips of noise with an answer to each pair; then a release of them that waits for a worker.
MAKE = """
import django, hashlib, random, sys
django.setup()
from annotator.services.studies import study_create, study_open
from datasets.models import Pair
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from tests.annotator.factories import make_clip, make_person, make_user
from tests.annotator.judging import items_of, judge

draw = random.Random(7)
people = [make_person(key=name) for name in ("amy", "bob", "cid")]
for person in people:
    clips = []
    for _ in range(2):
        content = draw.randbytes({size})
        digest = hashlib.sha256(content).hexdigest()
        name = default_storage.save(f"playback/{{digest}}.mp4", ContentFile(content))
        clips.append(make_clip(subjects=(person,), playback_sha256=digest, playback_file=name))
    Pair.objects.create(clip_a=clips[0], clip_b=clips[1], prompt="tea")
study = study_create(
    name="Tea party", slug="tea", pairs=Pair.objects.all(), created_by=make_user("lead"), overlap=1, repeat_share=0.0
)
study_open(study=study)
for item in items_of(study):
    judge(item, make_user(f"judge-{{item.pk}}"), "a")
"""
QUEUE = """
from annotator.releasing.options import ReleaseOptions
from annotator.services.releases import release_queue
release_queue(study=study, options=ReleaseOptions(format={format!r}))
"""
AGAIN = """
import django
django.setup()
from annotator.services.releases import release_retry
from datasets.models import Release
assert release_retry(release=Release.objects.get())
"""


class ReleaseSite(Installation):
    @property
    def folder(self) -> Path:
        return self.home / "releases" / "tea-v1"

    def state(self) -> tuple[str, str, str]:
        """Of the newest job, and of the release with its sentence."""
        jobs = self.rows("SELECT state FROM jobs_job WHERE kind = 'release_export' ORDER BY id DESC")
        return jobs[0][0], *self.rows("SELECT state, error FROM datasets_release")[0]

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.home / "likeness.sqlite3", timeout=20)) as database, database:
            database.execute(statement)

    def has_ended(self) -> bool:
        return self.state()[0] in ("succeeded", "failed")

    def start_worker_on_a_full_disk(self) -> None:
        """Limit the size of a file instead of the disk: a write fails in the same place, half-way in a file."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))

        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool", "solo", "-Q", "media"]
        with (self.home / "full.log").open("wb") as log:
            self.workers.append(
                subprocess.Popen(
                    command, cwd=REPOSITORY, env=self.environment, stdout=log, stderr=log, preexec_fn=limit
                )
            )


@pytest.fixture
def make_site(tmp_path: Path, once: MadeOnce) -> Iterator[Callable[..., ReleaseSite]]:
    """Return what makes an installation, with a release that waits for a worker where a format is named."""
    site = ReleaseSite(tmp_path / "own")

    def make(form: str = "") -> ReleaseSite:
        new_home(site.home, once)
        script = MAKE.format(size=CLIP_MB * 1024**2)
        site.run("-c", script + QUEUE.format(format=form) if form else script)
        return site

    yield make
    for worker in site.workers:
        worker.kill()
        worker.wait()


def test_a_killed_worker_leaves_no_half_release_and_the_next_one_builds_it(make_site):
    site = make_site("videoalign")  # is written in two steps, in two hidden folders
    first = site.start_worker()

    def is_writing() -> bool:
        return any(path.stat().st_size > 0 for path in site.home.glob("releases/.tea-v1.*/**/*.parquet"))

    site.wait_for(is_writing, "a part of the release")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert site.state() == ("running", "building", "")
    assert not site.folder.exists()

    site.start_worker()
    site.wait_for(lambda: site.sweep("media") or site.state()[0] != "running", "the sweep")
    site.wait_for(site.has_ended, "the end of the job")

    assert site.state() == ("succeeded", "frozen", "")
    assert site.rows("SELECT attempt FROM jobs_job WHERE kind = 'release_export'") == [(2,)]
    assert verify_release(site.folder) == []
    assert list(site.folder.parent.iterdir()) == [site.folder]


def test_a_full_disk_leaves_nothing_and_the_release_is_built_when_there_is_room(make_site):
    site = make_site("likeness")
    site.start_worker_on_a_full_disk()
    site.wait_for(site.has_ended, "the end of the job")
    site.workers[0].kill()

    *states, sentence = site.state()
    assert states == ["failed", "failed"]
    assert sentence.startswith("The disk of ")
    assert sentence.endswith(" is full; nothing was written.")
    assert list(site.folder.parent.iterdir()) == []

    site.run("-c", AGAIN)
    site.start_worker()
    site.wait_for(site.has_ended, "the end of the job")
    assert site.state() == ("succeeded", "frozen", "")
    assert verify_release(site.folder) == []


def test_a_killed_command_leaves_a_release_that_failed_and_the_next_one_is_whole(make_site):
    site = make_site()
    out = site.home / "out"
    command = [sys.executable, "manage.py", "export_pairs", "tea", "--out", str(out)]
    with (site.home / "export.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=site.environment, stdout=log, stderr=log)
    site.workers.append(process)

    def is_writing() -> bool:
        return any(path.stat().st_size > 0 for path in site.home.glob(".out.partial-*/**/*.parquet"))

    site.wait_for(is_writing, "a part of the release")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert site.state() == ("running", "building", "")
    assert not out.exists()

    # Nobody sweeps where there is no worker: the next command does, once the heartbeat is old enough.
    site.execute("UPDATE jobs_job SET heartbeat_at = '2020-01-01 00:00:00'")
    site.run("manage.py", "export_pairs", "tea", "--out", str(out))

    assert verify_release(out) == []
    rows = site.rows("SELECT version, state, error <> '' FROM datasets_release ORDER BY version")
    assert rows == [(1, "failed", 1), (2, "frozen", 0)]
    assert site.rows("SELECT state FROM jobs_job ORDER BY id") == [("failed",), ("succeeded",)]
    assert not list(site.home.glob(".out.partial-*"))
