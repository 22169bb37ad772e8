"""Which side of published pairs a reward, the baselines and the identity metrics prefer: one row a judge.

    python -m benchmarks.reward_pairs SHARED --models DIR --rewards MODEL … [--release RELEASE] [--cache DIR]

SHARED holds `manifest.json`: pairs of films with references, and which side their publisher shows as better. Faces are
found by YuNet and embedded by MobileFaceNet; the rewards have to be trained on that embedder. `--release` is what the
logistic baseline is fitted on. The publisher's word is no vote, and a handful of pairs settles nothing: look at it,
conclude nothing.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from datasets.identity.backends import backend_load
from datasets.identity.backends.protocol import Backend
from datasets.identity.cache import analyse_cached
from datasets.identity.matching import match_tracks
from datasets.identity.metrics.measure import measure
from datasets.identity.references import person_read
from datasets.identity.tracks import Track
from training.reward.baselines import baselines
from training.reward.checks import usable
from training.reward.clips import Clip, clip_of
from training.reward.clips import Track as RewardTrack
from training.reward.config import Config, Data
from training.reward.corpus import corpus_read
from training.reward.model import RewardModel


@dataclass(frozen=True, eq=False)
class Film:
    """One side of a pair: as the reward sees it, and the numbers of the identity metrics."""

    clip: Clip
    metrics: Mapping[str, float]


def main() -> int:
    options = _options()
    print(machine(), flush=True)
    if options.shared is None:
        print("left out: it needs a folder of published pairs")
        return 0
    backend = backend_load("mobilefacenet", options.models)
    pairs = json.loads((options.shared / "manifest.json").read_text())["pairs"]
    with tempfile.TemporaryDirectory() as scratch:
        cache = options.cache or Path(scratch)
        films = {
            (pair["id"], side): _film(options.shared, pair, side, backend, cache)
            for pair in pairs
            for side in "ab"
        }
    judges: dict[str, Callable[[Film], float]] = {}
    for path in options.rewards:
        model = RewardModel.from_pretrained(path)
        model.require(backend.key)
        judges[f"reward {path.parent.name if path.name == 'model' else path.name}"] = _of_model(model)
    for name, judge in _baselines(options.release).items():
        judges[name] = lambda film, judge=judge: judge(film.clip)  # type: ignore[misc]
    for name in ("similarity", "worst", "margin", "score", "best pair"):
        judges[f"metric: {name}"] = lambda film, name=name: film.metrics[name]  # type: ignore[misc]
    print("\n".join(table(pairs, films, judges)))
    return 0


def table(
    pairs: Sequence[dict[str, Any]],
    films: Mapping[tuple[str, str], Film],
    judges: Mapping[str, Callable[[Film], float]],
) -> list[str]:
    """Return a row a judge: how many published sides it prefers, and for each pair which side, + the published one."""
    names = " | ".join(pair["id"] for pair in pairs)
    lines = [f"| | published side | {names} |", "|---" * (len(pairs) + 2) + "|"]
    for name, judge in judges.items():
        marks, right, of = [], 0, 0
        for pair in pairs:
            difference = judge(films[pair["id"], "a"]) - judge(films[pair["id"], "b"])
            picked = "a" if difference > 0 else "b"
            better = pair["published_better"]
            if better in ("a", "b"):
                of += 1
                right += picked == better
                marks.append("+" if picked == better else "−")
            else:
                marks.append(f"({picked})")
        lines.append(f"| {name} | {right} of {of} | {' | '.join(marks)} |")
    return lines


def _of_model(model: RewardModel) -> Callable[[Film], float]:
    return lambda film: float(model.score_clips([film.clip]).reward[0])


def _baselines(release: Path | None) -> dict[str, Callable[[Clip], float]]:
    if release is None:
        return baselines([], [])
    corpus = corpus_read(release, Data(), verify=False)
    return baselines(corpus.clips, usable(corpus, Config(), "train"))


def _film(shared: Path, pair: dict[str, Any], side: str, backend: Backend, cache: Path) -> Film:
    people = [
        person_read(name, [shared / path for path in pair["refs"] if Path(path).parent.name == name], backend)
        for name in pair["identities"]
    ]
    analysis = analyse_cached(shared / pair[side], backend, cache)
    matching = match_tracks(analysis, people)
    found = measure(analysis, matching, people)
    tracks = {track.number: track for track in analysis.tracks}
    clip = clip_of(
        f"{pair['id']} {side}",
        analysis.frames,
        [person.name for person in people],
        [person.embeddings for person in people],
        [track_of([tracks[number] for number in matching.tracks_of(place)]) for place in range(len(people))],
        steps=Data().steps,
    )
    return Film(
        clip,
        {
            "similarity": float(np.nanmean([_or(person.similarity) for person in found.people])),
            "worst": float(np.nanmin([_or(person.similarity) for person in found.people])),
            "margin": float(np.nanmean([_or(person.margin) for person in found.people])),
            "score": _or(found.score),
            "best pair": _or(found.face_sim),
        },
    )


def _or(value: float | None) -> float:
    """A missing number counts 0; so does the margin of somebody who is alone."""
    return 0.0 if value is None or not np.isfinite(value) else float(value)


def track_of(parts: Sequence[Track]) -> RewardTrack | None:
    """Return the tracks of one person as one, or nothing where there is none."""
    if not parts:
        return None
    frames, first = np.unique(np.concatenate([part.frames for part in parts]), return_index=True)
    samples, sample = np.unique(np.concatenate([part.sample_frames for part in parts]), return_index=True)
    return RewardTrack(
        frames,
        np.concatenate([part.quality for part in parts])[first],
        samples,
        np.concatenate([part.embeddings for part in parts])[sample],
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shared", type=Path, nargs="?")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--rewards", type=Path, nargs="*", default=[])
    parser.add_argument("--release", type=Path)
    parser.add_argument("--cache", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
