"""Many clips at once: one process a core, each with its own models, one clip at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.identity.backends import Backend, backend_load
from datasets.identity.cache import analyse_cached
from datasets.identity.errors import IdentityError
from datasets.identity.settings import Settings
from datasets.identity.store import analysis_summary
from datasets.media.errors import MediaError
from datasets.media.orphans import end_with_parent


@dataclass(frozen=True)
class Outcome:
    """What came of one clip: a summary, or a sentence that says why there is none."""

    path: Path
    summary: dict[str, Any] | None
    error: str = ""


_backend: Backend | None = None
_settings = Settings()


def analyse_many(
    paths: Sequence[str | os.PathLike[str]],
    *,
    backend: str,
    cache: str | os.PathLike[str],
    models: Path | None = None,
    settings: Settings | None = None,
    processes: int = 0,
) -> Iterator[Outcome]:
    """Analyse clips in a pool of processes and yield what came of each, in the order in which they are done.

    Stored analyses are used and made (`cache`). A clip that cannot be read is an outcome, not an error. Stop asking
    for more to stop the pool after the clips that are being worked on.

    Args:
        paths: The clips.
        backend: As for `backend_load`; each process loads it once.
        cache: Folder of the stored analyses.
        models: Folder of the model files.
        settings: How to analyse; by default one thread a process.
        processes: How many; all cores by default.

    Raises:
        ModelError: the backend cannot be loaded (found out before any process starts).
    """
    backend_load(backend, models)
    settings = settings or Settings(threads=1)
    count = min(processes or os.cpu_count() or 1, max(len(paths), 1))
    # Forking a process that has threads and models open is not safe.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_prepare, initargs=(backend, models, settings))
    try:
        jobs = {pool.submit(_analyse, str(path), str(cache)): Path(path) for path in paths}
        for job in as_completed(jobs):
            try:
                summary, error = job.result()
            except BrokenProcessPool:
                summary, error = None, "The process that analysed this clip died: is there enough memory?"
            yield Outcome(jobs[job], summary, error)
    finally:
        pool.shutdown(cancel_futures=True)


def _prepare(backend: str, models: Path | None, settings: Settings) -> None:
    global _backend, _settings
    end_with_parent()
    _backend, _settings = backend_load(backend, models), settings


def _analyse(path: str, cache: str) -> tuple[dict[str, Any] | None, str]:
    """Return a summary or a sentence; not every error finds its way from process to process."""
    assert _backend is not None, "the initializer has run"
    try:
        return analysis_summary(analyse_cached(path, _backend, cache, settings=_settings)), ""
    except (MediaError, IdentityError) as error:
        return None, str(error)
