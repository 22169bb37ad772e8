"""The face backend of this installation, loaded once a process."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import structlog
from django.conf import settings

from datasets.identity.backends import Backend, backend_choose, backend_load

log = structlog.get_logger(__name__)


def site_backend(name: str = "") -> Backend:
    """Return a backend by name; by default LIKENESS_FACE_BACKEND, or else the best that works here.

    Raises:
        IdentityError: there is no such backend, or its files are missing.
    """
    return _loaded(name or settings.FACE_BACKEND, settings.FACE_MODELS)


@lru_cache(maxsize=2)
def _loaded(name: str, models: Path) -> Backend:
    if name:
        return backend_load(name, models)
    backend, note = backend_choose(models)
    if note:
        log.warning("face_backend_is_the_fallback", note=note)
    return backend
