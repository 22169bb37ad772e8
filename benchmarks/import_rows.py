"""Seconds and memory of an import: `python -m benchmarks.import_rows [--rows 10000]`.

A manifest of tiny files, two clips a pair and two people a clip, so that what is measured is the work on rows: reading
the manifest, looking at each path, hashing and storing each file, and the rows of people, clips, pairs and jobs. The
time on real clips is that of reading and copying their bytes on top. Memory is the peak of the importing process
above what it holds when it is idle: Django loaded, the database open. DATABASE_URL chooses the database.
"""

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S, LIMIT_MB = 5.0, 64.0
PEOPLE = 200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        measure(options.child)
        return
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the start")
    with tempfile.TemporaryDirectory(prefix="likeness-import-") as folder:
        manifest = write_manifest(Path(folder) / "source", options.rows)
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            **os.environ,
            "LIKENESS_HOME": f"{folder}/home",
        }
        run(environment, "manage.py", "migrate", "--verbosity", "0")
        print(f"\n| import of {options.rows:,} rows | seconds | MB above idle | clips new | pairs new |")
        print(f"|{'-' * 24}|--------:|--------------:|----------:|----------:|")
        for name in ("first time", "again"):
            print_row(
                name, json.loads(run(environment, "-m", "benchmarks.import_rows", "--child", str(manifest)))
            )
    print(f"\nto hold for 10,000 rows: {LIMIT_S:.0f} s, {LIMIT_MB:.0f} MB")


def write_manifest(folder: Path, rows: int) -> Path:
    (folder / "clips").mkdir(parents=True)
    manifest = folder / "import.csv"
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["clip", "prompt", "subjects", "generator", "generator_version", "seed", "pair"])
        for number in range(rows):
            name = f"clips/{number:06}.mp4"
            (folder / name).write_bytes(b"clip %d" % number)
            pair = number // 2
            people = f"person_{pair % PEOPLE};person_{(pair + 1) % PEOPLE}"
            prompt = f"Scene {pair}: two people walk through a market hall and talk, evening light. " * 2
            writer.writerow([name, prompt, people, f"generator-{number % 2}", "1.3", number, f"pair-{pair}"])
    return manifest


def run(environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def measure(manifest: Path) -> None:
    """Import in this process and print what it took as JSON."""
    import django

    django.setup()
    from datasets.importing import import_source
    from datasets.models import Clip

    Clip.objects.count()
    idle = resident_bytes()
    started = time.monotonic()
    report = import_source(source=manifest)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if report.problems:
        raise SystemExit(f"the manifest was not taken whole: {report.problems[0]}")
    print(
        json.dumps(
            {
                "seconds": seconds,
                "megabytes": (peak - idle) / 1e6,
                "clips": report.clips_new,
                "pairs": report.pairs_new,
            }
        )
    )


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def print_row(name: str, figures: dict[str, float]) -> None:
    print(
        f"| {name:<22} | {figures['seconds']:7.2f} | {figures['megabytes']:13.1f} "
        f"| {figures['clips']:9,.0f} | {figures['pairs']:9,.0f} |"
    )


if __name__ == "__main__":
    main()
