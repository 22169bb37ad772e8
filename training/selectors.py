"""Reads that are more than a get."""

from __future__ import annotations

from pathlib import Path

from datasets.models import Release, ReleaseState


def release_folder(text: str) -> Path | None:
    """Return the folder of a release: given its folder, its name (the newest version) or `name@version`."""
    if Path(text).is_dir():
        return Path(text)
    name, _, version = text.partition("@")
    found = Release.objects.filter(name=name, state=ReleaseState.FROZEN).order_by("-version")
    if version:
        found = found.filter(version=int(version)) if version.isdigit() else found.none()
    release = found.first()
    return Path(release.folder) if release else None
