"""One clip: find its faces unless that was done, say who is who, measure, cut strips, store."""

from __future__ import annotations

import hashlib
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files.storage import default_storage

from datasets.identity.analyse import analyse_clip
from datasets.identity.backends import Backend
from datasets.identity.cache import cache_path
from datasets.identity.errors import IdentityError, StoreError
from datasets.identity.matching import Matching, match_tracks
from datasets.identity.metrics.measure import ClipMetrics, PersonMetrics, measure
from datasets.identity.metrics.threshold import calibrated_threshold
from datasets.identity.settings import Settings
from datasets.identity.store import analysis_read, analysis_summary, analysis_write
from datasets.identity.tracks import Analysis, Track
from datasets.media.errors import MediaError
from datasets.models import Clip, ClipAnalysis
from datasets.services.analysis import (
    AnalysisFacts,
    Corrections,
    CorrectionsChanged,
    PersonFacts,
    TrackFacts,
    analysis_fail,
    analysis_store,
    corrections_of,
)
from datasets.services.media_files import content_name, file_put, local_copy

from .overlay import carried_over, overlay_json
from .people import Subjects, subjects_read
from .strips import clip_moments, strips_jpeg

TRACKS = "tracks"


def clip_tracks_find(*, clip: Clip, backend: Backend, again: bool = False) -> str:
    """Analyse a ready clip and store what was found; returns "" or the sentence why there are no tracks.

    What was found before with the same backend is read, not found anew, unless `again` is set; people are matched
    every time, since references and corrections may have changed. Safe to run again after a worker's death.
    """
    try:
        with (
            tempfile.TemporaryDirectory(prefix="likeness-tracks-") as scratch,
            local_copy(name=clip.playback_file, folder=Path(scratch)) as film,
        ):
            name = tracks_name(clip, backend)
            analysis = None if again else _stored(name, Path(scratch))
            if analysis is None:
                analysis = analyse_clip(film, backend)
                tracks_put(analysis, name)
            _match_and_store(clip, analysis, film, backend, name)
    except (MediaError, IdentityError) as error:
        analysis_fail(clip=clip, backend=backend.key, error=str(error))
        return str(error)
    except FileNotFoundError:
        sentence = "The playback copy is gone from the storage: prepare the clip again."
        analysis_fail(clip=clip, backend=backend.key, error=sentence)
        return sentence
    return ""


def _match_and_store(clip: Clip, analysis: Analysis, film: Path, backend: Backend, name: str) -> None:
    """Match, and match again for as long as a lead corrects meanwhile: nothing that was said is lost."""
    while True:
        with suppress(CorrectionsChanged):
            analysis_store(
                clip=clip,
                facts=_facts(clip, analysis, film, subjects_read(clip.subjects.all(), backend), name),
            )
            return


def tracks_name(clip: Clip, backend: Backend) -> str:
    """Return the storage's name of a clip's tracks: content, backend and settings decide it."""
    return cache_path(Path(TRACKS), clip.playback_sha256, backend, Settings()).as_posix()


def tracks_put(analysis: Analysis, name: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        analysis_write(analysis, file.name)
        file_put(name=name, source=Path(file.name))


def _stored(name: str, scratch: Path) -> Analysis | None:
    if not default_storage.exists(name):
        return None
    try:
        with local_copy(name=name, folder=scratch) as path:
            return analysis_read(path)
    except StoreError:
        return None


def _facts(clip: Clip, analysis: Analysis, film: Path, subjects: Subjects, name: str) -> AnalysisFacts:
    """Match, measure and cut, and return what the rows shall say."""
    before = corrections_of(clip)
    corrections = _corrections(clip, analysis, before)
    index = {person.pk: i for i, person in enumerate(subjects.rows)}
    said = {
        number: None if person is None else index[person]
        for number, (person, _) in corrections.items()
        if person is None or person in index
    }
    machine = match_tracks(analysis, subjects.known)
    matching = match_tracks(analysis, subjects.known, said) if said else machine
    metrics = measure(analysis, matching, subjects.known) if subjects.known else None
    moments = clip_moments(analysis.frames, analysis.fps)
    strips = strips_jpeg(film, analysis, _tracks_by_person(analysis, matching), moments)
    return AnalysisFacts(
        backend=analysis.backend,
        file=name,
        overlay_file=_put("overlays", overlay_json(analysis), ".json"),
        strips_file=_put("strips", strips, ".jpg") if strips else "",
        strip_frames=moments.frames,
        strip_step=moments.step,
        summary=analysis_summary(analysis),
        score=_finite(metrics.score) if metrics else None,
        face_sim=_finite(metrics.face_sim) if metrics else None,
        notes=[*(note.sentence for note in analysis.notes), *subjects.notes],
        tracks=[_track_facts(track, subjects, machine, matching) for track in analysis.tracks],
        people=_people_facts(analysis, subjects, matching, metrics),
        corrections=corrections,
        based_on=before,
    )


def _corrections(clip: Clip, analysis: Analysis, said: Corrections) -> Corrections:
    """Return what leads said of a clip's tracks, by number in this analysis."""
    before = ClipAnalysis.objects.filter(clip=clip).first()
    if before is None:
        return {}
    if not said or before.backend == analysis.backend:
        return {number: what for number, what in said.items() if number < len(analysis.tracks)}
    with default_storage.open(before.overlay_file, "rb") as file:
        return carried_over(json.load(file), analysis, said)


def _tracks_by_person(analysis: Analysis, matching: Matching) -> list[list[Track]]:
    return [
        [track for track in analysis.tracks if track.number in matching.tracks_of(i)]
        for i in range(len(matching.people))
    ]


def _track_facts(track: Track, subjects: Subjects, machine: Matching, matching: Matching) -> TrackFacts:
    by_machine, person = machine.person_of(track.number), matching.person_of(track.number)
    match = next((each for each in matching.matches if each.track == track.number), None)
    return TrackFacts(
        number=track.number,
        first=track.first,
        last=track.last,
        frames=len(track.frames),
        quality=round(float(track.quality.mean()), 4),
        still=track.still,
        machine_person_id=None if by_machine is None else subjects.rows[by_machine].pk,
        person_id=None if person is None else subjects.rows[person].pk,
        similarity=_finite(match.similarity) if match else None,
        margin=_finite(match.margin) if match else None,
        presumed=match.presumed if match else False,
    )


def _people_facts(
    analysis: Analysis, subjects: Subjects, matching: Matching, metrics: ClipMetrics | None
) -> list[PersonFacts]:
    return [
        PersonFacts(
            person_id=row.pk,
            similarity=_finite(person.similarity),
            coverage=_finite(person.coverage) or 0.0,
            numbers=person.numbers(),
            curve=_curve(person, matching, i),
            threshold=calibrated_threshold(subjects.known, i, analysis.space),
        )
        for i, (row, person) in enumerate(zip(subjects.rows, metrics.people if metrics else (), strict=True))
    ]


def _curve(person: PersonMetrics, matching: Matching, index: int) -> dict[str, Any]:
    """Return the samples over time as plain lists, good ones and poor ones."""
    samples = person.samples
    others = np.delete(samples.similarity, index, axis=1)
    swapped = {swap.frame for swap in matching.swaps if swap.person == index}
    return {
        "frames": samples.sample_frames.tolist(),
        "own": _rounded(samples.own),
        "other": _rounded(others.max(axis=1)) if others.shape[1] else [],
        "quality": _rounded(samples.quality),
        "swapped": [frame in swapped for frame in samples.sample_frames.tolist()],
        "spans": _spans(samples.frames),
    }


def _spans(frames: np.ndarray) -> list[list[int]]:
    """Return the runs of frames in which the face is seen, as [first, last]."""
    if not len(frames):
        return []
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    return [[int(run[0]), int(run[-1])] for run in runs]


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _put(folder: str, data: bytes, suffix: str) -> str:
    name = content_name(folder=folder, sha256=hashlib.sha256(data).hexdigest(), suffix=suffix)
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        file_put(name=name, source=Path(file.name))
    return name
