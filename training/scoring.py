"""A worker's side of scores: a trained reward model judges the library's pairs from what was recorded of faces."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from config.accounts.models import User
from config.lookups import Ids
from datasets.models import ClipState, ClipSubject, Pair, Scorer
from datasets.selectors.recorded_faces import RecordedFaces, recorded_faces, reference_embeddings
from datasets.services.scores import NewScore, scorer_put, scores_put
from training.reward.clips import Track
from training.reward.corpus import embedder_of
from training.reward.model import WEIGHTS, FaceTracks, RewardModel

CHUNK = 200
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scored:
    """What came of it: the model as it is known now, pairs that got a score, and why others got none."""

    scorer: Scorer
    pairs: int
    left_out: tuple[str, ...]


def pairs_score(
    *, model: Path, name: str = "", created_by: User | None = None, on_progress: OnProgress | None = None
) -> Scored:
    """Judge every playable pair of the library whose clips show the same people, and write the scores.

    Run again, it writes over what the same weights said: faces may have been corrected since.

    Raises:
        BadModel: the folder holds no model that can be used.
    """
    reward = RewardModel.from_pretrained(model)
    scorer = scorer_put(
        name=name or _name_of(model),
        sha256=hashlib.sha256((model / WEIGHTS).read_bytes()).hexdigest(),
        backend=reward.backend,
        origins=list(reward.about.get("origins", [])),
        created_by=created_by,
    )
    pairs = Pair.objects.filter(clip_a__state=ClipState.READY, clip_b__state=ClipState.READY)
    sides = dict(pairs.order_by("pk").values_list("pk", "clip_a")), dict(pairs.values_list("pk", "clip_b"))
    clips = sorted({*sides[0].values(), *sides[1].values()})
    casts = _casts(clips)
    rewards: dict[int, float] = {}
    for done, chunk in _chunks(clips):
        rewards |= _rewards(reward, chunk, casts)
        if on_progress is not None:
            on_progress(min(done + len(chunk), len(clips)), len(clips))
    left_out: Counter[str] = Counter()
    written = 0
    for _, chunk in _chunks(list(sides[0])):
        scores = []
        for pair in chunk:
            a, b = sides[0][pair], sides[1][pair]
            if casts.get(a) != casts.get(b):
                left_out["pairs have no score: their clips show different people"] += 1
            elif a not in rewards or b not in rewards:
                left_out[
                    "pairs have no score: a clip was not analysed by this model's face model, or nobody is named"
                ] += 1
            else:
                scores.append(_score(reward, pair, rewards[a], rewards[b]))
        written += scores_put(scorer=scorer, scores=scores)
    return Scored(scorer, written, tuple(f"{count:,} {what}." for what, count in sorted(left_out.items())))


def _name_of(model: Path) -> str:
    """A run keeps its model in a folder of that name: the run's is the telling one."""
    folder = model.resolve()
    return folder.parent.name if folder.name == "model" else folder.name


def _score(reward: RewardModel, pair: int, a: float, b: float) -> NewScore:
    better, tie, worse = reward.calibration.probabilities(np.array(a - b)).tolist()
    return NewScore(pair=pair, reward_a=a, reward_b=b, prob_a=better, prob_tie=tie, prob_b=worse)


def _casts(clips: list[int]) -> dict[int, frozenset[int]]:
    """By clip, who should be seen in it."""
    people: dict[int, set[int]] = defaultdict(set)
    for _, chunk in _chunks(clips):
        rows = ClipSubject.objects.filter(clip__among=Ids(chunk)).order_by()
        for clip, person in rows.values_list("clip", "person"):
            people[clip].add(person)
    return {clip: frozenset(own) for clip, own in people.items()}


def _rewards(reward: RewardModel, clips: list[int], casts: Mapping[int, frozenset[int]]) -> dict[int, float]:
    """By clip its reward, of those that can be judged."""
    people = {person for clip in clips for person in casts.get(clip, ())}
    references = reference_embeddings(people, embedder_of(reward.backend))
    ready = [
        faces
        for faces in recorded_faces(clips)
        if embedder_of(faces.backend) == embedder_of(reward.backend)
        and casts.get(faces.clip)
        and casts[faces.clip] <= references.keys()
    ]
    if not ready:
        return {}
    scores = reward.score(
        [_tracks(faces) for faces in ready],
        [{str(person): references[person] for person in casts[faces.clip]} for faces in ready],
    )
    return {faces.clip: float(value) for faces, value in zip(ready, scores.reward, strict=True)}


def _tracks(faces: RecordedFaces) -> FaceTracks:
    tracks = {
        str(person): Track(face.frames, face.quality, face.sample_frames, face.embeddings)
        for person, face in faces.people.items()
    }
    return FaceTracks(str(faces.clip), faces.frames, tracks, faces.backend)


def _chunks(values: list[int]) -> Iterator[tuple[int, list[int]]]:
    for start in range(0, len(values), CHUNK):
        yield start, values[start : start + CHUNK]
