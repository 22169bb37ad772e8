"""How fast the identity reward scores clips whose tracks are there: `python -m benchmarks.reward_speed`.

The network has its default size and random weights, which cost the same as trained ones. Clips are simulated
(`benchmarks.simulated_release`). On a grid: tracks are read from a release and put on moments already. From tracks:
with that, as a service does it that keeps tracks as they were found. One thread, best of five rounds, by the clock
and by processor time: the clock is too slow while others work on the machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import machine
from benchmarks.simulated_release import BACKEND, Setting, simulate
from datasets.releases.reader import Release
from training.reward.clips import Track
from training.reward.config import Config
from training.reward.corpus import Corpus, corpus_read
from training.reward.model import FaceTracks, RewardModel
from training.reward.network import IdentityReward

WANTED = 200
ROUNDS = 5


def main() -> int:
    torch.set_num_threads(1)
    config = Config()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "release"
        simulate(folder, Setting(groups=40))
        corpus = corpus_read(folder, config.data, verify=False)
        tracks = _tracks(folder, corpus)
    model = RewardModel(
        IdentityReward(config.network, corpus.dimension).eval(), config, BACKEND, corpus.dimension
    )
    references = [dict(zip(clip.people, clip.references, strict=True)) for clip in corpus.clips]
    count = len(corpus.clips)
    print(machine())
    print(f"{'clips a second':16}{'by the clock':>14}{'of processor':>14}{'wanted':>8}")
    for name, score in (
        ("on a grid", lambda: model.score_clips(corpus.clips)),
        ("from tracks", lambda: model.score(tracks, references)),
    ):
        clock, processor = _fastest(score)
        print(f"{name:16}{count / clock:14.0f}{count / processor:14.0f}{WANTED:8}")
    return 0


def _fastest(score: Callable[[], object]) -> tuple[float, float]:
    """Return seconds by the clock and of the processor."""
    clock, processor = [], []
    for _ in range(ROUNDS):
        started, worked = time.perf_counter(), time.process_time()
        score()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
    return min(clock), min(processor)


def _tracks(folder: Path, corpus: Corpus) -> list[FaceTracks]:
    found: dict[str, dict[str, Track]] = {}
    for row in Release.open(folder).rows("tracks"):
        found.setdefault(row["clip"], {})[row["person_id"]] = Track(
            np.array(row["frames"], np.int32),
            np.array(row["quality"], np.float32),
            np.array(row["sample_frames"], np.int32),
            np.array(row["embeddings"], np.float32),
        )
    return [FaceTracks(clip.key, clip.frames, found[clip.key], BACKEND) for clip in corpus.clips]


if __name__ == "__main__":
    raise SystemExit(main())
