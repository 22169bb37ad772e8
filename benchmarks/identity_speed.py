"""What face tracks cost: `python -m benchmarks.identity_speed [CLIP ...] [--models DIR] [--repeats N]`.

Without CLIP, 5 seconds of 640x360 of two people of the procedural cast. For each backend that is here: wall clock and
processor time of the fastest of N runs, each step's share, peak memory of a process of its own that runs nothing
else, and the time that a stored analysis takes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import machine
from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import backend_load
from datasets.identity.cache import analyse_cached, content_hash
from datasets.identity.errors import IdentityError
from datasets.media.probe import probe

BACKENDS = ("opencv", "mobilefacenet", "insightface", "dlib")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", nargs="*", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_measure(options.clips[0], options.one, options.models, options.repeats)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        clips = options.clips or [_cast_clip(Path(folder))]
        print(machine())
        for clip in clips:
            _report(clip, options)
    return 0


def _cast_clip(folder: Path) -> Path:
    clip = folder / "cast.mp4"
    command = [sys.executable, "-m", "datasets.cast", "--people", "2", "--seconds", "5", "--seed", "7"]
    subprocess.run([*command, "--fps", "25", "--out", str(clip)], check=True, stdout=subprocess.DEVNULL)
    return clip


def _report(clip: Path, options: argparse.Namespace) -> None:
    facts = probe(clip)
    print(f"\n{clip.name}: {facts.frames} frames of {facts.width}x{facts.height}, {facts.duration_s:.1f} s")
    for name in options.backends:
        try:
            backend_load(name, options.models)
        except IdentityError as error:
            print(f"  {name}: left out: {error}")
            continue
        command = [sys.executable, "-m", "benchmarks.identity_speed", str(clip), "--one", name]
        command += ["--repeats", str(options.repeats)]
        command += ["--models", str(options.models)] if options.models else []
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(
            f"  {name}: {found['wall']:.2f} s, {found['cpu']:.2f} s of processor time; loading {found['load']:.2f} s; "
            f"cached {found['cached'] * 1000:.0f} ms; {found['memory']:.0f} MB; {found['people']} people"
        )
        print("    processor time: " + "; ".join(f"{step} {seconds:.2f}" for step, seconds in found["steps"]))


def _measure(clip: Path, name: str, models: Path | None, repeats: int) -> dict[str, object]:
    started = time.perf_counter()
    backend = backend_load(name, models)
    load_s = time.perf_counter() - started
    runs = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        analysis = analyse_clip(clip, backend)
        runs.append((time.perf_counter() - wall, time.process_time() - cpu, analysis))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        sha256 = content_hash(clip)
        analyse_cached(clip, backend, folder, sha256=sha256)
        cached = time.perf_counter()
        analyse_cached(clip, backend, folder, sha256=sha256)
        cached_s = time.perf_counter() - cached
    fastest = min(runs, key=lambda run: run[0])
    return {
        "wall": fastest[0],
        "cpu": min(run[1] for run in runs),
        "load": load_s,
        "cached": cached_s,
        "memory": memory,
        "people": len(fastest[2].people),
        "steps": sorted(fastest[2].timings, key=lambda step: -step[1]),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    sys.exit(main())
