"""A batch whose workers are killed with -9 ends with every planned result, each of them once."""

import csv
import os
import signal
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest

from datasets.cast import draw_clip, film
from tests.datasets.test_killed_worker import Installation, new_home
from tests.made_once import MadeOnce

pytestmark = pytest.mark.slow

RESULTS = 4
KILLS = 2
CONFIG = f"""
count = {RESULTS}
seed = 3
tries = 1
longest_side = 384
[recipes]
geometry_drift = 1
[schedules]
constant = 1
[pairs]
clean = 1
"""


@pytest.fixture
def installation(tmp_path: Path, shared_models: Path, once: MadeOnce) -> Iterator[Installation]:
    installation = Installation(tmp_path / "own")
    new_home(installation.home, once)
    installation.environment |= {
        "LIKENESS_FACE_BACKEND": "mobilefacenet",
        "LIKENESS_MODELS": str(shared_models.resolve()),
    }
    yield installation
    for worker in installation.workers:
        worker.kill()
        worker.wait()


@pytest.fixture
def planned(installation: Installation, tmp_path: Path) -> None:
    """Two clips of two people in the library, their faces found, and a batch that waits for workers."""
    with (tmp_path / "import.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "subjects", "references"])
        for seed in (8, 9):
            clip = draw_clip(seed, 2, frames=16, fps=Fraction(8), size=(384, 216), events=())
            filmed = film(clip, tmp_path / f"{seed}" / "clip.mp4", views=("neutral",))
            people = ";".join(f"person_{seed}_{place}" for place in range(2))
            pictures = ";".join(str(each[0].relative_to(tmp_path)) for each in filmed.references)
            rows.writerow([filmed.clip.relative_to(tmp_path), people, pictures])
    (tmp_path / "batch.toml").write_text(CONFIG)
    installation.manage(
        f"import_clips {tmp_path / 'import.csv'}",
        "analyse_clips --all",
        f"distort {tmp_path / 'batch.toml'} --detach",
    )


def test_nothing_is_lost_or_doubled(installation: Installation, planned: None) -> None:
    ended = "SELECT count(*) FROM distortions_distortion WHERE state <> 'planned'"

    def has_ended(least: int) -> bool:
        return bool(installation.rows(ended)[0][0] >= least)

    for kill in range(1, KILLS + 1):
        worker = installation.start_worker("vision")
        installation.sweep("vision")
        installation.wait_for(partial(has_ended, kill), f"result {kill}")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    before = installation.rows("SELECT number, clip_id FROM distortions_distortion WHERE clip_id IS NOT NULL")
    assert installation.rows(ended)[0][0] < RESULTS

    installation.start_worker("vision")

    def is_over() -> bool:
        installation.sweep("vision")
        return installation.rows("SELECT state FROM distortions_batch") == [("finished",)]

    installation.wait_for(is_over, "the end of the batch")
    rows = installation.rows("SELECT number, clip_id FROM distortions_distortion ORDER BY number")
    assert [number for number, _ in rows] == list(range(1, RESULTS + 1))
    assert set(before) <= set(rows)
    made = [clip for _, clip in rows if clip is not None]
    assert len(set(made)) == len(made) > 0
    assert installation.rows("SELECT count(*) FROM datasets_clip WHERE origin = 'distorted'") == [
        (len(made),)
    ]
    assert installation.rows("SELECT count(*) FROM distortions_syntheticpair") == [(len(made),)]
    assert installation.rows("SELECT count(*) FROM distortions_cleancopy") == [(len(made),)]
