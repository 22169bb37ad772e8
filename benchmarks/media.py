"""How long a clip takes from upload to playback copy: `python -m benchmarks.media [CLIP] [--repeats N]`.

Without CLIP, 81 frames of 832x480 at 16 fps (what a Wan model gives) of moving figures under film grain. Each row
is the fastest of N runs: wall clock, and processor time over all threads, of which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.media.pictures import make_pictures
from datasets.media.playback import make_playback
from datasets.media.probe import probe
from datasets.media.read import read_frames
from datasets.media.sandbox import prepare_clip
from datasets.media.testclips import TestClip, render_frames
from datasets.media.write import write_video

GRAIN = 6.0


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = options.clip or _make_clip(Path(folder) / "source.mp4")
        _print_table(clip, Path(folder), options.repeats)


def _make_clip(path: Path) -> Path:
    rng = np.random.default_rng(0)
    frames = render_frames(TestClip(width=832, height=480, frames=81))
    grainy = ((frame + rng.normal(0, GRAIN, frame.shape)).clip(0, 255).astype(np.uint8) for frame in frames)
    write_video(grainy, path, fps=16)
    return path


def _print_table(clip: Path, folder: Path, repeats: int) -> None:
    facts = probe(clip)
    frames = read_frames(clip)
    copy = folder / "copy.mp4"
    rows: list[tuple[str, Callable[[], object]]] = [
        ("probe", lambda: probe(clip)),
        ("decode to RGB", lambda: read_frames(clip)),
        ("encode from RGB", lambda: write_video(frames, copy, fps=facts.fps)),
        ("playback copy", lambda: make_playback(clip, copy)),
        ("poster and filmstrip", lambda: make_pictures(copy, folder / "poster.jpg", folder / "strip.jpg")),
        ("all of it, in the child process", lambda: prepare_clip(clip, folder / "out")),
    ]
    print(_machine())
    print(f"{facts.frames} frames of {facts.width}x{facts.height} {facts.codec}, fastest of {repeats}\n")
    print(f"{'':34}{'wall s':>8}{'CPU s':>8}")
    for name, action in rows:
        cost = _fastest(action, repeats)
        print(f"{name:34}{cost.wall_s:8.2f}{cost.cpu_s:8.2f}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nplayback copy {copy.stat().st_size / 1e6:.2f} MB, peak memory of the child {peak:.0f} MB")


def _fastest(action: Callable[[], object], repeats: int) -> Cost:
    costs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), _processor_time()
        action()
        costs.append(Cost(time.perf_counter() - wall, _processor_time() - cpu))
    return Cost(min(cost.wall_s for cost in costs), min(cost.cpu_s for cost in costs))


def _processor_time() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _machine() -> str:
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
