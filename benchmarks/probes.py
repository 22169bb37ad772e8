"""Can a pair's worse side be told without looking at anybody? `python -m benchmarks.probes [FOLDER] --models DIR`.

FOLDER is a corpus (`benchmarks.distortion_corpus`). Every negative that passed the gate becomes a pair as a batch makes
it: against a clean copy of its own, or, in a share of them, against a control of the same clip; both sides finished
and encoded by the same settings. Small probes (logistic regression on differences of features and of their squares) are
trained to find the distorted side on four fifths of the families of clips and asked about the rest, each in its turn.
Three of them must stay within the interval of chance: what the encoder did, the residual along the masks' edges, and
frames with the faces blacked out. The fourth sees the faces' distance to the clip's own people, and must not.

The interval of chance is what the same training and asking comes to where answers say nothing: those of all pairs of a
clip are flipped together, at random, since pairs of one clip are alike, and all folds are trained anew.
`--finish none` leaves out what closes the leaks, to see them; `--clean shared` has one clean copy for all pairs of a
clip, which batches do not.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.distortion_corpus import FOLDER, Row, Source, result_read, rows_read, source_read
from benchmarks.machine import machine
from benchmarks.probe_features import (
    Features,
    border_features,
    encoder_features,
    surroundings_features,
)
from datasets.identity.backends import Backend, backend_choose, backend_load
from datasets.identity.space import Embeddings
from datasets.media.read import read_frames
from datasets.media.write import write_video
from distortions.synthesis.finish import Finish, draw_faces, draw_finish, finished, matched
from distortions.synthesis.measure import look_at_all
from distortions.synthesis.recipe import Frames, Material
from distortions.synthesis.twin import with_control

SHORTCUTS = ("encoder", "borders", "surroundings")
PROBES = (*SHORTCUTS, "identity")
FOLDS = 5
DRAWS = 1000
RIDGE = 3.0


@dataclass(frozen=True, eq=False)
class Pair:
    """A pair: its clip, what was done to the worse side, and what each probe sees of the worse and the better one."""

    source: str
    family: str
    recipe: str
    severity: int
    other: str
    worse: dict[str, Features]
    better: dict[str, Features]


def main() -> int:
    options = _options()
    backend = (
        backend_load(options.backend, options.models)
        if options.backend
        else backend_choose(options.models)[0]
    )
    pairs = pairs_make(backend, options)
    print(machine())
    print(
        f"{len(pairs)} pairs of {len({pair.source for pair in pairs})} clips, finish: {options.finish}, ",
        end="",
    )
    print(f"{np.mean([pair.other != 'clean' for pair in pairs]):.0%} against a control\n")
    print("\n".join(report(pairs)))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--backend", default="", help="of the identity probe; the corpus' own")
    parser.add_argument("--finish", choices=("batch", "none"), default="batch")
    parser.add_argument("--most", type=int, default=1000, metavar="N", help="pairs of each clip, drawn")
    parser.add_argument("--clean", choices=("own", "shared"), default="own", help="copy of each pair")
    parser.add_argument("--draw", type=int, default=0, help="another number, another draw of all finishes")
    parser.add_argument("--controls", type=float, default=0.5, help="share of pairs against a control")
    return parser.parse_args()


def pairs_make(backend: Backend, options: argparse.Namespace) -> list[Pair]:
    """Return the pairs of a corpus; what the probes see of each side is kept beside it."""
    folder: Path = options.folder
    by_source: dict[str, list[Row]] = defaultdict(list)
    for row in rows_read(folder):
        if row["passed"]:
            by_source[row["source"]].append(row)
    pairs = []
    for key, rows in sorted(by_source.items()):
        source = source_read(folder, key, backend)
        controls = [row for row in rows if row["kind"] == "control"]
        negatives = sorted(
            (row for row in rows if row["kind"] == "negative"),
            key=lambda row: zlib.crc32(row["key"].encode()),
        )
        sides = _Sides(folder, source, backend, options.finish, options.draw)
        for row in negatives[: options.most]:
            rng = np.random.default_rng(zlib.crc32(row["key"].encode()))
            is_met = controls and rng.random() < options.controls
            other = controls[rng.integers(len(controls))] if is_met else None
            pairs.append(
                Pair(
                    key, source.family, row["recipe"], row["severity"], other["recipe"] if other else "clean",
                    sides.features(row, twin=other),
                    sides.features(other, meets=None if options.clean == "shared" else row),
                )
            )  # fmt: skip
    return pairs


class _Sides:
    """What the probes see of the sides of one source's pairs."""

    def __init__(self, folder: Path, source: Source, backend: Backend, finish: str, draw: int) -> None:
        self._source, self._backend, self._finish, self._draw = source, backend, finish, draw
        self._kept = folder / "features" / (f"{finish}.{draw}" if draw else finish)
        self._folder = folder

    def features(
        self, row: Row | None, *, twin: Row | None = None, meets: Row | None = None
    ) -> dict[str, Features]:
        """Return the features of a result, or of a clean copy.

        A result whose twin is a control carries one, too. What meets a result is drawn for it alone.
        """
        carried = twin if self._finish == "batch" else None
        name = row["key"] if row else f"{self._source.key}.clean"
        name += f"+{carried['recipe']}.{carried['severity']}" if carried else ""
        name += f" for {meets['key']}" if meets and self._finish == "batch" else ""
        path = self._kept / f"{name}.npz"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, allow_pickle=False, **self._look(name, row, carried))
            partial.replace(path)
        with np.load(path) as kept:
            return {probe: kept[probe] for probe in PROBES}

    @cached_property
    def _own(self) -> list[Embeddings]:
        return templates(self._source, self._backend)

    def _look(self, name: str, row: Row | None, carried: Row | None) -> dict[str, Features]:
        frames = self._source.frames
        scene, faces = self._source.scene, None
        finish = draw_finish(zlib.crc32(name.encode(), self._draw)) if self._finish == "batch" else Finish()
        if row:
            frames, _ = result_read(self._folder, row["key"], frames)
        if self._finish == "batch":
            edited = row["edited"] if row else ()  # nobody's name for controls of the whole picture
            faces = draw_faces(finish, scene) + matched(self._source.frames, frames, scene, edited)
        if carried:
            frames, _ = with_control(
                frames, Material(self._source.scene), recipe=carried["recipe"], severity=carried["severity"],
                schedule=carried["schedule"], seed=zlib.crc32(name.encode()),
            )  # fmt: skip
        with tempfile.TemporaryDirectory() as scratch:
            film = Path(scratch) / "side.mp4"
            write_video(finished(frames, finish, scene=scene, faces=faces), film, fps=self._source.fps)
            decoded = read_frames(film)
            return {
                "encoder": encoder_features(film, decoded),
                "borders": border_features(decoded, self._source.scene),
                "surroundings": surroundings_features(decoded, self._source.scene),
                "identity": distances(decoded, self._source, self._own, self._backend),
            }


def templates(source: Source, backend: Backend) -> list[Embeddings]:
    """Return what each person of a clip looks like, (1, D): the mean of some odd frames."""
    found = []
    for subject in source.scene.subjects:
        odd = [int(i) for i in np.flatnonzero(subject.seen > 0.5) if i % 2][::3]
        own, _ = look_at_all([source.frames[i] for i in odd], subject, odd, backend)
        found.append(backend.space.mean(own, np.ones(len(own), np.float32)))
    return found


def distances(decoded: Frames, source: Source, own: Sequence[Embeddings], backend: Backend) -> Features:
    """Return how like themselves the people's faces are in some even frames: worst person, mean, worst frame."""
    worst, mean = [], []
    for subject, template in zip(source.scene.subjects, own, strict=True):
        even = [int(i) for i in np.flatnonzero(subject.seen > 0.5) if i % 2 == 0][1::3]
        here, _ = look_at_all([decoded[i] for i in even], subject, even, backend)
        similarity = backend.space.similarity(here, template)[:, 0]
        worst.append(similarity.min())
        mean.append(similarity.mean())
    return np.array([np.min(mean), np.mean(mean), np.min(worst)])


def report(pairs: Sequence[Pair]) -> list[str]:
    """Return the tables, as lines of Markdown."""
    lines = ["| probe | accuracy | chance, 95 % | verdict |", "|---|---|---|---|"]
    right = {}
    for probe in PROBES:
        right[probe] = held_out(pairs, probe)
        low, high = chance(pairs, probe)
        accuracy = right[probe].mean()
        verdict = (
            "chance" if low <= accuracy <= high else "above chance" if accuracy > high else "below chance"
        )
        lines.append(f"| {probe} | {accuracy:.3f} | {low:.3f} to {high:.3f} | {verdict} |")
    lines += ["", "| severity | pairs | " + " | ".join(PROBES) + " |", "|---|---|" + "---|" * len(PROBES)]
    lines += _rows(pairs, right, [pair.severity for pair in pairs])
    lines += ["", "| recipe | pairs | " + " | ".join(PROBES) + " |", "|---|---|" + "---|" * len(PROBES)]
    lines += _rows(pairs, right, [pair.recipe for pair in pairs])
    lines += ["", "| better side | pairs | " + " | ".join(PROBES) + " |", "|---|---|" + "---|" * len(PROBES)]
    return lines + _rows(pairs, right, [pair.other for pair in pairs])


def _rows(
    pairs: Sequence[Pair], right: dict[str, NDArray[np.float64]], groups: Sequence[object]
) -> list[str]:
    lines = []
    for group in sorted(set(groups), key=str):
        here = np.array([each == group for each in groups])
        cells = " | ".join(f"{right[probe][here].mean():.2f}" for probe in PROBES)
        lines.append(f"| {group} | {here.sum()} | {cells} |")
    return lines


def held_out(pairs: Sequence[Pair], probe: str) -> NDArray[np.float64]:
    """Return for each pair whether the probe found the worse side, 1, 0, or 0.5 where it saw no difference.

    It never saw another pair of the clip's family.
    """
    return _answers(_splits(pairs, probe), np.ones(len(pairs)))


def chance(pairs: Sequence[Pair], probe: str, *, draws: int = DRAWS) -> tuple[float, float]:
    """Return the 95 % interval of a probe's accuracy if it were chance.

    Sides change places in all pairs of a clip together or in none of them, and the probe is trained anew: what it
    learns from one draw of the training clips is right or wrong for many held-out pairs at once.
    """
    clips = np.unique([pair.source for pair in pairs], return_inverse=True)[1]
    splits, rng = list(_splits(pairs, probe)), np.random.default_rng(0)
    found = [_answers(splits, rng.choice([-1.0, 1.0], clips.max() + 1)[clips]).mean() for _ in range(draws)]
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


Split = tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]
"""Which pairs are asked (N,), and what the regression sees of the others and of them."""


def _splits(pairs: Sequence[Pair], probe: str) -> Iterator[Split]:
    worse, better = (np.stack([getattr(pair, side)[probe] for pair in pairs]) for side in ("worse", "better"))
    folds = folds_of([pair.family for pair in pairs])
    for fold in range(FOLDS):
        test = folds == fold
        if test.any() and (~test).any():
            norms = norms_of(worse[~test], better[~test])
            yield test, terms(worse[~test], better[~test], norms), terms(worse[test], better[test], norms)


def _answers(splits: Iterable[Split], signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is right, 1, 0 or 0.5 a pair, where the sides of those of sign -1 have changed places."""
    right = np.full(len(signs), 0.5)
    for test, known, asked in splits:
        margin = (asked * signs[test, None]) @ fit(known * signs[~test, None])
        right[test] = np.where(np.abs(margin) < 1e-9, 0.5, margin > 0)
    return right


def folds_of(families: Sequence[str]) -> NDArray[np.intp]:
    """Return a fold for each pair: whole families, the largest first, each to the fold that has fewest."""
    sizes = {family: families.count(family) for family in set(families)}
    load, fold = np.zeros(FOLDS, int), {}
    for family in sorted(sizes, key=lambda f: (-sizes[f], f)):
        fold[family] = int(load.argmin())
        load[fold[family]] += sizes[family]
    return np.array([fold[family] for family in families])


@dataclass(frozen=True, eq=False)
class Norms:
    """Middle and spread of features over all sides, and how far the two sides of a pair are apart, (F,) each."""

    middle: Features
    spread: Features
    apart: Features


def norms_of(worse: NDArray[np.float64], better: NDArray[np.float64]) -> Norms:
    """Return the norms of features (N, F)."""
    both = np.concatenate([worse, better])
    apart = np.sqrt(np.square(worse - better).mean(axis=0))
    return Norms(both.mean(axis=0), both.std(axis=0) + 1e-9, apart + 1e-9)


def terms(worse: NDArray[np.float64], better: NDArray[np.float64], norms: Norms) -> NDArray[np.float64]:
    """Return what the regression sees of pairs (N, 2 F); it changes its sign when the sides change places."""
    squares = [((side - norms.middle) / norms.spread) ** 2 for side in (worse, better)]
    straight = np.clip((worse - better) / norms.apart, -4, 4)
    return np.concatenate([straight, np.clip(squares[0] - squares[1], -4, 4)], axis=1)


def fit(x: NDArray[np.float64], *, ridge: float = RIDGE) -> Features:
    """Return the weights of a logistic regression without a constant: which side is first means nothing."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        chances = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (1 - chances) - ridge * weights
        curve = (x * (chances * (1 - chances))[:, None]).T @ x + ridge * np.eye(x.shape[1])
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < 1e-6:
            break
    return weights


if __name__ == "__main__":
    raise SystemExit(main())
