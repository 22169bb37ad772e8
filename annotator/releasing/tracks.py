"""The identity tracks of a release: where each person's face is in each clip, and what it looks like to the model."""

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
from django.db.models import Exists, OuterRef

from config.lookups import Ids
from datasets.identity.errors import StoreError
from datasets.identity.store import analysis_read
from datasets.identity.tracks import Track
from datasets.models import AnalysisState, ClipAnalysis, FaceTrack, IdentityTrack, TrackCorrection
from datasets.releases.errors import ReleaseError
from datasets.releases.schema import Row
from datasets.services.media_files import local_copy

from .evidence import chunked

# The arrays of so many clips' tracks are small beside what else an export holds.
CHUNK = 100


def track_rows(
    clips: Collection[int], *, people: Collection[int], copies_shared: Collection[str]
) -> Iterator[Row]:
    """A row for each person of `people` who was found in a clip of `clips`, by what leads say of the faces last.

    Faces of nobody in particular, of people who are not in the release, and pictures in the picture are left out.
    Of clips that share a playback copy, the first one that was analysed speaks for it.
    """
    told: set[str] = set()
    for chunk in chunked(sorted(clips), CHUNK):
        analyses = (
            ClipAnalysis.objects.filter(clip__among=Ids(chunk), state=AnalysisState.READY)
            .order_by("clip")
            .values_list("pk", "clip__playback_sha256", "file")
        )
        numbers = _numbers_by_person([pk for pk, _, _ in analyses], people)
        seen = _seen([pk for pk, _, _ in analyses])
        for pk, sha256, file in analyses:
            if sha256 in told:
                continue
            if sha256 in copies_shared:
                told.add(sha256)
            if numbers[pk]:
                yield from _rows_of_clip(sha256, file, numbers[pk], seen[pk])


Numbers = dict[str, list[tuple[int, bool]]]
"""By a person's key the numbers of their tracks, each with whether a lead said so."""
Seen = dict[str, tuple[float | None, float | None, float | None]]
"""By a person's key similarity, threshold and coverage."""


def _numbers_by_person(analyses: Sequence[int], people: Collection[int]) -> dict[int, Numbers]:
    numbers: dict[int, Numbers] = defaultdict(lambda: defaultdict(list))
    said = Exists(TrackCorrection.objects.filter(track=OuterRef("pk")))
    rows = FaceTrack.objects.filter(analysis__among=Ids(analyses), still=False, person__isnull=False)
    for analysis, person, key, number, corrected in (
        rows.annotate(said=said)
        .order_by("analysis", "number")
        .values_list("analysis", "person", "person__key", "number", "said")
    ):
        if person in people:
            numbers[analysis][key].append((number, corrected))
    return numbers


def _seen(analyses: Sequence[int]) -> dict[int, Seen]:
    seen: dict[int, Seen] = defaultdict(dict)
    rows = IdentityTrack.objects.filter(analysis__among=Ids(analyses))
    for analysis, key, *figures in rows.values_list(
        "analysis", "person__key", "similarity", "threshold", "coverage"
    ):
        similarity, threshold, coverage = figures
        seen[analysis][key] = (similarity, threshold, coverage)
    return seen


def _rows_of_clip(sha256: str, file: str, numbers: Numbers, seen: Seen) -> Iterator[Row]:
    try:
        with tempfile.TemporaryDirectory() as folder, local_copy(name=file, folder=Path(folder)) as path:
            analysis = analysis_read(path)
    except (StoreError, OSError) as error:
        raise ReleaseError(
            f"The faces of the clip {sha256[:12]}… cannot be read: {error} Or release without tracks."
        ) from error
    tracks = {track.number: track for track in analysis.tracks}
    for person, own in sorted(numbers.items()):
        parts = [tracks[number] for number, _ in own if number in tracks]
        if parts:
            similarity, threshold, coverage = seen.get(person, (None, None, None))
            yield {
                "track_id": f"{sha256}-{person}",
                "clip": sha256,
                "person_id": person,
                "backend": analysis.backend,
                "corrected": any(corrected for _, corrected in own),
                "similarity": similarity,
                "threshold": threshold,
                "coverage": coverage,
                **_arrays(parts),
            }


def _arrays(parts: Sequence[Track]) -> Row:
    """The tracks of one person as one: their frames in order, one box each."""
    frames = np.concatenate([part.frames for part in parts])
    samples = np.concatenate([part.sample_frames for part in parts])
    frame, sample = (np.unique(each, return_index=True)[1] for each in (frames, samples))
    return {
        "frames": frames[frame].tolist(),
        "boxes": np.concatenate([part.boxes for part in parts])[frame].tolist(),
        "quality": np.concatenate([part.quality for part in parts])[frame].tolist(),
        "sample_frames": samples[sample].tolist(),
        "embeddings": np.concatenate([part.embeddings for part in parts])[sample].tolist(),
    }
