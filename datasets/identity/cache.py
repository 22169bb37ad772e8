"""Analyses by content: the same bytes, backend and settings are analysed once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from datasets.identity.analyse import analyse_clip
from datasets.identity.backends.protocol import Backend
from datasets.identity.errors import StoreError
from datasets.identity.settings import Settings
from datasets.identity.store import SCHEMA, analysis_read, analysis_write
from datasets.identity.tracks import Analysis
from datasets.media.limits import DEFAULT_LIMITS, Limits

VERSION = 1
"""Raised when the same clip would give other tracks for a reason that no other key names."""


def cache_path(folder: Path, sha256: str, backend: Backend, settings: Settings) -> Path:
    """Return where the analysis of a clip's content lies."""
    pace = (backend.detector.rate, backend.detector.side, backend.embedder.rate)
    key = f"{VERSION}/{SCHEMA}/{backend.key}/{pace}/{settings.key}"
    how = hashlib.sha256(key.encode()).hexdigest()[:16]
    return folder / sha256[:2] / f"{sha256}-{how}.npz"


def analyse_cached(
    path: str | os.PathLike[str],
    backend: Backend,
    folder: str | os.PathLike[str],
    *,
    sha256: str = "",
    settings: Settings | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Analysis:
    """Return the stored analysis of a clip, or make and store it. A damaged file is made anew.

    Args:
        path: The clip.
        backend: Detector and embedder.
        folder: Of the stored analyses.
        sha256: Of the clip, if the caller has it; else the clip is read for it.
        settings: How to analyse.
        limits: Bounds on the source.

    Raises:
        MediaError: the clip cannot be read.
    """
    settings = settings or Settings()
    target = cache_path(Path(folder), sha256 or content_hash(path), backend, settings)
    if target.is_file():
        try:
            return analysis_read(target)
        except StoreError:
            target.unlink(missing_ok=True)
    analysis = analyse_clip(path, backend, settings=settings, limits=limits)
    analysis_write(analysis, target)
    return analysis


def content_hash(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
