"""How well each face backend tells people apart: `python -m benchmarks.verification FOLDER [--models DIR]`.

FOLDER holds `verification_pairs.csv` with the columns path_1, path_2, same_person, set, and the pictures it names.
Accuracy is LFW's protocol on these pairs: ten folds, the threshold chosen on nine and applied to the tenth. The equal
error rate is over all pairs. Pictures are given room before detection, since those cut to the face leave none.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import machine
from datasets.identity.backends import backend_load
from datasets.identity.backends.align import TEMPLATE
from datasets.identity.backends.protocol import Backend
from datasets.identity.errors import IdentityError
from datasets.identity.faces import Face, box_sizes

FOLDS = 10
BACKENDS = ("opencv", "mobilefacenet", "insightface", "dlib")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backends", nargs="+", default=list(BACKENDS))
    options = parser.parse_args()
    if options.folder is None or not (options.folder / "verification_pairs.csv").is_file():
        print("No pairs of faces given: python -m benchmarks.verification FOLDER")
        return 0
    pairs = _pairs(options.folder)
    print(machine(), "\n")
    print(f"{'backend':15}{'set':10}{'pairs':>6}{'accuracy':>10}{'± (sd of folds)':>17}{'EER':>8}{'threshold':>11}"
          f"{'own':>8}{'found':>8}{'s a face':>10}")  # fmt: skip
    for name in options.backends:
        try:
            backend = backend_load(name, options.models)
        except IdentityError as error:
            print(f"{name:15}left out: {error}")
            continue
        _report(name, backend, pairs)
    return 0


def _pairs(folder: Path) -> list[tuple[str, Path, Path, bool]]:
    root = folder.parent
    with (folder / "verification_pairs.csv").open(newline="") as file:
        return [
            (row["set"], root / row["path_1"], root / row["path_2"], row["same_person"] == "1")
            for row in csv.DictReader(file)
        ]


def _report(name: str, backend: Backend, pairs: list[tuple[str, Path, Path, bool]]) -> None:
    files = {path: which for which, a, b, _ in pairs for path in (a, b)}
    started = time.process_time()
    embeddings = {path: _embed(backend, path, which) for path, which in files.items()}
    each_s = (time.process_time() - started) / len(files)
    by_set: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    found: dict[str, list[bool]] = defaultdict(list)
    for which, a, b, same in pairs:
        pair = backend.space.similarity(embeddings[a][0], embeddings[b][0])
        by_set[which].append((float(pair[0, 0]), same))
        found[which] += [embeddings[a][1], embeddings[b][1]]
    for which, scored in by_set.items():
        scores, truth = np.array([s for s, _ in scored]), np.array([t for _, t in scored])
        accuracy, spread, threshold = ten_folds(scores, truth)
        at_own = float(np.mean((scores >= backend.space.same_person) == truth))
        print(
            f"{name:15}{which:10}{len(scored):6}{accuracy:10.1%}{spread:17.1%}{equal_error_rate(scores, truth):8.1%}"
            f"{threshold:11.2f}{at_own:8.1%}{np.mean(found[which]):8.1%}{each_s:10.3f}"
        )


def _embed(backend: Backend, path: Path, which: str) -> tuple[NDArray[np.float32], bool]:
    """Return the largest face's embedding (1, D), and whether it was found rather than assumed."""
    raw = cv2.imread(str(path))
    assert raw is not None, path
    picture = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8)
    room = max(picture.shape[:2]) // 3
    padded = np.pad(picture, ((room, room), (room, room), (0, 0)), mode="edge")
    scale = max(1.0, 320 / max(padded.shape[:2]))
    large = np.asarray(cv2.resize(padded, None, fx=scale, fy=scale), np.uint8)
    faces = backend.detector.detect(large, 0)
    if faces:
        face = max(faces, key=lambda each: float(box_sizes(each.box)))
        return backend.embed_faces(large, [face]), True
    # Not found: the place where a picture cut to the face has it.
    size = np.array(picture.shape[1::-1], np.float32)
    landmarks = (TEMPLATE / 112 * size + room) * np.float32(scale)
    box = np.concatenate([0.15 * size + room, 0.95 * size + room]).astype(np.float32) * np.float32(scale)
    return backend.embed_faces(large, [Face(box, landmarks, 0.5)]), False


def ten_folds(scores: NDArray[np.floating], same: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return mean accuracy, its standard deviation over folds, and the mean threshold."""
    order = np.random.default_rng(0).permutation(len(scores))
    accuracies, thresholds = [], []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        rest = np.setdiff1d(order, held)
        candidates = np.unique(scores[rest])
        right = [(np.mean((scores[rest] >= c) == same[rest])) for c in candidates]
        threshold = float(candidates[int(np.argmax(right))])
        thresholds.append(threshold)
        accuracies.append(float(np.mean((scores[held] >= threshold) == same[held])))
    return float(np.mean(accuracies)), float(np.std(accuracies)), float(np.mean(thresholds))


def equal_error_rate(scores: NDArray[np.floating], same: NDArray[np.bool_]) -> float:
    """Return the rate at which as many same pairs are refused as different ones accepted."""
    thresholds = np.unique(scores)
    refused = np.array([(scores[same] < t).mean() for t in thresholds])
    accepted = np.array([(scores[~same] >= t).mean() for t in thresholds])
    place = int(np.abs(refused - accepted).argmin())
    return float((refused[place] + accepted[place]) / 2)


if __name__ == "__main__":
    sys.exit(main())
