"""Faces as a worker recorded them, by person: what a reward model reads of clips without opening a film."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from config.lookups import Ids
from datasets.identity.errors import StoreError
from datasets.identity.store import analysis_read
from datasets.identity.tracks import Track
from datasets.models import AnalysisState, ClipAnalysis, FaceTrack, Reference
from datasets.services.media_files import local_copy


@dataclass(frozen=True, eq=False)
class RecordedFace:
    """One person's face through a clip: (N,) frames and quality, (S,) sample frames and (S, D) embeddings."""

    frames: NDArray[np.int32]
    quality: NDArray[np.float32]
    sample_frames: NDArray[np.int32]
    embeddings: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RecordedFaces:
    """The faces of a clip, by its people's ids, after leads' corrections."""

    clip: int
    frames: int
    backend: str
    people: Mapping[int, RecordedFace]


def recorded_faces(clips: Collection[int]) -> Iterator[RecordedFaces]:
    """Yield the recorded faces of these clips, of those that were analysed; what cannot be read is passed over."""
    analyses = ClipAnalysis.objects.filter(clip__among=Ids(clips), state=AnalysisState.READY)
    rows = list(analyses.order_by("clip").values_list("pk", "clip", "file"))
    numbers: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    named = FaceTrack.objects.filter(
        analysis__among=Ids([pk for pk, *_ in rows]), still=False, person__isnull=False
    )
    for pk, person, number in named.order_by("number").values_list("analysis", "person", "number"):
        assert person is not None
        numbers[pk][person].append(number)
    for pk, clip, file in rows:
        try:
            with tempfile.TemporaryDirectory() as folder, local_copy(name=file, folder=Path(folder)) as path:
                analysis = analysis_read(path)
        except (StoreError, OSError):
            continue
        tracks = {track.number: track for track in analysis.tracks}
        people = {
            person: face_joined([tracks[number] for number in own if number in tracks])
            for person, own in numbers[pk].items()
            if any(number in tracks for number in own)
        }
        yield RecordedFaces(clip, analysis.frames, analysis.backend, people)


def reference_embeddings(people: Collection[int], embedder: str) -> dict[int, NDArray[np.float32]]:
    """Return by person's id (R, D) embeddings of their references by an embedder, in order; without any, no entry."""
    found: dict[int, list[NDArray[np.float32]]] = defaultdict(list)
    rows = Reference.objects.filter(person__among=Ids(people), face__embedding__isnull=False)
    for person, backend, embedding in rows.order_by("person", "position", "pk").values_list(
        "person", "face__backend", "face__embedding"
    ):
        if embedding is not None and backend.rpartition("+")[2] == embedder:
            found[person].append(np.frombuffer(embedding, "<f4"))
    return {person: np.stack(own) for person, own in found.items()}


def face_joined(parts: Sequence[Track]) -> RecordedFace:
    """Return the tracks of one person as one: their frames in order, one of each."""
    frames = np.concatenate([part.frames for part in parts])
    samples = np.concatenate([part.sample_frames for part in parts])
    frame, sample = (np.unique(each, return_index=True)[1] for each in (frames, samples))
    return RecordedFace(
        frames[frame],
        np.concatenate([part.quality for part in parts])[frame],
        samples[sample],
        np.concatenate([part.embeddings for part in parts])[sample],
    )
