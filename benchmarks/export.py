"""Seconds and memory of an export: `python -m benchmarks.export [--comparisons 100000]`.

A study of scenes with five clips each, all against all, of two people out of 400; one judgment a pair with a verdict
for each person, and its consensus. It is exported as export_pairs does it, without media, verified, and the time of
each is printed. Memory is the peak of the exporting process above what it holds when it is idle: Django loaded, the
database open. DATABASE_URL chooses the database.
"""

import argparse
import importlib.abc
import itertools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIMIT_S, LIMIT_MB = 20.0, 64.0
CLIPS_PER_SCENE, PEOPLE, BATCH = 5, 400, 2000
SLUG = "export"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--comparisons", type=int, default=100_000)
    parser.add_argument("--child", choices=["seed", "measure"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child == "seed":
        seed(options.comparisons)
    elif options.child == "measure":
        measure(options.out)
    else:
        run_all(options.comparisons)


def run_all(comparisons: int) -> None:
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} before the start")
    with tempfile.TemporaryDirectory(prefix="likeness-export-") as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            **os.environ,
            "LIKENESS_HOME": f"{folder}/home",
        }
        run(environment, "manage.py", "migrate", "--verbosity", "0")
        run(environment, "-m", "benchmarks.export", "--child", "seed", "--comparisons", str(comparisons))
        out = f"{folder}/release"
        figures = json.loads(run(environment, "-m", "benchmarks.export", "--child", "measure", "--out", out))
    print("\n| comparisons | judgments |  clips | export, s | MB above idle | MB on disk | verify, s |")
    print("|------------:|----------:|-------:|----------:|--------------:|-----------:|----------:|")
    print(
        f"| {figures['comparisons']:11,} | {figures['judgments']:9,} | {figures['clips']:6,} "
        f"| {figures['seconds']:9.1f} | {figures['megabytes']:13.1f} | {figures['disk']:10.1f} "
        f"| {figures['verify_seconds']:9.1f} |"
    )
    print(f"\nto hold for 100,000 comparisons without media: {LIMIT_S:.0f} s, {LIMIT_MB:.0f} MB")


def run(environment: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


# ------------------------------------------------------------------ rows


def seed(comparisons: int) -> None:
    import django

    django.setup()
    from annotator.models import Study
    from annotator.services.studies import study_create
    from datasets.models import Pair

    seed_pairs(comparisons)
    study = study_create(
        name="Export", slug=SLUG, pairs=Pair.objects.all(), created_by=None, overlap=1, repeat_share=0.0
    )
    seed_judgments(Study.objects.get(pk=study.pk))


def seed_pairs(comparisons: int) -> None:
    from datasets.models import Clip, ClipState, ClipSubject, Pair, Person

    people = Person.objects.bulk_create(
        Person(key=f"person_{number}", name=f"Person {number}") for number in range(PEOPLE)
    )
    combinations = list(itertools.combinations(range(CLIPS_PER_SCENE), 2))
    scenes = -(-comparisons // len(combinations))
    left = comparisons
    for first in range(0, scenes, 500):
        numbers = range(first, min(first + 500, scenes))
        clips = Clip.objects.bulk_create(
            Clip(
                sha256=f"{scene:032x}{take:032x}",
                playback_sha256=f"{take:032x}{scene:032x}",
                file=f"originals/{scene}-{take}.mp4",
                playback_file=f"playback/{scene}-{take}.mp4",
                bytes=1,
                source_name=f"{scene}-{take}.mp4",
                state=ClipState.READY,
                width=832,
                height=480,
                fps_num=24,
                fps_den=1,
                frames=121,
                generator=f"generator-{take}",
                prompt=prompt_of(scene),
            )
            for scene in numbers
            for take in range(CLIPS_PER_SCENE)
        )
        of_scene = {scene: clips[n * CLIPS_PER_SCENE :][:CLIPS_PER_SCENE] for n, scene in enumerate(numbers)}
        ClipSubject.objects.bulk_create(
            ClipSubject(clip=clip, person=people[2 * (scene % (PEOPLE // 2)) + position], position=position)
            for scene, takes in of_scene.items()
            for clip in takes
            for position in range(2)
        )
        pairs = [
            Pair(clip_a=takes[a], clip_b=takes[b], prompt=prompt_of(scene))
            for scene, takes in of_scene.items()
            for a, b in combinations
        ][:left]
        left -= len(Pair.objects.bulk_create(pairs))


def prompt_of(scene: int) -> str:
    return f"Scene {scene}: two people walk through a market hall and talk, evening light, slow camera."


def seed_judgments(study: Any) -> None:
    from annotator.models import Consensus, Judgment, PersonJudgment, Slot
    from config.accounts.models import User
    from datasets.models import ClipSubject

    annotator = User.objects.create(username="export-benchmark")
    slots = Slot.objects.filter(study=study).select_related("item__pair").order_by("pk")
    for batch in batches(slots.iterator(chunk_size=BATCH)):
        judgments = Judgment.objects.bulk_create(
            Judgment(
                study=study,
                item=slot.item,
                slot=slot,
                annotator=annotator,
                idempotency_key=uuid.uuid4(),
                left_is_a=slot.left_is_a,
                overall="left",
                active_ms=41_000,
            )
            for slot in batch
        )
        subjects: dict[int, list[int]] = {}
        clips = [slot.item.pair.clip_a_id for slot in batch]
        for clip, person in ClipSubject.objects.filter(clip__in=clips).values_list("clip", "person"):
            subjects.setdefault(clip, []).append(person)
        PersonJudgment.objects.bulk_create(
            PersonJudgment(judgment=judgment, person_id=person, verdict="left")
            for judgment, clip in zip(judgments, clips, strict=True)
            for person in subjects[clip]
        )
        opinion = {"prob_a": 0.6, "prob_same": 0.2, "prob_b": 0.2, "n": 1, "state": "agreed"}
        Consensus.objects.bulk_create(
            Consensus(
                item=slot.item,
                study=study,
                state="agreed",
                prob_a=0.6,
                prob_tie=0.2,
                prob_b=0.2,
                n_judgments=1,
                people={str(person): opinion for person in subjects[clip]},
            )
            for slot, clip in zip(batch, clips, strict=True)
        )


def batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(rows, BATCH)):
        yield batch


# ------------------------------------------------------------------ the figures


class _NoPandas(importlib.abc.MetaPathFinder):
    """A site has no pandas; where tools for development bring it, pyarrow loads it, for 50 MB and no use."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


def measure(out: Path) -> None:
    """Export in this process and print what it took as JSON."""
    sys.meta_path.insert(0, _NoPandas())
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.DEBUG = False  # It would keep the text of every query.
    from annotator.models import Study
    from annotator.releasing.options import ReleaseOptions
    from annotator.services.release_build import release_build
    from annotator.services.releases import release_create
    from datasets.releases.verify import verify_release

    study = Study.objects.get(slug=SLUG)
    if connection.vendor == "sqlite":
        # Pages of the database file that the kernel lends and takes back are not memory of this process.
        connection.cursor().execute("PRAGMA mmap_size=0")
    idle = resident_bytes()
    started = time.monotonic()
    release = release_create(study=study, options=ReleaseOptions(media=False), folder=out)
    release_build(release=release, study=study)
    seconds = time.monotonic() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    started = time.monotonic()
    findings = verify_release(out)
    verify_seconds = time.monotonic() - started
    if findings:
        raise SystemExit(f"the release is not whole: {findings[0]}")
    tables = {table: sum(splits.values()) for table, splits in release.counts["tables"].items()}
    print(
        json.dumps(
            {
                **tables,
                "seconds": seconds,
                "megabytes": (peak - idle) / 1e6,
                "disk": release.counts["bytes"] / 1e6,
                "verify_seconds": verify_seconds,
            }
        )
    )


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
