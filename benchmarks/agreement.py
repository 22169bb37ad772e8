"""How long agreement, consensus and ranking take on arrays: `python -m benchmarks.agreement [--repeats N]`.

Made-up answers of annotators between chance and nearly always right. Each row is the fastest of N runs.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np

from annotator.agreement.alpha import krippendorff_alpha
from annotator.agreement.annotators import annotator_reports
from annotator.agreement.bradley_terry import rank_generators
from annotator.agreement.dawid_skene import dawid_skene
from annotator.agreement.long_form import Ints

OVERLAP = 3
GENERATORS = 8


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, numpy {np.__version__}"
    )
    print(f"\n| {'what':<58} | seconds |\n|{'-' * 60}|{'-' * 9}|")
    for name, run in _rows():
        print(f"| {name:<58} | {_fastest(run, options.repeats):7.3f} |", flush=True)


def _rows() -> list[tuple[str, Callable[[], object]]]:
    few, many = _answers(items=2_000, annotators=12), _answers(items=33_334, annotators=200)
    items, annotators, values = _answers(items=10_000, annotators=50)
    rng = np.random.default_rng(1)
    first = rng.integers(0, GENERATORS, 10_000)
    second = (first + rng.integers(1, GENERATORS, 10_000)) % GENERATORS
    words = np.array(["left", "tie", "right"])[values].tolist()
    seconds = rng.gamma(4, 10, len(values))
    return [
        (
            "alpha, nominal: 2,000 items x 3, 1,000 resamples",
            lambda: krippendorff_alpha(*few, resamples=1000),
        ),
        (
            "alpha, ordinal: 2,000 items x 3, 1,000 resamples",
            lambda: krippendorff_alpha(*few, level="ordinal", resamples=1000),
        ),
        (
            "Dawid-Skene: 100,000 answers, 200 annotators, 3 classes",
            lambda: dawid_skene(*many, classes=3),
        ),
        (
            "ranking: 30,000 answers, 8 generators, 1,000 resamples",
            lambda: rank_generators(
                first[items], second[items], np.eye(3)[values], clusters=items, resamples=1000
            ),
        ),
        (
            "annotator reports: 30,000 answers, 50 annotators",
            lambda: annotator_reports(annotators, items, items, words, np.ones(len(values), bool), seconds),
        ),
    ]


def _answers(*, items: int, annotators: int) -> tuple[Ints, Ints, Ints]:
    """Items, annotators and values; an annotator knows a share of the truths and guesses the others."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rng.integers(0, 3, items), OVERLAP)
    annotator = (
        np.repeat(rng.integers(0, annotators, items), OVERLAP) + np.tile(np.arange(OVERLAP), items)
    ) % annotators
    knows = rng.random(len(truth)) < rng.uniform(0.3, 0.95, annotators)[annotator]
    values = np.where(knows, truth, rng.integers(0, 3, len(truth)))
    return np.repeat(np.arange(items), OVERLAP), annotator, values


def _fastest(run: Callable[[], object], repeats: int) -> float:
    return min(_seconds(run) for _ in range(repeats))


def _seconds(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
