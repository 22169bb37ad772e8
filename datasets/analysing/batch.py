"""The jobs: one clip, many clips, one person's references."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q

from config.jobs.runner import JobRefused, JobRun
from config.lookups import Ids
from datasets.identity.backends import Backend
from datasets.identity.cache import cache_path
from datasets.identity.errors import IdentityError
from datasets.identity.pool import analyse_many
from datasets.identity.settings import Settings
from datasets.models import Clip, ClipAnalysis, ClipState, Person
from datasets.services.analysis import clips_analyse_later
from datasets.services.media_files import file_put, local_copy

from . import people
from .backend import site_backend
from .clip import clip_tracks_find, tracks_name
from .resembling import resemblances_refresh

CHUNK = 100
"""Clips of a batch that are on this machine at once when the storage is a bucket."""
ERRORS_SHOWN = 200
FEW = 3
"""So many clips are done before a pool of processes has loaded its models."""


def clip_analyse(*, run: JobRun) -> None:
    """Analyse one clip; deleted or not ready any more, there is nothing to do."""
    clip = Clip.objects.filter(pk=run.params["clip"], state=ClipState.READY).first()
    if clip is not None:
        backend = _backend("")
        error = clip_tracks_find(clip=clip, backend=backend)
        run.result = {"error": error} if error else {}
        resemblances_refresh(backend)
    run.progress(1, 1)


def person_examine(*, run: JobRun) -> None:
    """Look at a person's references, and match their clips anew."""
    person = Person.objects.filter(pk=run.params["person"]).first()
    if person is not None:
        backend = _backend("")
        people.person_examine(person=person, backend=backend)
        resemblances_refresh(backend)
        analysed = Clip.objects.filter(subjects=person, analysis__isnull=False)
        clips_analyse_later(clip_ids=analysed.values_list("pk", flat=True))
    run.progress(1, 1)


def clips_analyse(*, run: JobRun) -> None:
    """Analyse the clips of a batch, as many at once as there are cores.

    What is done stays done: cancelled or killed, the job goes on where it was. The result counts and lists the clips
    without tracks, each with its sentence, as they come.
    """
    ids: list[int] = run.params["clips"]
    backend = _backend(run.params["backend"])
    try:
        _go_through(run, backend)
    finally:
        run.result = _outcome(ids)
    run.progress(len(ids), len(ids))


def _go_through(run: JobRun, backend: Backend) -> None:
    ids: list[int] = run.params["clips"]
    total, left = len(ids), _left(run, backend)
    done = total - len(left)
    run.result = _outcome(ids)
    run.progress(done, total, "Starting")
    for start in range(0, len(left), CHUNK):
        clips = list(Clip.objects.filter(pk__in=left[start : start + CHUNK]).order_by("pk"))
        for clip, anew in _analysed(clips, backend, again=run.params["again"]):
            error = clip_tracks_find(clip=clip, backend=backend, again=anew)
            done += 1
            if error or any(clip.pk == listed["clip"] for listed in run.result["errors"]):
                run.result = _outcome(ids)
            run.progress(done, total, clip.source_name)
            run.give_way()
    resemblances_refresh(backend)


def _outcome(ids: list[int]) -> dict[str, Any]:
    """Return what has come of a batch so far: a batch that is cancelled says it too."""
    found = ClipAnalysis.objects.filter(clip__among=Ids(ids))
    failed = found.exclude(error="").select_related("clip").order_by("clip")
    return {
        "analysed": found.filter(error="").count(),
        "failed": failed.count(),
        "errors": [
            {"clip": row.clip_id, "name": row.clip.source_name, "error": row.error}
            for row in failed[:ERRORS_SHOWN]
        ],
    }


def _backend(name: str) -> Backend:
    try:
        return site_backend(name)
    except IdentityError as error:
        raise JobRefused(str(error)) from None


def _left(run: JobRun, backend: Backend) -> list[int]:
    """Return the clips that this batch has not done: asked to begin again, by an earlier attempt of it at most."""
    done = Q(analysis__backend=backend.key, analysis__error="")
    if run.params["again"]:
        done &= Q(analysis__analysed_at__gte=run.job.created_at)
    ready = Clip.objects.filter(pk__among=Ids(run.params["clips"]), state=ClipState.READY)
    return list(ready.exclude(done).order_by("pk").values_list("pk", flat=True))


def _analysed(clips: Sequence[Clip], backend: Backend, *, again: bool) -> Iterator[tuple[Clip, bool]]:
    """Yield clips as their tracks come to lie in the storage, and whether they are still to be found."""
    new = [clip for clip in clips if again or not default_storage.exists(tracks_name(clip, backend))]
    yield from ((clip, False) for clip in clips if clip not in new)
    if len({clip.playback_file for clip in new}) <= FEW:
        yield from ((clip, True) for clip in new)
        return
    with tempfile.TemporaryDirectory(prefix="likeness-tracks-") as scratch, ExitStack() as copies:
        films: dict[Path, list[Clip]] = {}  # clips may share a playback copy
        for clip in new:
            try:
                film = copies.enter_context(local_copy(name=clip.playback_file, folder=Path(scratch)))
            except FileNotFoundError:
                yield clip, True
            else:
                films.setdefault(film, []).append(clip)
        outcomes = analyse_many(list(films), backend=backend.name, cache=scratch, models=settings.FACE_MODELS)
        for outcome in outcomes:
            first, *_ = shared = films[outcome.path]
            if outcome.summary is not None:
                made = cache_path(Path(scratch), first.playback_sha256, backend, Settings())
                file_put(name=tracks_name(first, backend), source=made)
            yield from ((clip, outcome.summary is None) for clip in shared)
